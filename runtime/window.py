"""Holding publishers back where the broker forgets: the embedded one drops the oldest past 5 MiB a partition.

Bytes delivered by this process and not yet committed by the reading group are counted per partition; above the limit
the window is closed. A real broker needs none of this.
"""

import time
from collections import defaultdict, deque
from typing import Final

from confluent_kafka import KafkaException, TopicPartition

from runtime import kafka

LIMIT_BYTES: Final = 2 << 20
LIMIT_RECORDS: Final = 30_000
_ASK_SECONDS: Final = 0.2


class Window:
    def __init__(self, bootstrap: str, group: str, limit_bytes: int = LIMIT_BYTES) -> None:
        self._consumer = kafka.consumer(bootstrap, group, "window")
        self._limit = limit_bytes
        self._waiting: dict[tuple[str, int], deque[tuple[int, int]]] = defaultdict(deque)
        self._bytes: dict[tuple[str, int], int] = defaultdict(int)
        self._asked = 0.0

    def delivered(self, topic: str, partition: int, offset: int, size: int) -> None:
        self._waiting[topic, partition].append((offset, size))
        self._bytes[topic, partition] += size

    def open(self) -> bool:
        """False while some partition holds more than the limit that the group has not committed."""
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
        places = [TopicPartition(*place) for place in self._waiting]
        try:
            committed = self._consumer.committed(places, timeout=2)
        except KafkaException:
            return
        for found in committed:
            waiting = self._waiting[found.topic, found.partition]
            while waiting and waiting[0][0] < found.offset:
                self._bytes[found.topic, found.partition] -= waiting.popleft()[1]
