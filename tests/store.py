"""A ClickHouse for tests: values put into it as the sink does, and rows asked of it."""

from collections.abc import Sequence
from typing import Any

from runtime.facilities import Source
from schemas import topics
from sinks.clickhouse import migrate, sift
from sinks.clickhouse.batch import Batch
from sinks.clickhouse.client import ClickHouse
from sinks.clickhouse.merges import Merges
from tests.rows import NOW, accepted_row, ledger_row, outcome_row

Value = tuple[str, bytes]
"""(topic, framed value)."""


class Message:
    """A Kafka message as the consumer hands it over."""

    def __init__(self, topic: str, offset: int, value: bytes) -> None:
        self._topic, self._offset, self._value = topic, offset, value

    def topic(self) -> str:
        return self._topic

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def value(self) -> bytes:
        return self._value


def doc(kind: str, **fields: Any) -> Value:
    return f"accepted.{kind}", accepted_row(kind, **fields)[1]


def rejected(**fields: Any) -> Value:
    return "rejected", ledger_row("rejected", **fields)[1]


def outcomes(*numbers: dict[str, Any], kind: str = "encounter", **fields: Any) -> Value:
    return "outcomes", outcome_row(*numbers, kind=kind, **fields)[1]


def heartbeat(**fields: Any) -> Value:
    return "heartbeats", ledger_row("heartbeats", **fields)[1]


def put(store: ClickHouse, values: Sequence[Value], first: int = 0) -> None:
    """One flush, as the sink makes it."""
    batch = Batch()
    batch.add(Message(topic, first + at, value) for at, (topic, value) in enumerate(values))
    assert [] == batch.rejections
    for group in batch.groups.values():
        assert [] == sift.insert(store, group, lambda: None)
    if any(topic == topics.LINKS for topic, _ in values):
        Merges(store).settle()


def one(store: ClickHouse, sql: str) -> dict[str, Any]:
    (row,) = store.rows(sql)
    return row


def version(step: int) -> int:
    return (NOW + step) << 20


def register(store: ClickHouse, *ranked: str) -> None:
    """Facility 01001's sources of encounters, the source of record first."""
    migrate.load_register(
        store,
        [
            Source("01001", "A", "A", True, "", "encounter", system, "hl7v2", rank, "2026-01-01")
            for rank, system in enumerate(ranked)
        ],
    )
