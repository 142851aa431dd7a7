"""A broker in memory: logs per partition, committed positions per group. What is appended stays."""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

PARTITIONS: Final = 2
Place = tuple[str, int]
"""(topic, partition)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as aiokafka shows it (attributes)."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    timestamp: int = 1_780_000_000_000
    timestamp_type: int = 0


class Message:
    """The same record as confluent-kafka shows it (methods)."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    def topic(self) -> str:
        return self._entry.topic

    def partition(self) -> int:
        return self._entry.partition

    def offset(self) -> int:
        return self._entry.offset

    def value(self) -> bytes:
        return self._entry.value

    def error(self) -> None:
        return None


class Broker:
    def __init__(self) -> None:
        self.logs: dict[Place, list[Entry]] = defaultdict(list)
        self.committed: dict[str, dict[Place, int]] = defaultdict(dict)

    def append(self, topic: str, key: bytes, value: bytes, headers: Iterable[tuple[str, bytes]] = ()) -> None:
        partition = zlib.crc32(key) % PARTITIONS
        log = self.logs[topic, partition]
        log.append(Entry(topic, partition, len(log), key, value, tuple(headers)))

    def places(self, topics: Sequence[str]) -> list[Place]:
        return [(topic, partition) for topic in topics for partition in range(PARTITIONS)]

    def read(self, place: Place, position: int, most: int) -> list[Entry]:
        return self.logs[place][position : position + most]

    def position(self, group: str, place: Place) -> int:
        return self.committed[group].get(place, 0)

    def lag(self, group: str, topics: Sequence[str]) -> int:
        return sum(len(self.logs[place]) - self.position(group, place) for place in self.places(topics))

    def values(self) -> Iterable[bytes]:
        return (entry.value for log in self.logs.values() for entry in log)


class Producer:
    """What the sink writes its rejections with. Every record is delivered at once."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def produce(self, topic: str, value: bytes, key: bytes, *, on_delivery: Any) -> None:
        self._broker.append(topic, key, value)
        on_delivery(None, None)

    def poll(self, _timeout: float) -> int:
        return 0
