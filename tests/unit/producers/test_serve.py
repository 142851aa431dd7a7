"""The serving loop: an answer for everyone, after the durable write; whatever fails, nobody waits for ever.

The broker is away in all of these: nothing is listening at its address.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from producers.adapter import Incoming, Receipt
from producers.outbox import Outbox
from producers.serve import Server
from runtime import kafka
from tests.lines import FEED, BrokenDisk, Crash, incoming, line, outbox, visit, waiting

NOWHERE = "127.0.0.1:1"
FULL = Receipt(None, full=True)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client says on standard error, again and again, that nothing is listening."""
    monkeypatch.setattr(kafka, "producer", partial(kafka.producer, log_level=0))


@asynccontextmanager
async def serving(box: Outbox) -> AsyncIterator[Server]:
    server = Server(box, [FEED], NOWHERE, "test")
    server.start()
    try:
        yield server
    finally:
        await server.stop(timeout=0.1)


async def answer(server: Server, raw: bytes) -> Receipt:
    async with asyncio.timeout(10):
        return await server.take(incoming(raw))


async def test_the_receipt_comes_when_the_message_is_durable(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    async with serving(box) as server:
        assert 1 == (await answer(server, line("1", visit("A")))).sequence
        assert [1] == [one.sequence for one in waiting(box.path)]
        assert 2 == (await answer(server, line("2"))).sequence


async def test_calls_one_after_another_keep_their_order(tmp_path: Path) -> None:
    async with serving(outbox(tmp_path)) as server:
        receipts = await server.take_all([incoming(line(str(n), visit("A"))) for n in range(700)])
    assert list(range(1, 701)) == [receipt.sequence for receipt in receipts]


async def test_what_waits_together_is_stored_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = outbox(tmp_path)
    batches: list[int] = []
    take = box.take

    def counted(batch: Sequence[Incoming], delivered: Any = ()) -> list[Receipt]:
        batches.append(len(batch))
        return take(batch, delivered)

    monkeypatch.setattr(box, "take", counted)
    async with serving(box) as server:
        await server.take_all([incoming(line(str(n), visit("A"))) for n in range(300)])
    stored = [size for size in batches if size]
    assert 300 == sum(stored)
    assert len(stored) < 100


async def test_an_answer_nobody_waits_for_disturbs_nobody(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    async with serving(box) as server:
        lost = asyncio.ensure_future(server.take(incoming(line("1", visit("A")))))
        await asyncio.sleep(0)
        lost.cancel()
        assert 2 == (await answer(server, line("2", visit("B")))).sequence
    assert [1, 2] == [one.sequence for one in waiting(box.path)]


async def test_a_disk_that_fails_refuses_and_takes_again_when_it_is_well(
    tmp_path: Path, logged: Callable[[], str]
) -> None:
    box = outbox(tmp_path)
    async with serving(box) as server:
        await answer(server, line("1", visit("A")))
        with BrokenDisk(box.path):
            assert FULL == await answer(server, line("2", visit("B")))
        assert 2 == (await answer(server, line("2", visit("B")))).sequence
        assert not server.failed.done()
    assert '"event": "outbox_write_failed"' in logged()
    assert [1, 2] == [one.sequence for one in waiting(box.path)]


async def test_what_may_be_done_later_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: Callable[[], str]
) -> None:
    """Heartbeats, purges and silent numbers on a disk that fails."""
    box = outbox(tmp_path)

    def broken(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    for name in ("pulse", "purge", "forget_silent"):
        monkeypatch.setattr(box, name, broken)
    monkeypatch.setattr("producers.serve.PURGE_MS", 0)
    async with serving(box) as server:
        assert 1 == (await answer(server, line("1", visit("A")))).sequence
        assert 2 == (await answer(server, line("2", visit("A")))).sequence
        assert not server.failed.done()
    assert '"event": "outbox_failed"' in logged()


async def test_a_thread_that_fails_leaves_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the message in its hands, nor those behind it, nor those that come later; and it is told."""
    box = outbox(tmp_path)

    def fail(*_: object) -> list[Receipt]:
        raise ValueError("a fault of ours")

    async with serving(box) as server:
        assert (await answer(server, line("1", visit("A")))).accepted
        monkeypatch.setattr(box, "take", fail)
        both = await asyncio.gather(answer(server, line("2")), answer(server, line("3")))
        assert [FULL, FULL] == list(both)
        assert FULL == await answer(server, line("4"))
        with pytest.raises(ValueError, match="a fault of ours"):
            await asyncio.wait_for(server.failed, 10)
        monkeypatch.undo()
    assert [1] == [one.sequence for one in waiting(box.path)]


async def test_a_publisher_that_fails_is_told_and_messages_are_still_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no broker library")

    monkeypatch.setattr("producers.publish.Publisher._publish", fail)
    async with serving(outbox(tmp_path)) as server:
        with pytest.raises(RuntimeError, match="no broker library"):
            await asyncio.wait_for(asyncio.shield(server.failed), 10)
        assert (await answer(server, line("1", visit("A")))).accepted


async def test_after_the_end_nothing_is_taken(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    async with serving(box) as server:
        await answer(server, line("1", visit("A")))
    assert FULL == await answer(server, line("2", visit("B")))
    assert [1] == [one.sequence for one in waiting(box.path)]


async def test_at_the_end_what_was_handed_over_is_stored_and_answered(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    async with serving(box) as server:
        handed = [asyncio.ensure_future(server.take(incoming(line(str(n), visit("A"))))) for n in range(50)]
        await asyncio.sleep(0)
    receipts = await asyncio.gather(*handed)
    assert list(range(1, 51)) == [receipt.sequence for receipt in receipts]
    assert 50 == len(waiting(box.path))


async def test_a_crash_inside_a_message_is_nothing_taken(tmp_path: Path) -> None:
    """What is no Exception ends the thread as well, and no number is lost by it."""
    box = outbox(tmp_path)
    async with serving(box) as server:
        assert FULL == await answer(server, line("1", crash="now"))
        with pytest.raises(Crash):
            await asyncio.wait_for(asyncio.shield(server.failed), 10)
    assert [] == waiting(box.path)
