"""Replaying: open, make candidates, foretell, send, and only then write down what was sent.

Nothing is marked before the broker has it. A run that ends in the middle is repeated: what is marked is left out, what
was taken but not marked gets the number it has.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from confluent_kafka import KafkaError

from infra.workbench import rejections
from infra.workbench.candidates import Candidate, Republish, Resend
from infra.workbench.fetch import Fetcher
from infra.workbench.forecast import Forecast, Forecaster
from infra.workbench.originals import KAFKA, Original, Unopened, decoded, opened, received_of
from producers.replay_send import GIVE_UP_SECONDS, ReplaySender, Undelivered
from runtime import kafka
from runtime.keyring import Keyring
from schemas.numbers import REPLAY, PartNumber
from stream_processors.receive import Source

BATCH: Final = 200
"""Parts that are sent, waited for and written down together."""


@dataclass(frozen=True, slots=True)
class Opener:
    """Originals, wherever they are kept. Without `fetch` what only Kafka has is not read."""

    keyring: Keyring
    archive: Path | None = None
    fetch: Fetcher | None = None

    def __call__(self, row: dict[str, Any], sealed: bytes | None) -> Original:
        original = opened(row, sealed, self.keyring, self.archive)
        if not isinstance(original, Unopened) or original.why != "on_kafka" or self.fetch is None:
            return original
        found = self.fetch(row["topic"], row["source_partition"], row["source_offset"])
        if found is None:
            return Unopened("gone")
        if (row["original_place"] or "").startswith(KAFKA):
            return found
        return received_of(found) or Unopened("not_a_document")


def forecasts(
    store: rejections.Store,
    rows: Sequence[dict[str, Any]],
    open_: Opener,
    maker: Callable[[dict[str, Any], Original], Candidate],
    forecaster: Forecaster,
) -> Iterator[Forecast]:
    """What would become of each row, in their order."""
    for row, sealed in rejections.with_originals(store, rows):
        yield forecaster(maker(row, open_(row, sealed)))


def not_thinned(store: rejections.Store, made: Sequence[Forecast]) -> list[Forecast]:
    """The same, but a partial document that would take the place of a whole one is not to be sent: what the hospital's
    adapter remembers of its visit is not known here."""
    asked: dict[str, set[str]] = {}
    for each in made:
        for event in each.documents:
            if event["partial"]:
                asked.setdefault(event["kind"], set()).add(event["document_id"])
    whole = {(kind, id_) for kind, ids in asked.items() for id_ in rejections.whole(store, kind, sorted(ids))}
    return [
        replace(each, outcome="unable", reason="partial_over_whole", documents=())
        if any(event["partial"] and (event["kind"], event["document_id"]) in whole for event in each.documents)
        else each
        for each in made
    ]


class Sending:
    """Sends candidates in batches and writes each batch down. Raises Undelivered, sqlite3.Error, client.Away."""

    def __init__(self, store: rejections.Store, sender: ReplaySender, bootstrap: str, who: str, why: str) -> None:
        self._store, self._sender, self._who, self._why = store, sender, who, why
        self._producer = kafka.producer(bootstrap, REPLAY)

    def __call__(self, made: Sequence[Forecast], rate: float, sent: Callable[[int], None]) -> int:
        """How many were sent; `sent` is told after each batch. `rate` is the most parts a second, 0 for no limit."""
        self._sender.deliver()  # what a run before took and could not send
        size = BATCH if rate <= 0 else max(1, min(BATCH, int(rate)))
        began, count = time.monotonic(), 0
        for first in range(0, len(made), size):
            batch = [each.candidate for each in made[first : first + size]]
            self._batch(batch)
            count += len(batch)
            sent(len(batch))
            if rate > 0 and first + size < len(made):
                time.sleep(max(0.0, count / rate - (time.monotonic() - began)))
        return count

    def _batch(self, batch: Sequence[Candidate]) -> None:
        again = [each for each in batch if isinstance(each, Resend)]
        republished = [each for each in batch if isinstance(each, Republish)]
        receipts = self._sender.take([each.incoming() for each in again])
        if any(receipt.full for receipt in receipts):
            raise Undelivered(len(again))
        self._sender.deliver()
        self._publish([each.source for each in republished])
        self._write(again, [int(receipt.sequence or 0) for receipt in receipts], republished)

    def _publish(self, sources: Sequence[Source]) -> None:
        failed: list[str] = []

        def report(error: KafkaError | None, _message: object) -> None:
            if error is not None:
                failed.append(error.name())

        for source in sources:
            self._producer.produce(
                source.topic, source.value, source.key, headers=list(source.headers), on_delivery=report
            )
        waiting = self._producer.flush(GIVE_UP_SECONDS)
        if waiting or failed:
            raise Undelivered(waiting or len(failed))

    def _write(self, again: Sequence[Resend], numbers: Sequence[int], republished: Sequence[Republish]) -> None:
        older = rejections.ancestors(self._store, [each.row for each in again])
        rows: list[dict[str, Any]] = []
        for each, sequence in zip(again, numbers, strict=True):
            sent_as = PartNumber(each.feed.adapter_id, self._sender.incarnation, sequence, 0)
            mine = PartNumber(each.row["adapter_id"], each.row["incarnation"], int(each.row["sequence"]), 0)
            rows += [{**part, "sent_as": sent_as} for part in (each.row, *older.get(mine, []))]
        rejections.decide(self._store, rows, "replayed", self._why, self._who)
        own = [{**each.row, "sent_as": _number(each.source)} for each in republished]
        rejections.decide(self._store, own, "republished", self._why, self._who)


def _number(source: Source) -> PartNumber:
    """The number that a record carries itself; it may have been unreadable when it was refused."""
    event = decoded(source.value or b"") or {}
    return PartNumber(*(event.get(name, empty) for name, empty in zip(PartNumber._fields, ("", "", 0, 0), strict=True)))
