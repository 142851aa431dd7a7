"""Sending: files appear whole and in order, MLLP answers are checked, a broken connection changes no expectation."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path

import pytest

from infra.city.books import Books
from infra.city.city import City
from infra.city.folder import write_folder
from infra.city.message import Message
from infra.city.send import Sender, Tally, Targets
from infra.city.visits import LOCAL

START = datetime(2026, 11, 24, 9, 30, tzinfo=LOCAL)
Answer = Callable[[bytes], bytes | None]


def city(facilities: int = 2) -> City:
    return City(2, facilities, start=START, people=300)


def honest(messages: list[Message]) -> Answer:
    """Answers as the city expects it."""
    answers = {m.payload: (m.answer, m.name if m.payload.startswith(b"MSH") else "") for m in messages}

    def answer(payload: bytes) -> bytes:
        code, name = answers[payload]
        return f"MSH|^~\\&|A|B|C|D|20261124||ACK|1|P|2.5\rMSA|{code}|{name}\r".encode()

    return answer


@asynccontextmanager
async def receiver(answer: Answer) -> AsyncIterator[tuple[str, int]]:
    """An MLLP listener; where `answer` gives None it hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                frame = await reader.readuntil(b"\x1c\r")
                given = answer(frame[1:-2])
                if given is None:
                    break
                writer.write(b"\x0b" + given + b"\x1c\r")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield host, port


async def sweep(folders: list[Path], taken: list[str]) -> None:
    """An adapter that reads folders in file-time order and takes the files away."""
    while True:
        for folder in folders:
            for path in sorted(folder.glob("*.xml"), key=lambda p: p.stat().st_mtime_ns):
                taken.append(path.name)
                path.unlink()
        await asyncio.sleep(0.005)


async def send(
    messages: list[Message], answer: Answer, tmp: Path, books: Books, seconds: float | None = None
) -> tuple[Tally, list[str], list[Message]]:
    codes = sorted({message.facility for message in messages})
    folders = {code: tmp / code for code in codes}
    for folder in folders.values():
        folder.mkdir()
    taken: list[str] = []
    sent: list[Message] = []
    sweeper = asyncio.create_task(sweep(list(folders.values()), taken))
    async with receiver(answer) as address:
        targets = Targets(folders, dict.fromkeys(codes, address))
        tally = await Sender(iter(messages), books, targets, waiting=5, on_sent=sent.append).run(seconds)
    for _ in range(200):
        if not any(path for folder in folders.values() for path in folder.iterdir()):
            break
        await asyncio.sleep(0.01)
    sweeper.cancel()
    return tally, taken, sent


async def test_all_is_sent_once_entered_and_answered(tmp_path: Path) -> None:
    messages = list(islice(city().messages(lambda: START), 300))
    books = Books()
    tally, taken, sent = await send(messages, honest(messages), tmp_path, books)
    assert (300, 0, 0, 0) == (tally.messages, tally.answers_differ, tally.resent, tally.unanswered)
    assert tally.parts == books.totals()["published"]
    for facility in {message.facility for message in messages}:
        theirs = [m for m in messages if m.facility == facility]
        for dialect in ("insurance_xml", "hl7v2"):
            ordered = [m.name for m in theirs if m.dialect == dialect]
            assert ordered == [m.name for m in sent if m.facility == facility and m.dialect == dialect]
        files = [m.name for m in theirs if m.dialect == "insurance_xml" and not m.retransmission]
        assert files == list(dict.fromkeys(name for name in taken if name in set(files)))


async def test_a_broken_connection_sends_the_same_bytes_again_without_a_new_entry(tmp_path: Path) -> None:
    messages = [m for m in islice(city().messages(lambda: START), 60) if m.dialect == "hl7v2"]
    told = honest(messages)
    seen: list[bytes] = []

    def answer(payload: bytes) -> bytes | None:
        seen.append(payload)
        return None if len(seen) in (3, 4) else told(payload)

    books = Books()
    tally, _, _ = await send(messages, answer, tmp_path, books)
    assert 2 == tally.resent
    assert (len(messages), 0) == (tally.messages, tally.answers_differ)
    assert books.totals()["published"] == sum(len(m.expected) for m in messages)
    assert len(messages) + 2 == len(seen)
    assert {m.payload for m in messages} == set(seen)


async def test_not_now_is_asked_again(tmp_path: Path) -> None:
    messages = [m for m in islice(city().messages(lambda: START), 20) if m.dialect == "hl7v2"][:3]
    told, first = honest(messages), [True]

    def answer(payload: bytes) -> bytes | None:
        if first.pop() if first else False:
            return f"MSH|^~\\&\rMSA|AE|{messages[0].name}\rERR||MSH^1|207^busy\r".encode()
        return told(payload)

    tally, _, _ = await send(messages, answer, tmp_path, Books())
    assert (3, 1, 0) == (tally.messages, tally.refused_for_now, tally.answers_differ)


async def test_answers_that_differ_are_counted(tmp_path: Path) -> None:
    messages = [m for m in islice(city().messages(lambda: START), 30) if m.dialect == "hl7v2" and m.answer == "AA"]
    tally, _, _ = await send(messages, lambda _: b"MSH|^~\\&\rMSA|AE|other\r", tmp_path, Books())
    assert len(messages) == tally.answers_differ
    assert ("AA", "AE") == tally.differing[0]


async def test_what_was_not_sent_was_never_entered(tmp_path: Path) -> None:
    source = city()
    (tmp_path / "in").mkdir()
    folders = dict.fromkeys((entry["code"] for entry in source.register()), tmp_path / "in")
    told: list[Message] = []
    sent: list[Message] = []

    def remembered(payload: bytes) -> bytes | None:
        return honest(told)(payload)

    def stream() -> list[Message]:
        told.extend(islice(source.messages(lambda: START), 2_000))
        return told

    books = Books()
    async with receiver(remembered) as address:
        sender = Sender(
            iter(stream()), books, Targets(folders, dict.fromkeys(folders, address)), waiting=3, on_sent=sent.append
        )
        tally = await sender.run(0.15)
    assert 0 < tally.messages < 2_000
    assert tally.parts == books.totals()["published"] == sum(len(m.expected) for m in sent)
    assert len(list((tmp_path / "in").glob("*.xml"))) <= 6
    assert not list((tmp_path / "in").glob("*.part"))


async def test_a_rate_paces_parts(tmp_path: Path) -> None:
    source = city(1)
    messages = [m for m in islice(source.messages(lambda: START), 400) if m.dialect == "insurance_xml"]
    (tmp_path / "in").mkdir()
    targets = Targets({source.hospitals[0].code: tmp_path / "in"}, {})
    tally = await Sender(iter(messages), Books(), targets, rate=100.0, waiting=10_000).run(0.3)
    assert tally.parts <= 100 * 0.3 + 10


@pytest.mark.parametrize(("dialect", "ending"), [("insurance_xml", ".xml"), ("hl7v2", ".hl7")])
def test_write_folder_writes_a_file_a_message(tmp_path: Path, dialect: str, ending: str) -> None:
    books = write_folder(city(), tmp_path / "out", dialect, 40)
    files = list((tmp_path / "out").iterdir())
    assert 40 == len(files)
    assert {ending} == {path.suffix for path in files}
    assert books.totals()["published"] >= 40


def test_write_folder_knows_its_dialects(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="speak"):
        write_folder(city(), tmp_path, "dicom", 1)
