"""An adapter step by step: the real outbox, and a publisher whose records may be lost or arrive twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from producers.adapter import Feed, Incoming, Receipt
from producers.outbox import Outbox
from schemas import codec, registry, topics
from tests.lines import FACILITY, TRANSLATOR, outbox, waiting
from tests.model.broker import Broker

Fate = Literal["told", "untold", "lost"]
"""Of a record handed to the broker: it is there and the adapter knows, it is there but the report was lost, it is lost."""
FEEDS: Final = (Feed("01001.his", FACILITY, "HIS", "lines"), Feed("01001.portal", FACILITY, "HIS", "lines"))
"""Two adapters that speak for one system, so that they tell of the same documents."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a sender was told."""

    feed: Feed
    raw: bytes
    receipt: Receipt


class Adapter:
    def __init__(self, folder: Path, feed: Feed, broker: Broker) -> None:
        self.feed, self._folder, self._broker = feed, folder, broker
        self._start()

    def _start(self) -> None:
        self.box: Outbox = outbox(self._folder)
        self._acked: list[int] = []
        self._position = 0

    def crash(self) -> None:
        """Killed and started again: what the broker said since the last transaction is forgotten."""
        self.box.close()
        self._start()

    def take(self, raws: Sequence[bytes], at: int) -> list[Receipt]:
        """One transaction; what was delivered leaves the outbox in it. Crash in a line rolls it back."""
        batch = [Incoming(self.feed, TRANSLATOR.parse(raw, self.feed), raw, ("sender",), at) for raw in raws]
        receipts = self.box.take(batch, self._acked)
        self._acked = []
        return receipts

    def publish(self, fates: Iterable[Fate]) -> int:
        """Hand over the next records, one per fate. After one that failed all is read again from the oldest waiting."""
        rows = [row for row in waiting(self.box.path) if row.id > self._position and row.id not in self._acked]
        failed = sent = 0
        for row, fate in zip(rows, fates, strict=False):
            self._position = row.id
            sent += 1
            if fate != "lost":
                self._broker.append(row.record.topic, row.record.key, row.record.value, row.record.headers)
            if fate == "told":
                self._acked.append(row.id)
            else:
                failed += 1
        if failed:
            self._position = 0
        return sent

    def beat(self, at: int, fate: Fate) -> dict[str, Any]:
        (pulse,) = self.box.pulse([self.feed], at)
        if fate != "lost":
            schema_id, made = registry.latest(topics.HEARTBEATS)
            self._broker.append(
                topics.HEARTBEATS, self.feed.adapter_id.encode(), codec.frame(schema_id, made.encode(pulse))
            )
        if fate == "told":
            self.box.forget_silent({self.feed.adapter_id: max((line["last"] for line in pulse["silent"]), default=0)})
        return pulse

    def close(self) -> None:
        self.box.close()
