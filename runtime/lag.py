"""Whether consumer groups have left records unread for too long, by our own clock.

A group is behind by more than T seconds where it has not committed what its topics held T seconds ago. So neither a
topic's rate matters (a bound in records would have to follow it) nor the clocks of those who write to it.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from confluent_kafka import OFFSET_END, KafkaException, TopicPartition

from runtime import kafka

_TIMEOUT_SECONDS: Final = 5.0
_PLACES_SECONDS: Final = kafka.METADATA_MS / 1000
_GROWN_OLD: Final = 2
"""Times T: a look so old says nothing of what came since."""

Place = tuple[str, str, int]
"""Group, topic, partition."""


class Lag:
    """Of groups and the topics that each reads. Used by one thread at a time; it blocks for a few milliseconds."""

    def __init__(
        self,
        bootstrap: str,
        reads: Mapping[str, Sequence[str]],
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        consumer: Callable[[str, str, str], Any] = kafka.consumer,
    ) -> None:
        self._reads, self._seconds, self._clock = reads, seconds, clock
        self._consumers = {group: consumer(bootstrap, group, "lag") for group in reads}
        self._places: dict[str, list[TopicPartition]] = {}
        self._places_at = float("-inf")
        self._looks: deque[tuple[float, Mapping[Place, int]]] = deque()

    def over(self) -> bool:
        """True where a group is behind by more than the seconds, and where that cannot be told (yet)."""
        now = self._clock()
        try:
            ends, read = self._look(now)
        except KafkaException:
            return True
        self._looks.append((now, ends))
        while len(self._looks) > 1 and self._looks[1][0] <= now - self._seconds:
            self._looks.popleft()
        at, held = self._looks[0]
        if not _unread(ends, read):
            return False
        if not self._seconds <= now - at <= _GROWN_OLD * self._seconds:
            return True
        return _unread(held, read)

    def _look(self, now: float) -> tuple[dict[Place, int], dict[Place, int]]:
        """End and committed position of every partition there is."""
        ends: dict[Place, int] = {}
        read: dict[Place, int] = {}
        if now - self._places_at >= _PLACES_SECONDS:
            self._places = {group: self._find(group) for group in self._reads}
            self._places_at = now
        for group, places in self._places.items():
            if not places:
                continue
            consumer = self._consumers[group]
            # Asked for the time "end", one request to each broker tells the ends of all its partitions.
            latest = [TopicPartition(one.topic, one.partition, OFFSET_END) for one in places]
            for one in consumer.offsets_for_times(latest, timeout=_TIMEOUT_SECONDS):
                if one.error is not None:
                    raise KafkaException(one.error)
                ends[group, one.topic, one.partition] = one.offset
            for one in consumer.committed(places, timeout=_TIMEOUT_SECONDS):
                read[group, one.topic, one.partition] = one.offset
        return ends, read

    def _find(self, group: str) -> list[TopicPartition]:
        known = self._consumers[group].list_topics(timeout=_TIMEOUT_SECONDS).topics
        return [
            TopicPartition(topic, place)
            for topic in self._reads[group]
            if topic in known
            for place in known[topic].partitions
        ]

    def close(self) -> None:
        for consumer in self._consumers.values():
            consumer.close()


def _unread(ends: Mapping[Place, int], read: Mapping[Place, int]) -> bool:
    """Whether anything below these ends is not committed; where a group never committed, everything is unread."""
    return any(max(read.get(place, 0), 0) < end for place, end in ends.items())
