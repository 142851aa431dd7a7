"""What could be sent in the place of a rejected part: its own bytes again, or a mended message. Pure.

Unmended, what a worker or the store refused keeps its number and its seal: the same record is published once more. What
is mended, and what an adapter refused (its parts are made anew), is a new message of the replay adapter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from infra.workbench.filters import millis
from infra.workbench.originals import Message, Original, Unopened
from producers.adapter import Dialect, Feed, Incoming, Parsed, Refusal, Replay
from producers.replay import Again, Retranslator, feed_of, reopened, replay_of
from producers.replay_mend import NOTHING, Mend
from runtime.keyring import Keyring
from schemas.numbers import MOST_REPLAYS, PartNumber
from stream_processors.receive import Rejected, Source, receive

ANY_SIZE: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Republish:
    """The same record again, under its own number."""

    row: Mapping[str, Any] = field(repr=False)
    source: Source


@dataclass(frozen=True, slots=True)
class Resend:
    """A new message of the replay adapter. `used` are the rules of the file that changed it."""

    row: Mapping[str, Any] = field(repr=False)
    feed: Feed
    again: Again = field(repr=False)
    replay: Replay
    raw: bytes = field(repr=False)

    def incoming(self) -> Incoming:
        """For the outbox. What it was translated to makes a retransmission: the same again gets no second number."""
        return Incoming(
            self.feed,
            self.again.parsed,
            self.raw,
            ("replay", self.replay.of, _said(self.again)),
            millis(self.row["captured_at"]),
            self.replay,
        )


@dataclass(frozen=True, slots=True)
class Unable:
    """Nothing can be sent; `why` is one of `originals.Unopened`'s, `too_often`, `no_feed`, or the worker's own reason."""

    row: Mapping[str, Any] = field(repr=False)
    why: str


Candidate = Republish | Resend | Unable
FeedOf = Callable[[Mapping[str, Any]], tuple[Dialect, Feed] | None]
"""The dialect and the configured feed of a rejection, or None where nothing is known of it."""


def _said(again: Again) -> str:
    """All that it says; the outbox keeps a keyed hash of it only."""
    return orjson.dumps(again.translation.outcomes, default=lambda _: None, option=orjson.OPT_NON_STR_KEYS).decode()


class Maker:
    """Rows in the order in which they were taken -> candidates. `corrected` replaces the original of every row."""

    def __init__(self, keyring: Keyring, feeds: FeedOf, mend: Mend, retranslate: Retranslator) -> None:
        self._keyring, self._feeds, self._mend, self._retranslate = keyring, feeds, mend, retranslate

    def __call__(self, row: Mapping[str, Any], original: Original) -> Candidate:
        if row["replay_count"] >= MOST_REPLAYS:
            return Unable(row, "too_often")
        if isinstance(original, Unopened):
            return Unable(row, original.why)
        if isinstance(original, Message):
            return self._message(row, original.raw)
        if self._mend is NOTHING:
            return Republish(row, original)
        return self._document(row, original)

    def corrected(self, row: Mapping[str, Any], raw: bytes, parsed: Parsed | Refusal) -> Candidate:
        """A message that a person has corrected stands for the original, whatever that was."""
        found = self._feeds(row)
        if found is None:
            return Unable(row, "no_feed")
        if row["replay_count"] >= MOST_REPLAYS:
            return Unable(row, "too_often")
        dialect, feed = found
        part = number_of(row)
        again = self._retranslate.read(dialect.translator, feed, parsed, part, _kind(row))
        return Resend(row, feed_of(feed), again, replay_of(part, row["replay_count"]), raw)

    def _message(self, row: Mapping[str, Any], raw: bytes) -> Candidate:
        found = self._feeds(row)
        if found is None:
            return Unable(row, "no_feed")
        dialect, feed = found
        part = number_of(row)
        again = self._retranslate(dialect.translator, feed, raw, part, _kind(row))
        return Resend(row, feed_of(feed), again, replay_of(part, row["replay_count"]), self._mend.bytes_of(raw))

    def _document(self, row: Mapping[str, Any], source: Source) -> Candidate:
        """Only what opens at the worker's own door is mended: nothing forged is sealed anew."""
        opened = receive(source, self._keyring, ANY_SIZE)
        if isinstance(opened, Rejected):
            return Unable(row, opened.reason)
        feed, again, replay = reopened(opened.event, opened.identity, opened.narrative, row["replay_count"], self._mend)
        return Resend(row, feed, again, replay, source.value or b"")


def number_of(row: Mapping[str, Any]) -> PartNumber:
    return PartNumber(row["adapter_id"], row["incarnation"], int(row["sequence"]), int(row["part"]))


def _kind(row: Mapping[str, Any]) -> str | None:
    """The kind that alone is to be told again: where a message of several parts was refused in part."""
    return row["kind"] or None if row["parts"] > 1 else None
