"""Grouping Kafka records into Avro containers, without decoding them. Pure.

A Confluent-framed value is 5 bytes and a datum; a container block is count, size and datums. So a batch is one join:
each frame is cut off, and Kafka's partition and offset are appended as the two fields that the stored schema has more.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any, Final, Protocol

from schemas import codec, registry, topics
from schemas.avro import Schema
from schemas.clickhouse import landing_name, table_name
from schemas.codec import FRAME_BYTES
from schemas.encoder import zigzag

Place = tuple[str, int]
"""(topic, partition)."""

Row = tuple[int, int, bytes]
"""(partition, offset, framed value)."""

_LOW: Final = 64


class Record(Protocol):
    """What is asked of a Kafka message (`confluent_kafka.Message`)."""

    def topic(self) -> str: ...
    def partition(self) -> int: ...
    def offset(self) -> int: ...
    def value(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that does not reach its table. `event` is the decoded datum, where there is one."""

    topic: str
    partition: int
    offset: int
    size: int
    reason: str
    place: str = ""
    detail: str = ""
    event: dict[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Target:
    """Where the values of one topic and schema id go, and the schema of what is inserted."""

    topic: str
    schema_id: int
    table: str
    schema: Schema = field(repr=False)


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one insert."""

    target: Target
    rows: list[Row] = field(default_factory=list, repr=False)

    def container(self) -> bytes:
        """All rows as one container, each followed by its coordinates."""
        return container(self.target, self.rows)


@lru_cache(maxsize=1024)
def target(topic: str, prefix: bytes) -> Target | str:
    """The target of a topic's values that begin with these 5 bytes, or the reason why there is none."""
    framed = codec.unframe(prefix)
    if framed is None:
        return "frame"
    name = registry.names().get(framed[0])
    schema = registry.stored_schema(framed[0])
    if name is None or schema is None:
        return "schema_unknown"
    if name.rpartition(".")[0] != topic:
        return "wrong_topic"
    return Target(topic, framed[0], _table(topic, framed[0]), schema)


def _table(topic: str, schema_id: int) -> str:
    """The table that takes this schema's values: a document has a way in for each schema."""
    return landing_name(topic.partition(".")[2], schema_id) if topic in topics.ACCEPTED_TOPICS else table_name(topic)


@lru_cache(maxsize=4096)
def _coordinates(partition: int, high: int) -> tuple[bytes, ...]:
    """Partition and offset as they are appended, for the 64 offsets from `high` × 64: neighbours share most bytes."""
    first = high * _LOW
    return tuple(zigzag(partition) + zigzag(first + low) for low in range(_LOW))


def container(made: Target, rows: Iterable[Row]) -> bytes:
    pieces = [
        (value[FRAME_BYTES:], _coordinates(partition, offset >> 6)[offset & 63]) for partition, offset, value in rows
    ]
    return codec.container(made.schema, chain.from_iterable(pieces), len(pieces))


class Batch:
    """What waits to be inserted: groups, rejections, and the positions to commit once all of it is in."""

    __slots__ = ("bytes", "groups", "positions", "rejections", "rows")

    def __init__(self) -> None:
        self.groups: dict[tuple[str, bytes], Group] = {}
        self.rejections: list[Rejection] = []
        self.positions: dict[Place, int] = {}
        self.rows = 0
        self.bytes = 0

    def add(self, records: Iterable[Record]) -> None:
        """Take records in; none is refused, some become rejections."""
        groups, positions = self.groups, self.positions
        for record in records:
            topic, partition, offset, value = record.topic(), record.partition(), record.offset(), record.value()
            positions[topic, partition] = offset + 1
            self.rows += 1
            prefix = value[:FRAME_BYTES] if value is not None else b""
            group = groups.get((topic, prefix))
            if group is None:
                found = target(topic, prefix)
                if isinstance(found, str):
                    self.rejections.append(Rejection(topic, partition, offset, len(value or b""), found))
                    continue
                group = groups[topic, prefix] = Group(found)
            if value is not None:
                self.bytes += len(value)
                group.rows.append((partition, offset, value))

    def drop(self, places: Container[Place]) -> None:
        """Forget what came from these partitions: they belong to another member now, who reads them again."""
        self.positions = {place: offset for place, offset in self.positions.items() if place not in places}
        self.rejections = [r for r in self.rejections if (r.topic, r.partition) not in places]
        for key, group in list(self.groups.items()):
            group.rows[:] = [row for row in group.rows if (group.target.topic, row[0]) not in places]
            if not group.rows:
                del self.groups[key]
        self.rows = sum(len(group.rows) for group in self.groups.values()) + len(self.rejections)
        self.bytes = sum(len(row[2]) for group in self.groups.values() for row in group.rows)
