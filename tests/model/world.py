"""A small city whose every step, crash and repeat the test decides: real parts, a broker and stores in memory."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

from faust.types import TP

from schemas import topics
from stream_processors import forget
from stream_processors.transport import ChunkConsumer
from tests.fakes import FakeStore
from tests.lines import NOW
from tests.model.adapter import FEEDS, Adapter, Fate
from tests.model.books import Books, Told
from tests.model.broker import Broker
from tests.model.sink import GROUP as SINKS
from tests.model.sink import TOPICS, Sink
from tests.model.store import ClickHouse
from tests.model.worker import GROUP as WORKERS
from tests.model.worker import TOPIC, Worker, run

WORKERS_COUNT: Final = 2
MANY: Final = 1_000


class World:
    def __init__(
        self, folder: Path, claims: FakeStore | None = None, consumer: type[ChunkConsumer] = ChunkConsumer
    ) -> None:
        self.broker, self.store, self.books = Broker(), ClickHouse(), Books()
        self.claims = claims or FakeStore()
        self.adapters = [Adapter(folder / feed.adapter_id, feed, self.broker) for feed in FEEDS]
        both = [TP(*place) for place in self.broker.places([TOPIC])]
        self.workers = [
            Worker(f"worker-{n}", self.broker, self.claims, {both[n]}, consumer) for n in range(WORKERS_COUNT)
        ]
        self.sink = Sink(self.broker, self.store)
        self._clock = NOW

    def close(self) -> None:
        for adapter in self.adapters:
            adapter.close()

    # The sender

    def send(self, which: int, told: list[Told]) -> None:
        """New messages in one batch; their receipts are entered into the books."""
        adapter = self.adapters[which]
        self._clock += 1_000
        raws = [self.books.raw(one) for one in told]
        for one, raw, receipt in zip(told, raws, adapter.take(raws, self._clock), strict=True):
            self.books.enter(adapter.feed, adapter.box.incarnation, one, raw, receipt, self._clock)

    def send_again(self, which: int, chosen: int) -> None:
        """The same bytes once more: its answer was lost."""
        adapter = self.adapters[which]
        sent = self.books.sent.get(adapter.feed.adapter_id)
        if sent:
            raw, sequence = sent[chosen % len(sent)]
            (receipt,) = adapter.take([raw], self._clock)
            self.books.check_again(receipt, sequence)

    def settle(self, which: int) -> None:
        """The outbox lets go of what was delivered."""
        self.adapters[which].take([], self._clock)

    def beat(self, which: int, fate: Fate) -> None:
        self._clock += 1
        self.adapters[which].beat(self._clock, fate)

    # The workers

    def rebalance(self, turned: bool) -> None:
        """The group meets: both revoke, partitions change hands or stay, both begin at what is committed."""
        for worker in self.workers:
            worker.revoke()
        owned = [worker.owned for worker in self.workers]
        for worker, places in zip(self.workers, reversed(owned) if turned else owned, strict=True):
            worker.assign(places)

    def forget(self, most: int = MANY, *, commit: bool = True) -> None:
        """The worker reads what the sink rejected; a crash before the commit reads it again."""
        for place in self.broker.places([topics.REJECTED]):
            start = self.broker.position(forget.GROUP, place)
            entries = self.broker.read(place, start, most)
            found = [refused for entry in entries if (refused := forget.refused(entry.value)) is not None]
            if found:
                self._run(self.claims.forget_content(found))
            if commit:
                self.broker.committed[forget.GROUP][place] = start + len(entries)

    @staticmethod
    def _run(work: Coroutine[Any, Any, Any]) -> Any:
        return run(work)

    # The end

    def drain(self) -> None:
        """No more faults: everything that waits arrives."""
        for which, adapter in enumerate(self.adapters):
            self.settle(which)
            while adapter.publish(["told"] * MANY):
                self.settle(which)
            self.settle(which)
            self.beat(which, "told")
        while self.broker.lag(WORKERS, [TOPIC]) or not all(worker.idle for worker in self.workers):
            for worker in self.workers:
                worker.fetch(MANY)
                while not worker.idle:
                    worker.work()
                worker.commit()
        while self.broker.lag(SINKS, TOPICS):
            self.sink.read(MANY)
            self.sink.flush()
        self.forget()

    def check(self) -> None:
        """Everything promised holds; AssertionError says what does not."""
        self.books.check(self.store, self.broker)
