"""The real sink loop around a broker and a ClickHouse in memory, taken one flush at a time."""

import threading
from pathlib import Path
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from runtime.settings import SinkSettings, load
from schemas import topics
from sinks.clickhouse.loop import Sink as Loop
from sinks.clickhouse.reject import Rejector
from tests.model.broker import Broker, Message, Place, Producer
from tests.model.store import ClickHouse, Crash

GROUP: Final = "sinks"
TOPICS: Final = (topics.accepted("encounter"), topics.REJECTED, topics.OUTCOMES, topics.HEARTBEATS)
CLOCK_STEP: Final = 1.0


class Consumer:
    """A member of the group that owns everything."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._positions = {place: broker.position(GROUP, place) for place in broker.places(TOPICS)}
        self._paused = False
        self.now = 0.0
        self.refuse_commit = False
        self.die_at_commit = False

    def subscribe(self, topics: list[str], *, on_revoke: Any, on_lost: Any) -> None: ...

    def consume(self, num_messages: int, timeout: float) -> list[Any]:
        self.now += max(timeout, CLOCK_STEP)
        found: list[Any] = []
        for place, position in self._positions.items():
            entries = [] if self._paused else self._broker.read(place, position, num_messages - len(found))
            self._positions[place] += len(entries)
            found += map(Message, entries)
        return found

    def assignment(self) -> list[Any]:
        return [TopicPartition(*place) for place in self._positions]

    def pause(self, partitions: list[Any]) -> None:  # noqa: ARG002
        self._paused = True

    def resume(self, partitions: list[Any]) -> None:  # noqa: ARG002
        self._paused = False

    def commit(self, *, offsets: list[Any], asynchronous: bool) -> list[Any]:  # noqa: ARG002
        if self.die_at_commit:
            raise Crash
        if self.refuse_commit:
            self.refuse_commit = False
            raise KafkaException(KafkaError(KafkaError.REBALANCE_IN_PROGRESS))
        for each in offsets:
            self._broker.committed[GROUP][each.topic, each.partition] = each.offset
        return offsets

    def close(self) -> None: ...

    def back(self, places: list[Place]) -> None:
        """These were taken away and came back: from what is committed."""
        for place in places:
            self._positions[place] = self._broker.position(GROUP, place)


class Sink:
    def __init__(self, broker: Broker, store: ClickHouse) -> None:
        self._broker, self._store = broker, store
        self._never = threading.Event()
        self._start()

    def _start(self) -> None:
        self._consumer = consumer = Consumer(self._broker)
        settings = load(SinkSettings, kafka="none", data=Path(), clickhouse="http://none", inserts_at_once=1)
        reject = Rejector(Producer(self._broker), clock=lambda: 1_780_000_200_000)
        self._loop = Loop(consumer, self._store, reject, settings, clock=lambda: consumer.now)

    def read(self, most: int) -> int:
        """How many records are held now."""
        self._loop._take(most, 0.0)
        return self._loop._batch.rows

    def flush(self, *, away: int = 0, refuse_commit: bool = False) -> None:
        self._store.away, self._consumer.refuse_commit = away, refuse_commit
        self._loop._flush(None, self._never)
        self._consumer.refuse_commit = False
        self._loop._commit()

    def crash(self, inserts: int) -> None:
        """Killed after so many inserts of its flush; with more than it makes, after all of them and before the commit."""
        self._store.die_after, self._consumer.die_at_commit = inserts, True
        try:
            self._loop._flush(None, self._never)
        except Crash:
            pass
        finally:
            self._store.die_after = None
        self._start()

    def rebalance(self, places: list[Place], lost: bool) -> None:
        """Partitions go and come back; what was held of them is inserted once, or forgotten where they were lost."""
        partitions = [TopicPartition(*place) for place in places]
        (self._loop._on_lost if lost else self._loop._on_revoke)(None, partitions)
        self._consumer.back(places)
