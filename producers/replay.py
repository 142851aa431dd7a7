"""What was rejected, told again: from a source's own bytes, or from a document that a worker refused. Pure.

A mended replay is a new message of the adapter `replay.FACILITY`, with numbers of its own and sealed by the replay key.
It keeps source, capture time and version of what it mends and names it, so that it stands where that would have stood:
what the hospital has said since wins over it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from producers import total
from producers.adapter import Document, Feed, Link, Outcome, Parsed, Refusal, Replay, State, Translation, Translator
from producers.event import Keys
from producers.replay_mend import Mend
from runtime.keyring import Keyring
from schemas.header import HEADER
from schemas.numbers import REPLAY, PartNumber, replay_adapter

_HEADER: Final = frozenset(field.name for field in HEADER)
_DOCUMENTS_OWN: Final = ("status", "partial", "occurred_at", "recorded_at", "sensitivity")
_KEPT: Final = (
    "document_id", "version", "source_message_id", "patient_key", "visit_key", "purpose", "legal_basis", "rows_read",
    "rows_used", "rows_unmapped",
)  # fmt: skip
"""What stands as it was said where a document that was already written is mended."""


class Told:
    """The translator of what is told already: `content` is the translation. The outbox asks it for every dialect."""

    def parse(self, _raw: bytes, _feed: Feed) -> Parsed | Refusal:
        return Refusal("unforeseen", "", "a replay is translated before it is taken")

    def translate(self, _state: State | None, parsed: Parsed, _feed: Feed) -> Translation:
        made: Translation = parsed.content
        return made


TOLD: Final = Told()


def keys(keyring: Keyring, facility: str) -> Keys:
    """What a replay of a facility writes with: the replay adapter's seal, the facility's own pseudonyms, so that its
    documents, patients and visits stay the same. KeyringError where one is not there."""
    return Keys(keyring.sealing(REPLAY), keyring.pseudonym_key(facility))


def feed_of(feed: Feed) -> Feed:
    """The feed that tells it again: the source is the same, the adapter is not."""
    return replace(feed, adapter_id=replay_adapter(feed.facility), desk=None)


@dataclass(frozen=True, slots=True)
class Again:
    """A translation to be told again, and how often each rule of the file changed a document of it."""

    parsed: Parsed
    used: tuple[int, ...] = ()

    @property
    def translation(self) -> Translation:
        made: Translation = self.parsed.content
        return made


class Retranslator:
    """The dialect's translator over messages that are told again, one facility's sources after another.

    What a message says is folded into what was told before it *here*: what the hospital's own adapter remembers is not
    at hand, and a dialect that needs it calls its document `partial`.
    """

    def __init__(self, mend: Mend, failed: Callable[[Exception], None]) -> None:
        self._mend, self._failed = mend, failed
        self._states: dict[tuple[str, str, str], bytes] = {}

    def __call__(self, translator: Translator, feed: Feed, raw: bytes, part: PartNumber, kind: str | None) -> Again:
        """`kind` is that of the refused part where it is known: the message's other parts have been told, and are not
        told again."""
        parsed = total.attempt(lambda: translator.parse(self._mend.bytes_of(raw), feed), None, self._failed)
        return self.read(translator, feed, parsed, part, kind)

    def read(
        self, translator: Translator, feed: Feed, parsed: Parsed | Refusal, part: PartNumber, kind: str | None
    ) -> Again:
        """The same for what is parsed already."""
        if isinstance(parsed, Refusal):
            return Again(_parsed(str(part), Translation((parsed,))))
        about = (feed.facility, feed.source_system, parsed.state_key or "")
        before = self._states.get(about) if parsed.state_key else None
        made, state = total.translate(translator, before, parsed, feed, self._failed)
        if parsed.state_key and state is not None:
            self._states[about] = state
        chosen = [each for each in made.outcomes if kind is None or _is_of(each, kind)]
        mended, used = mend_all(chosen, self._mend)
        return Again(_parsed(parsed.message_id, replace(made, outcomes=mended, state=None)), used)


def _is_of(outcome: Outcome, kind: str) -> bool:
    return not isinstance(outcome, Link) and outcome.kind in (kind, None)


def mend_all(outcomes: Sequence[Outcome], mend: Mend) -> tuple[tuple[Outcome, ...], tuple[int, ...]]:
    """The outcomes, documents mended; and which rules changed one, as often as they did."""
    made: list[Outcome] = []
    used: list[int] = []
    for outcome in outcomes:
        if isinstance(outcome, Document):
            outcome, changed = mend.document(outcome)
            used += changed
        made.append(outcome)
    return tuple(made), tuple(used)


def _parsed(message_id: str, translation: Translation) -> Parsed:
    return Parsed(message_id, None, translation)


def replay_of(part: PartNumber, before: int) -> Replay:
    """Of a source's own message that has been replayed `before` times."""
    return Replay(str(part), before + 1, part.sequence)


def reopened(
    event: Mapping[str, Any], identity: Mapping[str, str | None], narrative: Mapping[str, str], before: int, mend: Mend
) -> tuple[Feed, Again, Replay]:
    """A document that was written once, mended: its feed, what to tell, and what it keeps. `event` is the header and
    body as they were decoded."""
    part = PartNumber(event["adapter_id"], event["incarnation"], event["sequence"], event["part"])
    document = Document(
        event["kind"],
        natural_key=(str(part),),  # never used: the document keeps its id
        body={name: value for name, value in event.items() if name not in _HEADER},
        identity=dict(identity),
        narrative=dict(narrative),
        marks=tuple(event["marks"]),
        **{name: event[name] for name in _DOCUMENTS_OWN},
    )
    outcomes, used = mend_all((document,), mend)
    feed = Feed(
        replay_adapter(event["facility"]),
        event["facility"],
        event["source_system"],
        event["source_format"],
        event["purpose"],
        event["legal_basis"],
    )
    kept = {name: event[name] for name in _KEPT}
    return (
        feed,
        Again(_parsed(str(part), Translation(outcomes)), used),
        Replay(str(part), before + 1, part.sequence, kept),
    )
