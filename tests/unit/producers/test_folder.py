"""A watched folder: files whole and in file-time order, answered by receipts; nothing is lost, nothing holds up others."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from producers import folder as room
from producers.adapter import Dialect, Feed, Read, Receipt
from producers.folder import DONE, RECEIPT, REFUSED, Folder, FolderOptions
from tests.lines import DIALECT, FEED, FakeTaker, incoming, line, outbox, read, visit, waiting

CANARY = "Nguyễn Văn Canary"
SECOND = 1_000_000_000


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(room, "LEFT_SECONDS", 0.02)


def settings(folder: Path | None, **options: Any) -> FolderOptions:
    return FolderOptions.model_validate({"folder": folder} | options)


@asynccontextmanager
async def watching(
    folder: Path, taker: Any, *, dialect: Dialect = DIALECT, feed: Feed = FEED, **options: Any
) -> AsyncIterator[Folder]:
    chosen = settings(folder, **({"renamed": True, "poll_seconds": 0.005} | options))
    made = Folder(feed, dialect, chosen, taker)
    await made.start()
    try:
        yield made
    finally:
        async with asyncio.timeout(20):
            await made.stop()


async def until(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not ready():
            await asyncio.sleep(0.005)


def put(folder: Path, name: str, *lines: bytes, age: int = 0) -> Path:
    """A file as it appears when it is renamed into the folder, `age` seconds old."""
    folder.mkdir(parents=True, exist_ok=True)
    hidden = folder / f".{name}"
    hidden.write_bytes(b"\n".join(lines))
    stamp = 1_780_000_000 * SECOND - age * SECOND
    os.utime(hidden, ns=(stamp, stamp))
    return hidden.rename(folder / name)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.endswith(RECEIPT))


def is_moved(folder: Path, *moved: str, to: str = DONE) -> Callable[[], bool]:
    return lambda: (folder / to).exists() and set(moved) <= set(names(folder / to))


# Taking and answering


async def test_a_file_is_taken_answered_and_moved(tmp_path: Path) -> None:
    put(tmp_path, "a.lines", b"one", b"two", b"three")
    taker = FakeTaker()
    async with watching(tmp_path, taker):
        await until(is_moved(tmp_path, "a.lines"))
    assert [b"one", b"two", b"three"] == taker.lines
    assert [("a.lines", "1"), ("a.lines", "2"), ("a.lines", "3")] == [one.origin for one in taker.taken]
    assert {FEED.adapter_id} == {one.feed.adapter_id for one in taker.taken}
    assert b"one\ntwo\nthree" == (tmp_path / DONE / "a.lines").read_bytes()
    receipt = (tmp_path / DONE / f"a.lines{RECEIPT}").read_text(encoding="utf-8")
    assert receipt.startswith("3 thông điệp: 3 đã nhận, 0 có lỗi\n3 messages: 3 accepted, 0 with faults\n")
    assert [] == names(tmp_path)


async def test_a_file_with_a_fault_goes_to_refused_with_its_reason(tmp_path: Path) -> None:
    taker = FakeTaker()
    taker.refused = {b"two"}
    put(tmp_path, "a.lines", b"one", b"two")
    async with watching(tmp_path, taker):
        await until(is_moved(tmp_path, "a.lines", to=REFUSED))
    assert [] == names(tmp_path / DONE)
    receipt = (tmp_path / REFUSED / f"a.lines{RECEIPT}").read_text(encoding="utf-8")
    assert "1 đã nhận, 1 có lỗi" in receipt
    assert "charset line" in receipt


async def test_the_receipt_is_there_before_the_file_is_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sees the file moved finds its receipt, whole."""
    seen: list[list[str]] = []
    replace_ = Path.replace

    def watched(path: Path, target: Path) -> Path:
        if path.parent == tmp_path:
            seen.append([one.name for one in (tmp_path / DONE).iterdir()])
        return replace_(path, target)

    monkeypatch.setattr(Path, "replace", watched)
    put(tmp_path, "a.lines", b"one")
    async with watching(tmp_path, FakeTaker()):
        await until(is_moved(tmp_path, "a.lines"))
    assert [[f"a.lines{RECEIPT}"]] == seen


async def test_a_file_of_nothing_is_answered_too(tmp_path: Path) -> None:
    put(tmp_path, "a.lines")
    async with watching(tmp_path, FakeTaker()):
        await until(is_moved(tmp_path, "a.lines"))
    assert "0 messages" in (tmp_path / DONE / f"a.lines{RECEIPT}").read_text(encoding="utf-8")


async def test_other_files_are_left_alone(tmp_path: Path) -> None:
    others = ["a.txt", ".hidden.lines", "lines", "a.lines.unfinished"]
    for name in others:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.lines").mkdir()
    put(tmp_path, "B.LINES", b"one")
    async with watching(tmp_path, FakeTaker()):
        await until(is_moved(tmp_path, "B.LINES"))
    assert sorted(others) == names(tmp_path)
    assert (tmp_path / "folder.lines").is_dir()


async def test_the_oldest_file_comes_first_and_of_one_time_the_first_name(tmp_path: Path) -> None:
    put(tmp_path, "a.lines", b"young", age=1)
    put(tmp_path, "z.lines", b"oldest", age=9)
    put(tmp_path, "d.lines", b"middle 2", age=5)
    put(tmp_path, "c.lines", b"middle 1", age=5)
    taker = FakeTaker()
    async with watching(tmp_path, taker):
        await until(is_moved(tmp_path, "a.lines", "z.lines", "c.lines", "d.lines"))
    assert [b"oldest", b"middle 1", b"middle 2", b"young"] == taker.lines


async def test_many_files_and_many_messages_keep_their_order(tmp_path: Path) -> None:
    expected = []
    for number in range(50):
        lines = [f"{number}-{index}".encode() for index in range(45 if number % 10 == 0 else 2)]
        put(tmp_path, f"{number}.lines", *lines, age=100 - number)
        expected += lines
    taker = FakeTaker()
    async with watching(tmp_path, taker):
        await until(lambda: 50 == len(names(tmp_path / DONE)))
    assert expected == taker.lines


async def test_a_name_that_lies_there_already_is_kept(tmp_path: Path) -> None:
    """Files sent again under their old name, and the receipts of both."""
    for content in (b"first", b"second", b"third"):
        put(tmp_path, "a.lines", content)
        async with watching(tmp_path, FakeTaker()):
            await until(lambda: [] == names(tmp_path))
    assert ["a.lines", "a.lines.2", "a.lines.3"] == names(tmp_path / DONE)
    found = [(tmp_path / DONE / name).read_bytes() for name in ("a.lines", "a.lines.2", "a.lines.3")]
    assert [b"first", b"second", b"third"] == found
    assert 3 == sum(1 for path in (tmp_path / DONE).iterdir() if path.name.endswith(RECEIPT))


async def test_a_file_of_a_name_that_is_no_unicode_is_taken(tmp_path: Path) -> None:
    name = os.fsdecode(b"b\xe9nh.lines")
    put(tmp_path, name, line("1", visit("A")))
    box = outbox(tmp_path / "data")
    async with watching(tmp_path, Direct(box)):
        await until(is_moved(tmp_path, name))
    assert 1 == len(waiting(box.path))
    box.close()


# Settling


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr("producers.folder.time.monotonic", lambda: self.now)


def ready(made: Folder) -> list[str]:
    return [path.name for path in made._ready()]


async def test_a_file_is_whole_when_it_has_not_changed_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    path = tmp_path / "a.lines"
    made = Folder(FEED, DIALECT, settings(tmp_path, settle_seconds=2), FakeTaker())
    path.write_bytes(b"one")
    assert [] == ready(made)
    clock.now += 1.9
    assert [] == ready(made)
    path.write_bytes(b"one\ntwo")
    clock.now += 1.9
    assert [] == ready(made)
    os.utime(path, ns=(SECOND, SECOND))  # as large as before, written again
    clock.now += 1.9
    assert [] == ready(made)
    clock.now += 2
    assert ["a.lines"] == ready(made)


async def test_a_file_that_is_renamed_in_is_whole_at_once(tmp_path: Path) -> None:
    made = Folder(FEED, DIALECT, settings(tmp_path, renamed=True), FakeTaker())
    put(tmp_path, "a.lines", b"one")
    assert ["a.lines"] == ready(made)


async def test_a_file_that_went_and_came_again_must_settle_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    made = Folder(FEED, DIALECT, settings(tmp_path, settle_seconds=2), FakeTaker())
    path = put(tmp_path, "a.lines", b"one")
    assert [] == ready(made)
    path.unlink()
    assert [] == ready(made)
    put(tmp_path, "a.lines", b"one")
    clock.now += 5
    assert [] == ready(made)
    clock.now += 2
    assert ["a.lines"] == ready(made)


# Full, crashed, broken


async def test_a_full_outbox_leaves_the_file_where_it_is(tmp_path: Path) -> None:
    put(tmp_path, "a.lines", b"one", b"two", age=2)
    put(tmp_path, "b.lines", b"three", age=1)
    taker = FakeTaker()
    taker.full = {b"two"}
    async with watching(tmp_path, taker):
        await until(lambda: 2 <= taker.lines.count(b"two"))
        assert "a.lines" in names(tmp_path)
        assert [] == [path for path in (tmp_path / DONE).iterdir() if path.name.startswith("a.")]
        taker.full = set()
        await until(is_moved(tmp_path, "a.lines", "b.lines"))
    receipt = (tmp_path / DONE / f"a.lines{RECEIPT}").read_text(encoding="utf-8")
    assert "2 accepted" in receipt


class Direct:
    """Takes into a real outbox, at once."""

    def __init__(self, box: Any) -> None:
        self.box = box
        self.receipts: list[Receipt] = []

    async def take(self, incoming: Any) -> Receipt:
        self.receipts += self.box.take([incoming])
        return self.receipts[-1]


async def test_a_crash_between_write_and_move_costs_nothing(tmp_path: Path) -> None:
    """The messages are in the outbox, the file still lies there: it is read again and gets its first receipts."""
    lines = [line("1", visit("A")), line("2", {"refuse": "charset"}), line("3")]
    put(tmp_path / "in", "a.lines", *lines)
    box = outbox(tmp_path / "data")
    box.take([incoming(raw, origin=("a.lines", str(index))) for index, raw in enumerate(lines, 1)])
    taker = Direct(box)
    async with watching(tmp_path / "in", taker):
        await until(is_moved(tmp_path / "in", "a.lines", to=REFUSED))
    assert [1, 2, 3] == [receipt.sequence for receipt in taker.receipts]
    assert all(receipt.retransmission for receipt in taker.receipts)
    assert 2 == len(waiting(box.path))
    receipt = (tmp_path / "in" / REFUSED / f"a.lines{RECEIPT}").read_text(encoding="utf-8")
    assert 3 == receipt.count("gửi lại / sent again")
    box.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
async def test_a_file_without_permission_holds_up_no_other(tmp_path: Path) -> None:
    put(tmp_path, "a.lines", b"one", age=9).chmod(0)
    put(tmp_path, "b.lines", b"two")
    async with watching(tmp_path, FakeTaker()):
        await until(is_moved(tmp_path, "b.lines"))
        (tmp_path / "a.lines").chmod(0o600)
        await until(is_moved(tmp_path, "a.lines"))


def failing(error: Exception, *, bad: str, after: int = 0, times: int = 1_000_000) -> Dialect:
    """Reads lines, but fails in a file of this name after some messages."""
    left = [times]

    def read_badly(path: Path, feed: Feed) -> Iterator[Read]:
        for index, one in enumerate(read(path, feed)):
            if path.name == bad and index == after and left[0]:
                left[0] -= 1
                raise error
            yield one

    return replace(DIALECT, read=read_badly)


@pytest.mark.parametrize(
    "error", [PermissionError(CANARY), OSError(CANARY), ValueError(CANARY), FileNotFoundError(CANARY)]
)
@pytest.mark.parametrize("after", [0, 1])
async def test_a_file_that_cannot_be_read_holds_up_no_other(
    tmp_path: Path, error: Exception, after: int, logged: Callable[[], str]
) -> None:
    put(tmp_path, "a.lines", b"one", b"two", b"three", age=9)
    put(tmp_path, "b.lines", b"four", age=8)
    taker = FakeTaker()
    dialect = failing(error, bad="a.lines", after=after, times=3)
    async with watching(tmp_path, taker, dialect=dialect):
        await until(is_moved(tmp_path, "b.lines"))
        await until(is_moved(tmp_path, "a.lines"))
    assert [b"one", b"two", b"three"] == [raw for raw in taker.lines if raw != b"four"][-3:]
    told = logged()
    assert CANARY not in told
    assert isinstance(error, FileNotFoundError) or '"event": "file_left"' in told


async def test_a_file_that_vanishes_is_nobodys_fault(tmp_path: Path, logged: Callable[[], str]) -> None:
    """Taken away after the folder was listed, and after it was taken."""

    def vanish(path: Path, feed: Feed) -> Iterator[Read]:
        yield from list(read(path, feed))
        if path.name == "a.lines":
            path.unlink()

    put(tmp_path, "a.lines", b"one", age=9)
    put(tmp_path, "b.lines", b"two")
    taker = FakeTaker()
    async with watching(tmp_path, taker, dialect=replace(DIALECT, read=vanish)):
        await until(is_moved(tmp_path, "b.lines"))
    assert [b"one", b"two"] == taker.lines
    assert "error" not in logged()


async def test_a_receipt_that_cannot_be_written_leaves_the_file_and_its_messages_taken(
    tmp_path: Path, logged: Callable[[], str]
) -> None:
    broken = [True]

    def answer(receipts: Sequence[Receipt]) -> str:
        if broken[0]:
            raise KeyError(CANARY)
        return DIALECT.answer(receipts)

    put(tmp_path, "a.lines", b"one")
    taker = FakeTaker()
    async with watching(tmp_path, taker, dialect=replace(DIALECT, answer=answer)):
        await until(lambda: 2 <= len(taker.taken))
        assert ["a.lines"] == names(tmp_path)
        broken[0] = False
        await until(is_moved(tmp_path, "a.lines"))
    assert CANARY not in logged()


async def test_a_folder_that_is_away_is_told_and_taken_up_again(tmp_path: Path, logged: Callable[[], str]) -> None:
    folder = tmp_path / "in"
    async with watching(folder, FakeTaker()):
        folder.rename(tmp_path / "away")
        await until(lambda: '"event": "folder_failed"' in logged())
        (tmp_path / "away").rename(folder)
        put(folder, "a.lines", b"one")
        await until(is_moved(folder, "a.lines"))


async def test_done_that_was_cleared_away_is_made_again(tmp_path: Path) -> None:
    async with watching(tmp_path, FakeTaker()):
        (tmp_path / DONE).rmdir()
        put(tmp_path, "a.lines", b"one")
        await until(is_moved(tmp_path, "a.lines"))


# Starting and ending


async def test_the_end_comes_at_once_and_finishes_the_file_in_hand(tmp_path: Path) -> None:
    put(tmp_path, "a.lines", b"one")
    taker = FakeTaker()
    taker.gate = asyncio.Event()
    async with watching(tmp_path, taker, poll_seconds=60) as made:
        await until(lambda: 1 == len(taker.taken))
        ending = asyncio.ensure_future(made.stop())
        await asyncio.sleep(0)
        assert not ending.done()
        taker.gate.set()
        await ending
    assert ["a.lines"] == names(tmp_path / DONE)


async def test_the_end_does_not_wait_for_the_next_look(tmp_path: Path) -> None:
    async with watching(tmp_path, FakeTaker(), poll_seconds=60):
        await asyncio.sleep(0.01)


async def test_stopping_what_was_not_started_is_nothing(tmp_path: Path) -> None:
    await Folder(FEED, DIALECT, settings(tmp_path), FakeTaker()).stop()


def test_a_feed_without_a_folder_cannot_be_watched() -> None:
    with pytest.raises(ValueError, match="folder"):
        Folder(FEED, DIALECT, settings(None), FakeTaker())


async def test_no_more_is_held_than_the_outbox_can_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large file is read only as fast as its messages are stored."""
    monkeypatch.setattr(room, "HELD_BYTES", 1_000)
    put(tmp_path, "a.lines", *(b"x" * 100 for _ in range(200)))
    taker = FakeTaker()
    taker.gate = asyncio.Event()
    async with watching(tmp_path, taker):
        await until(lambda: len(taker.taken) >= 11)  # the eleventh goes beyond what may be held
        for _ in range(20):
            await asyncio.sleep(0)
        assert 11 == len(taker.taken)
        taker.gate.set()
        await until(is_moved(tmp_path, "a.lines"))
    assert 200 == len(taker.taken)


async def test_no_name_of_a_file_is_logged_or_shown(tmp_path: Path, logged: Callable[[], str]) -> None:
    put(tmp_path, f"{CANARY}.lines", b"one")
    taker = FakeTaker()
    dialect = failing(PermissionError(13, "denied", f"{CANARY}.lines"), bad=f"{CANARY}.lines", times=2)
    async with watching(tmp_path, taker, dialect=dialect):
        await until(is_moved(tmp_path, f"{CANARY}.lines"))
    assert '"event": "file_left"' in logged()
    assert "Canary" not in logged() + repr(taker.taken)
