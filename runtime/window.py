"""Holding publishers back where the broker forgets: the embedded one drops the oldest past 5 MiB a partition.

Bytes delivered by this process and not yet committed by the reading group are counted per partition; above the limit
the window is closed. A real broker needs none of this.
"""

import time
from collections import defaultdict, deque
from typing import Any, Final

from confluent_kafka import KafkaException, TopicPartition

from runtime import kafka
from runtime.settings import BACKFILL, SINKS, WORKERS
from schemas import topics

LIMIT_BYTES: Final = 2 << 20
LIMIT_RECORDS: Final = 30_000
_ASK_SECONDS: Final = 0.2


def reading_group(topic: str) -> str:
    """Whose commits say that a topic's records may be forgotten."""
    if topic in topics.RECEIVED_TOPICS:
        return WORKERS
    return BACKFILL if topic in topics.BACKFILL_TOPICS else SINKS


class Window:
    """Used by one thread at a time."""

    def __init__(self, bootstrap: str, limit_bytes: int = LIMIT_BYTES) -> None:
        self._bootstrap = bootstrap
        self._consumers: dict[str, Any] = {}
        self._limit = limit_bytes
        self._waiting: dict[tuple[str, int], deque[tuple[int, int]]] = defaultdict(deque)
        self._bytes: dict[tuple[str, int], int] = defaultdict(int)
        self._asked = 0.0

    def delivered(self, topic: str, partition: int, offset: int, size: int) -> None:
        self._waiting[topic, partition].append((offset, size))
        self._bytes[topic, partition] += size

    def open(self) -> bool:
        """False while some partition holds more than the limit that its group has not committed."""
        if not self._full():
            return True
        if time.monotonic() - self._asked >= _ASK_SECONDS:
            self._asked = time.monotonic()
            self._ask()
        return not self._full()

    def _full(self) -> bool:
        return any(size > self._limit for size in self._bytes.values()) or any(
            len(waiting) > LIMIT_RECORDS for waiting in self._waiting.values()
        )

    def _ask(self) -> None:
        groups: dict[str, list[TopicPartition]] = defaultdict(list)
        for topic, partition in self._waiting:
            groups[reading_group(topic)].append(TopicPartition(topic, partition))
        for group, places in groups.items():
            try:
                committed = self._consumer(group).committed(places, timeout=2)
            except KafkaException:
                return
            for found in committed:
                self._settle((found.topic, found.partition), found.offset)

    def _settle(self, place: tuple[str, int], committed: int) -> None:
        waiting = self._waiting[place]
        while waiting and waiting[0][0] < committed:
            self._bytes[place] -= waiting.popleft()[1]

    def _consumer(self, group: str) -> Any:
        if group not in self._consumers:
            self._consumers[group] = kafka.consumer(self._bootstrap, group, "window")
        return self._consumers[group]
