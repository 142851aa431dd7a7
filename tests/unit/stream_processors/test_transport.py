"""Faust's traps (reproduced on 0.15.3, numbered as in the list of known traps), each with what we do instead.

There is no broker: what the consumer's thread would ask of one is a fake. What is committed is what `done` was told.
"""

import asyncio
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import faust
import pytest
from faust.types import TP

from stream_processors import transport
from stream_processors.transport import Chunk, ChunkConsumer, ChunkTransport, HoleError

A = TP("received.encounter", 0)
B = TP("received.encounter", 1)


@dataclass(frozen=True)
class Record:
    topic: str
    partition: int
    offset: int
    timestamp: int | None = 1_780_000_000_000
    timestamp_type: int = 0
    headers: tuple[Any, ...] = ()
    key: bytes = b"k"
    value: bytes = b"v"


def records(tp: TP, *offsets: int) -> list[Record]:
    return [Record(tp.topic, tp.partition, offset) for offset in offsets]


@dataclass
class Thread:
    """What Faust's consumer thread does with the broker, played from a script."""

    fetches: list[dict[TP, list[Record]]] = field(default_factory=list)
    owned: set[TP] = field(default_factory=lambda: {A, B})
    committed: dict[TP, int] = field(default_factory=dict)
    commits: list[dict[TP, int]] = field(default_factory=list)
    takes_commits: bool = True

    async def getmany(self, active: set[TP] | None, timeout: float) -> Mapping[TP, list[Record]]:  # noqa: ARG002
        return self.fetches.pop(0) if self.fetches else {}

    async def commit(self, offsets: Mapping[TP, int]) -> bool:
        self.commits.append(dict(offsets))
        if self.takes_commits:
            self.committed.update(offsets)
        return self.takes_commits

    async def seek_to_committed(self) -> dict[TP, int]:
        return dict(self.committed)

    def assignment(self) -> set[TP]:
        return self.owned


@pytest.fixture
async def consumer() -> ChunkConsumer:
    app = faust.App("test", broker="kafka://localhost:1", web_enabled=False, store="memory://")
    app.transport = ChunkTransport([*app.conf.broker_consumer], app)

    async def ignore(*_: Any) -> None: ...

    made: ChunkConsumer = app.transport.create_consumer(
        ignore, on_partitions_revoked=ignore, on_partitions_assigned=ignore
    )
    made._thread.thread_loop.close()  # it never ran
    made._thread = Thread()
    made._set_active_tps({A, B})
    app._consumer = made
    return made


async def fetch(consumer: ChunkConsumer, *fetches: dict[TP, list[Record]]) -> list[Chunk]:
    """What reaches the agent of these fetches."""
    consumer._thread.fetches.extend(fetches)
    chunks = []
    for _ in fetches:
        chunks += [message.value async for _, message in consumer.getmany(1.0)]
    return chunks


async def finish(consumer: ChunkConsumer, *chunks: Chunk) -> None:
    for chunk in chunks:
        assert consumer.begin(chunk)
        consumer.done(chunk)


async def test_one_message_per_fetch_with_the_records_of_every_partition(consumer: ChunkConsumer) -> None:
    fetched = {A: records(A, 5, 6, 7), B: records(B, 0)}
    (chunk,) = await fetch(consumer, fetched)
    assert [*fetched[A], *fetched[B]] == list(chunk.records())
    assert [(A, None, 8), (B, None, 1)] == [(run.tp, run.after, run.next_offset) for run in chunk.runs]


async def test_nothing_is_yielded_for_nothing(consumer: ChunkConsumer) -> None:
    assert [] == await fetch(consumer, {}, {A: []})


async def test_partitions_that_are_paused_are_left_out(consumer: ChunkConsumer) -> None:
    consumer.pause_partitions({B})
    (chunk,) = await fetch(consumer, {A: records(A, 1), B: records(B, 1)})
    assert [A] == [run.tp for run in chunk.runs]


@pytest.mark.parametrize("trap", ["1: the agent raised", "2: cancelled in take()", "9: it could not be decoded"])
async def test_trap_1_2_9_an_acknowledgement_by_faust_moves_nothing(consumer: ChunkConsumer, trap: str) -> None:
    consumer._thread.fetches.append({A: records(A, 0, 1, 2)})
    async for _, message in consumer.getmany(1.0):
        consumer.track_message(message)
        assert not consumer.ack(message), trap
        assert message.acked
        assert message not in consumer.unacked
    assert not await consumer.commit()
    assert [] == consumer._thread.commits


async def test_what_is_done_is_committed(consumer: ChunkConsumer) -> None:
    first, second = await fetch(consumer, {A: records(A, 5, 6), B: records(B, 0)}, {A: records(A, 7)})
    await finish(consumer, first)
    assert await consumer.commit()
    assert [{A: 7, B: 1}] == consumer._thread.commits
    await finish(consumer, second)
    assert await consumer.commit()
    assert {A: 8, B: 1} == consumer._thread.committed


async def test_nothing_new_is_nothing_to_commit(consumer: ChunkConsumer) -> None:
    await finish(consumer, *await fetch(consumer, {A: records(A, 5)}))
    assert await consumer.commit()
    assert not await consumer.commit()
    assert 1 == len(consumer._thread.commits)


async def test_trap_3_a_hole_stops_the_worker(consumer: ChunkConsumer) -> None:
    first, second = await fetch(consumer, {A: records(A, 5, 6)}, {A: records(A, 7)})
    assert first.runs[0].next_offset == second.runs[0].after
    consumer.begin(second)
    with pytest.raises(HoleError, match="encounter/0"):
        consumer.done(second)
    assert not await consumer.commit()


async def test_trap_3_a_hole_in_one_partition_only(consumer: ChunkConsumer) -> None:
    first, _, third = await fetch(consumer, {A: records(A, 5)}, {B: records(B, 9)}, {B: records(B, 10)})
    await finish(consumer, first)
    consumer.begin(third)
    with pytest.raises(HoleError, match="encounter/1"):
        consumer.done(third)
    assert await consumer.commit()
    assert [{A: 6}] == consumer._thread.commits


async def test_trap_4_an_in_flight_head_is_not_committed_past(consumer: ChunkConsumer) -> None:
    consumer._committed_offset[A] = 2585
    head, later = await fetch(consumer, {A: records(A, 2585)}, {A: records(A, 2586, 2587, 2588)})
    consumer.begin(head)
    with pytest.raises(HoleError):
        consumer.done(later)
    assert not await consumer.commit()


async def test_trap_5_nor_in_a_group_that_never_committed(consumer: ChunkConsumer) -> None:
    head, later = await fetch(consumer, {A: records(A, 0, 1, 2)}, {A: records(A, 3, 4, 5)})
    consumer.begin(head)
    with pytest.raises(HoleError):
        consumer.done(later)
    assert not await consumer.commit()


async def test_trap_6_a_gap_in_the_log_counts_for_nothing(consumer: ChunkConsumer) -> None:
    """Offsets jump over markers and what retention took: the position is the last record's offset + 1."""
    first, second = await fetch(consumer, {A: records(A, 5)}, {A: records(A, 10, 14)})
    await consumer._add_gap(A, 6, 10)
    await finish(consumer, first)
    await consumer.commit()
    assert {A: 6} == consumer._thread.committed
    await consumer._add_gap(A, 11, 14)
    await finish(consumer, second)
    await consumer.commit()
    assert {A: 15} == consumer._thread.committed


async def test_trap_7_what_the_broker_refused_is_not_counted_as_committed(consumer: ChunkConsumer) -> None:
    await finish(consumer, *await fetch(consumer, {A: records(A, 5)}))
    consumer._thread.takes_commits = False
    assert not await consumer.commit()
    assert consumer._committed_offset[A] is None
    consumer._thread.takes_commits = True
    assert await consumer.commit()
    assert [{A: 6}, {A: 6}] == consumer._thread.commits


async def test_trap_8_a_chunk_of_an_older_epoch_is_not_worked_on(consumer: ChunkConsumer) -> None:
    (chunk,) = await fetch(consumer, {A: records(A, 5)})
    await consumer.on_partitions_revoked({A, B})
    assert not consumer.begin(chunk)


async def test_a_chunk_finished_after_a_rebalance_moves_no_position(consumer: ChunkConsumer) -> None:
    (chunk,) = await fetch(consumer, {A: records(A, 5)})
    assert consumer.begin(chunk)
    await consumer.on_partitions_revoked({A, B})
    consumer.done(chunk)
    assert not await consumer.commit()
    assert [] == consumer._thread.commits


async def test_after_a_seek_reading_begins_anew(consumer: ChunkConsumer) -> None:
    stale, _ = await fetch(consumer, {A: records(A, 5)}, {A: records(A, 6)})
    consumer._thread.committed = {A: 5}
    await consumer.perform_seek()
    assert not consumer.begin(stale)
    (again,) = await fetch(consumer, {A: records(A, 5, 6)})
    assert again.runs[0].after is None
    await finish(consumer, again)
    await consumer.commit()
    assert {A: 7} == consumer._thread.committed


async def test_while_the_flow_is_stopped_a_fetch_is_thrown_away(consumer: ChunkConsumer) -> None:
    """A rebalance began while the fetch was under way: back to what is committed."""
    getmany = consumer._thread.getmany

    async def stopped_meanwhile(*arguments: Any, **named: Any) -> Any:
        consumer.stop_flow()
        return await getmany(*arguments, **named)

    consumer._thread.getmany = stopped_meanwhile
    before = consumer._epoch
    assert [] == await fetch(consumer, {A: records(A, 5)})
    assert before < consumer._epoch


async def test_only_partitions_still_owned_are_committed(consumer: ChunkConsumer) -> None:
    await finish(consumer, *await fetch(consumer, {A: records(A, 5), B: records(B, 8)}))
    consumer._thread.owned = {B}
    assert await consumer.commit()
    assert [{B: 9}] == consumer._thread.commits
    consumer._thread.owned = set()
    assert not await consumer._commit_offsets({A: 6})


async def test_trap_14_on_revoke_it_waits_for_the_chunk_in_flight(consumer: ChunkConsumer) -> None:
    (chunk,) = await fetch(consumer, {A: records(A, 5)})
    consumer.begin(chunk)
    waiting = asyncio.create_task(consumer.wait_empty())
    await asyncio.sleep(0)
    assert not waiting.done()
    consumer.done(chunk)
    await waiting
    assert {A: 6} == consumer._thread.committed


async def test_trap_3_the_wait_on_revoke_ends(consumer: ChunkConsumer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "REVOKE_SECONDS", 0.01)
    first, second = await fetch(consumer, {A: records(A, 5)}, {A: records(A, 6)})
    await finish(consumer, first)
    consumer.begin(second)
    await consumer.wait_empty()
    assert {A: 6} == consumer._thread.committed


async def test_what_was_read_ahead_is_read_again_by_the_next_owner(consumer: ChunkConsumer) -> None:
    first, ahead = await fetch(consumer, {A: records(A, 5)}, {A: records(A, 6)})
    await finish(consumer, first)
    await consumer.wait_empty()
    await consumer.on_partitions_revoked({A})
    assert {A: 6} == consumer._thread.committed
    assert not consumer.begin(ahead)


def test_the_parts_of_faust_that_are_overridden_are_still_there() -> None:
    """A new Faust that renames one of these would silently bring its own accounting back."""
    base = ChunkConsumer.__mro__[1]
    for name in ("ack", "getmany", "perform_seek", "wait_empty", "on_partitions_revoked", "_filter_tps_with_pending_acks",
                 "_new_offset", "_add_gap", "_commit_offsets"):  # fmt: skip
        assert name in vars(ChunkConsumer)
        assert callable(getattr(base, name))
    source = inspect.getsource(base.commit) + inspect.getsource(base.force_commit) + inspect.getsource(base._commit_tps)
    for called in ("_filter_tps_with_pending_acks", "_filter_committable_offsets", "_commit_offsets"):
        assert called in source
