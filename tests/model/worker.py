"""A worker step by step: the real consumer and pipeline, with the crash or the rebalance where the test wants it."""

import asyncio
from collections import deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import faust
from faust.types import TP, ConsumerMessage

from runtime.keyring import WORKER, Keyring
from runtime.seal import SealKey
from schemas import topics
from stream_processors.account import Produced
from stream_processors.lookup import Lookup
from stream_processors.pipeline import Pipeline
from stream_processors.receive import Source
from stream_processors.transport import Chunk, ChunkConsumer, ChunkTransport
from tests.lines import KEYRING as HOSPITALS
from tests.model.broker import Broker, Entry

GROUP: Final = "workers"
TOPIC: Final = topics.received("encounter")
_KEYS: Final = Keyring({**HOSPITALS.seal, "w-1": SealKey.make("w-1", WORKER, b"w" * 32)}, {}, b"c" * 32)

T = TypeVar("T")
_LOOP: Final = asyncio.new_event_loop()


def run(work: Coroutine[Any, Any, T]) -> T:
    return _LOOP.run_until_complete(work)


@dataclass
class Thread:
    """What Faust's consumer thread does with the broker."""

    broker: Broker
    owned: set[TP]
    most: int = 10
    positions: dict[TP, int] = field(default_factory=dict)

    async def getmany(self, active: set[TP] | None, timeout: float) -> Mapping[TP, list[Entry]]:  # noqa: ARG002
        found: dict[TP, list[Entry]] = {}
        for tp in sorted(self.owned if active is None else self.owned & active):
            start = self.positions.setdefault(tp, self.broker.position(GROUP, tp))
            entries = self.broker.read(tp, start, self.most)
            if entries:
                found[tp] = entries
                self.positions[tp] = start + len(entries)
        return found

    async def commit(self, offsets: Mapping[TP, int]) -> bool:
        for tp, offset in offsets.items():
            self.broker.committed[GROUP][tuple(tp)] = offset
        return True

    async def seek_to_committed(self) -> dict[TP, int]:
        self.positions = {tp: self.broker.position(GROUP, tp) for tp in self.owned}
        return dict(self.positions)

    def assignment(self) -> set[TP]:
        return self.owned


@dataclass
class _Hand:
    """The chunk being worked on."""

    chunk: Chunk
    message: ConsumerMessage
    produced: list[Produced] | None = None


class Worker:
    """One worker process; a crash is leaving it and making another. `work` takes the chunk in hand one step further."""

    def __init__(self, name: str, broker: Broker, store: Lookup, owned: set[TP], consumer: type[ChunkConsumer]) -> None:
        self.name, self._broker, self._store, self._kind = name, broker, store, consumer
        self.start(owned)

    def start(self, owned: set[TP]) -> None:
        """A new process, with nothing in its memory."""
        self._pipeline = Pipeline(
            _KEYS, self._store, self.name, topics.MAX_EVENT_BYTES, clock=lambda: 1_780_000_100_000
        )
        self._thread = Thread(self._broker, owned)
        self._consumer = run(_consumer(self._kind, self._thread))
        self._queue: deque[ConsumerMessage] = deque()
        self._hand: _Hand | None = None

    @property
    def owned(self) -> set[TP]:
        return set(self._thread.owned)

    @property
    def idle(self) -> bool:
        return not self._queue and self._hand is None

    def fetch(self, most: int) -> None:
        self._thread.most = most

        async def more() -> list[ConsumerMessage]:
            return [message async for _, message in self._consumer.getmany(1.0)]

        self._queue.extend(run(more()))

    def work(self) -> None:
        """Begin and claim, then produce, then say done: one of them."""
        if self._hand is None:
            self._begin()
        elif self._hand.produced is None:
            self._hand.produced = run(self._pipeline([_source(entry) for entry in self._hand.chunk.records()]))
        else:
            self._produce(len(self._hand.produced))
            self._consumer.done(self._hand.chunk)
            self._hand = None

    def _begin(self) -> None:
        if self._queue:
            message = self._queue.popleft()
            if self._consumer.begin(message.value):
                self._hand = _Hand(message.value, message)

    def _produce(self, most: int) -> None:
        if self._hand is not None and self._hand.produced is not None:
            for topic, key, value, headers in self._hand.produced[:most]:
                self._broker.append(topic, key, value, headers)

    def crash(self, produced: int) -> None:
        """Killed; so many records of the chunk in hand had reached the broker."""
        self._produce(produced)
        self.start(self.owned)

    def fail(self) -> None:
        """The agent raises or is cancelled: Faust acknowledges its message, commits what it thinks is done, and ends."""
        if self._hand is not None:
            self._consumer.ack(self._hand.message)
        self.commit()
        self.start(self.owned)

    def commit(self) -> None:
        run(self._consumer.commit())

    def revoke(self) -> None:
        """As much of a rebalance as the old owner does: commit what is whole, then forget."""
        self.commit()
        run(self._consumer.on_partitions_revoked(self.owned))

    def assign(self, owned: set[TP]) -> None:
        self._thread.owned = owned
        run(self._thread.seek_to_committed())
        self._consumer._set_active_tps(set(owned))


def _source(entry: Entry) -> Source:
    return Source(entry.topic, entry.partition, entry.offset, entry.key, entry.value, entry.headers)


_APP: list[Any] = []


async def _consumer(kind: type[ChunkConsumer], thread: Thread) -> ChunkConsumer:
    if not _APP:
        app = faust.App("model", broker="kafka://localhost:1", web_enabled=False, store="memory://")
        app.transport = ChunkTransport([*app.conf.broker_consumer], app)
        _APP.append(app)
    app = _APP[0]

    async def ignore(*_: Any) -> None: ...

    made: ChunkConsumer = kind(
        app.transport, callback=ignore, on_partitions_revoked=ignore, on_partitions_assigned=ignore, loop=_LOOP
    )
    made._thread.thread_loop.close()  # it never ran
    made._thread = thread
    made._set_active_tps(set(thread.owned))
    app._consumer = made
    return made
