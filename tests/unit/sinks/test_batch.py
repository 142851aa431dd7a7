"""Batches: what ClickHouse is given are the workers' bytes, each followed by where Kafka had them."""

import io
import itertools
from dataclasses import dataclass
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec, registry
from schemas.clickhouse import landing_name
from schemas.encoder import zigzag
from sinks.clickhouse.batch import Batch, Group
from tests.rows import accepted_row, ledger_row


@dataclass(frozen=True, slots=True)
class Message:
    """A Kafka message as the consumer hands it over."""

    at: tuple[str, int, int]
    bytes_: bytes | None

    def topic(self) -> str:
        return self.at[0]

    def partition(self) -> int:
        return self.at[1]

    def offset(self) -> int:
        return self.at[2]

    def value(self) -> bytes | None:
        return self.bytes_


def read(group: Group) -> list[dict[str, Any]]:
    """The container as any Avro reader sees it; times stay integers."""
    reader = fastavro.reader(io.BytesIO(group.container()))
    return [row for row in reader if isinstance(row, dict)]


def only(batch: Batch) -> Group:
    (group,) = batch.groups.values()
    return group


@given(
    partition=st.integers(0, 2**31 - 1),
    offsets=st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=5),
)
def test_every_partition_and_offset_is_read_back_exactly(partition: int, offsets: list[int]) -> None:
    _, value = ledger_row("identity.links")
    batch = Batch()
    batch.add(Message(("identity.links", partition, offset), value) for offset in offsets)
    rows = read(only(batch))
    assert [(partition, offset) for offset in offsets] == [(r["kafka_partition"], r["kafka_offset"]) for r in rows]


def test_bytes_of_a_document_with_nested_lines_come_through_unchanged() -> None:
    results = [{"line": 1, "test_code": "GLU", "value_number": 5.5}, {"line": 2, "value_text": "âm tính"}]
    schema_id, value = accepted_row("observation", results=results, quality=["R1", "R2"], citizen_key="k")
    made = registry.codec(schema_id)
    assert made is not None
    batch = Batch()
    batch.add([Message(("accepted.observation", 3, 70), value), Message(("accepted.observation", 2, 200), value)])
    group = only(batch)
    reader = fastavro.block_reader(io.BytesIO(group.container()))
    (block,) = list(reader)
    datum = value[codec.FRAME_BYTES :]
    appended = [zigzag(3) + zigzag(70), zigzag(2) + zigzag(200)]
    assert datum + appended[0] + datum + appended[1] == block.bytes_.getvalue()
    assert [["R1", "R2"], ["R1", "R2"]] == [row["quality"] for row in read(group)]
    assert ["GLU", None] == [line["test_code"] for line in made.decode(datum)["results"]]


def test_groups_are_by_topic_and_schema_id_and_keep_their_order() -> None:
    kinds = ("encounter", "service", "encounter", "service", "encounter")
    batch = Batch()
    batch.add(
        Message((f"accepted.{kind}", 0, offset), accepted_row(kind, sequence=offset)[1])
        for offset, kind in enumerate(kinds)
    )
    batch.add([Message(("heartbeats", 0, 9), ledger_row("heartbeats")[1])])
    tables = {group.target.table: [row[1] for row in group.rows] for group in batch.groups.values()}
    encounter, service = (landing_name(kind, accepted_row(kind)[0]) for kind in ("encounter", "service"))
    assert {encounter: [0, 2, 4], service: [1, 3], "heartbeats": [9]} == tables
    assert {("accepted.encounter", 0): 5, ("accepted.service", 0): 4, ("heartbeats", 0): 10} == batch.positions
    assert 6 == batch.rows


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "frame"),
        (b"", "frame"),
        (b"\x00\x00", "frame"),
        (b"\x01\x00\x00\x00\x01rest", "frame"),
        (b"\x00\x7f\xff\xff\xffrest", "schema_unknown"),
        (ledger_row("heartbeats")[1], "wrong_topic"),
        (accepted_row("service")[1], "wrong_topic"),
    ],
)
def test_what_has_no_table_is_rejected_and_stops_nobody(value: bytes | None, reason: str) -> None:
    good = accepted_row("encounter")[1]
    batch = Batch()
    values = (good, value, good)
    batch.add(Message(("accepted.encounter", 1, offset), each) for offset, each in enumerate(values))
    assert [0, 2] == [row[1] for row in only(batch).rows]
    (rejection,) = batch.rejections
    assert (reason, "accepted.encounter", 1, 1, len(value or b"")) == (
        rejection.reason,
        rejection.topic,
        rejection.partition,
        rejection.offset,
        rejection.size,
    )
    assert {("accepted.encounter", 1): 3} == batch.positions


@given(st.lists(st.one_of(st.none(), st.binary(max_size=40)), max_size=20))
def test_no_bytes_break_a_batch(values: list[bytes | None]) -> None:
    batch = Batch()
    batch.add(Message(("accepted.encounter", 0, offset), value) for offset, value in enumerate(values))
    assert len(values) == batch.rows
    assert len(values) == len(batch.rejections) + sum(len(group.rows) for group in batch.groups.values())


def test_dropping_a_partition_leaves_the_others_whole() -> None:
    value = accepted_row("encounter")[1]
    batch = Batch()
    places = itertools.product((0, 1), range(3))
    batch.add(Message(("accepted.encounter", partition, offset), value) for partition, offset in places)
    batch.add([Message(("accepted.encounter", 0, 3), None), Message(("accepted.service", 0, 7), b"?")])
    batch.drop({("accepted.encounter", 0)})
    assert [(1, 0), (1, 1), (1, 2)] == [row[:2] for row in only(batch).rows]
    assert ["accepted.service"] == [rejection.topic for rejection in batch.rejections]
    assert {("accepted.encounter", 1): 3, ("accepted.service", 0): 8} == batch.positions
    assert (4, 3 * len(value)) == (batch.rows, batch.bytes)
    batch.drop({("accepted.encounter", 1), ("accepted.service", 0)})
    assert (0, {}, [], {}) == (batch.rows, batch.groups, batch.rejections, batch.positions)


def test_no_patient_data_in_reprs() -> None:
    batch = Batch()
    batch.add([Message(("accepted.encounter", 0, 0), accepted_row("encounter", patient_key="SECRET-KEY")[1])])
    assert "SECRET-KEY" not in repr(only(batch))
