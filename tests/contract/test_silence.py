"""Silence: a patient's name, number, address and free text stand in no log, metric, repr, error, receipt or Kafka value.

Each dialect plants them wherever its format has a place, in whole, cut and broken files; `PLANTED` lists the dialects.
"""

import asyncio
import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from prometheus_client import generate_latest

from infra.conformance.check import Checker
from producers.adapter import Feed, Incoming, Parsed, Receipt
from producers.event import Keys
from producers.folder import DONE, REFUSED, Folder, FolderOptions
from producers.outbox import Outbox
from producers.serve import Server
from runtime import kafka
from schemas import topics
from schemas.kinds import KINDS
from schemas.sealed import IDENTITY
from tests.canary import CANARY, Planted, leaks
from tests.lines import DIALECT, FACILITY, KEYRING, BrokenDisk, decoded, line, visit, waiting

# What is planted


def lines() -> Planted:
    """The made-up dialect: every kind, every sealed field, what is said and folded, what a translator may do wrong."""
    identity = dict.fromkeys(IDENTITY, CANARY.full_name) | {
        "full_name": CANARY.full_name, "citizen_id": CANARY.citizen_id, "birth": CANARY.birth, "phone": CANARY.phone,
        "address": CANARY.address, "cards": f"{CANARY.card};{CANARY.card}", "patient_number": CANARY.patient_number,
        "visit_number": CANARY.visit_number, "sex": "2",
    }  # fmt: skip
    spoken = f"Bn {CANARY.full_name.upper()}, {CANARY.address}; {CANARY.citizen_id} ({CANARY.phone}) {CANARY.card}"
    whole = visit(
        CANARY.visit_number, patient_number=CANARY.patient_number, identity=identity,
        narrative={"note": CANARY.note, "extra.Z": f"{spoken} {CANARY.birth}"},
    )  # fmt: skip
    told = [whole | {"kind": kind} for kind in KINDS]
    told[0] = told[0] | {"body": {"discharge_diagnosis": spoken}}
    wrong = json.dumps(whole, ensure_ascii=False)
    every = json.dumps({"texts": CANARY.texts}, ensure_ascii=False)
    return Planted(
        DIALECT,
        f"{CANARY.full_name} {CANARY.citizen_id}.lines",
        b"\n".join(
            [
                line(f"m {CANARY.note}", *told, about=CANARY.visit_number, say=every),
                line(CANARY.citizen_id, {"refuse": "charset"}, whole, about=CANARY.visit_number, say=every),
                line(CANARY.full_name, whole | {"body": {"treatment_days": wrong}}),
                line("raises", **{"raise": every}),
                line("silent", every=every),
                every.encode(),
            ]
        ),
    )


PLANTED: Final[dict[str, Callable[[], Planted]]] = {"lines": lines}
"""Dialect -> a file with the canary in each of its fields."""


def spoilt(content: bytes) -> Iterator[bytes]:
    """The file as it is, cut, and with bytes of no character set in it."""
    yield content
    for part in (3, 2):
        yield content[: len(content) // part]
    middle = content.find(CANARY.note.encode()) + 1 or len(content) // 2
    yield content[:middle] + b"\xff\xfe" + content[middle:]
    yield content.replace(CANARY.full_name.encode(), CANARY.full_name.encode("utf-16-le"))


FILES: Final = [
    pytest.param(replace(made, content=content), id=f"{name}-{number}")
    for name, plant in PLANTED.items()
    for made in [plant()]
    for number, content in enumerate(spoilt(made.content))
]


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "producer", partial(kafka.producer, log_level=0))


def feed(planted: Planted) -> Feed:
    options = planted.dialect.options.model_validate(planted.options).model_dump()
    return Feed("01001.his", FACILITY, "HIS", planted.dialect.name, options=options)


def box_of(planted: Planted, folder: Path) -> Outbox:
    keys = {FACILITY: Keys.of(KEYRING, FACILITY)}
    translators = {planted.dialect.name: planted.dialect.translator}
    return Outbox(folder, keys, translators, limit=topics.MAX_EVENT_BYTES, max_bytes=1 << 30)


# What is looked at


async def served(planted: Planted, folder: Path) -> tuple[Outbox, Server, Folder]:
    """The file taken from a folder by a whole adapter whose broker is away, then sent again to a broken disk."""
    box, inbox = box_of(planted, folder / "data"), folder / "in"
    server = Server(box, [feed(planted)], "127.0.0.1:1", "test")
    server.start()
    options = FolderOptions.model_validate({"folder": inbox, "renamed": True, "poll_seconds": 0.01})
    watched = Folder(feed(planted), planted.dialect, options, server)
    await watched.start()
    planted.write(folder).rename(inbox / planted.name)
    async with asyncio.timeout(30):
        while not any((inbox / name / planted.name).exists() for name in (DONE, REFUSED)):
            await asyncio.sleep(0.01)
    with BrokenDisk(box.path):
        for read in planted.dialect.read(_moved(inbox, planted), feed(planted)):
            taken = await server.take(Incoming(feed(planted), read.parsed, read.raw, ("again",), 1_780_000_000_000))
            assert Receipt(None, full=True) == taken
    await watched.stop()
    await server.stop(timeout=0.1)
    return box, server, watched


def _moved(inbox: Path, planted: Planted) -> Path:
    (found,) = (path for name in (DONE, REFUSED) if (path := inbox / name / planted.name).exists())
    return found


@pytest.mark.parametrize("planted", FILES)
async def test_a_whole_adapter_is_silent(planted: Planted, tmp_path: Path, logged: Callable[[], str]) -> None:
    box, server, watched = await served(planted, tmp_path)
    assert [] == leaks(logged()), "in the log"
    assert [] == leaks(generate_latest().decode()), "in a metric"
    assert [] == leaks(f"{box!r} {server!r} {watched!r} {planted!r}".replace(planted.name, ""))
    for row in waiting(box.path):
        record = row.record
        texts = f"{record!r} {record.topic} {decoded(record.value)}"
        assert [] == leaks(texts), f"in the fields of {record.topic}"
        for part in (record.value, record.key, *(value for _, value in record.headers)):
            assert [] == leaks(part), f"in the bytes of {record.topic}"
    for path in (tmp_path / "data").rglob("*"):
        assert not path.is_file() or [] == leaks(path.read_bytes() + path.name.encode()), f"at rest in {path.suffix}"
    for path in (tmp_path / "in").rglob("*.receipt.txt"):
        assert [] == leaks(path.read_text(encoding="utf-8")), "in the receipt"


@pytest.mark.parametrize("planted", FILES)
def test_every_object_on_the_way_is_silent(planted: Planted, tmp_path: Path) -> None:
    own = feed(planted)
    box = box_of(planted, tmp_path / "data")
    for index, read in enumerate(planted.dialect.read(planted.write(tmp_path), own), 1):
        one = Incoming(own, read.parsed, read.raw, (planted.name, str(index)), 1_780_000_000_000)
        shown: list[Any] = [read, read.parsed, one, own, *box.take([one])]
        if isinstance(read.parsed, Parsed):
            with suppress(ValueError):  # as a translator may do wrong
                translation = planted.dialect.translator.translate(None, read.parsed, own)
                shown += [translation, *translation.outcomes]
        assert [] == leaks(" ".join(map(repr, shown)))
        assert [] == leaks(" ".join(map(str, shown)))
    box.close()


@pytest.mark.parametrize("planted", FILES)
def test_adapter_check_is_silent(planted: Planted, tmp_path: Path) -> None:
    """Its lines are sent to others to be explained. The path is the caller's own word."""
    checker = Checker(planted.dialect, feed(planted))
    for found in checker.check(planted.write(tmp_path)):
        line_ = orjson.dumps(found.line() | {"path": ""}).decode()
        assert [] == leaks(line_)
        assert [] == leaks(repr(replace(found, path="")))


def test_all_of_it_was_really_planted() -> None:
    """And is really there to be found."""
    for name, plant in PLANTED.items():
        assert CANARY.texts == leaks(plant().content), name


# What looks, sees


@pytest.mark.parametrize("text", CANARY.texts)
def test_a_leak_is_seen_however_it_is_written(text: str) -> None:
    ways = [
        text, text.upper(), f"x{text}x", text.replace(" ", "^"), text.replace(" ", "  "), ".".join(text),
        json.dumps({"a": text}), repr(text.encode()), str({"a": [text]}), repr(text),
    ]  # fmt: skip
    for shown in ways:
        assert text in leaks(shown), shown
    for encoded in (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"), b"\0\xff" + text.encode()):
        assert text in leaks(encoded)


def test_what_is_not_there_is_not_seen() -> None:
    assert [] == leaks("Nguyễn Văn An, 001090123456, viêm phổi")
    assert [] == leaks(base64.b64encode(b"\0" * 500).decode())
    assert [] == leaks(b"")


def test_a_dialect_that_speaks_would_be_heard(tmp_path: Path) -> None:
    """A receipt that quotes its file, as a check of the check."""
    planted = lines()
    loud = replace(planted.dialect, answer=lambda receipts: f"{len(receipts)} of {CANARY.full_name}")
    with pytest.raises(AssertionError, match="in the receipt"):
        asyncio.run(test_a_whole_adapter_is_silent(replace(planted, dialect=loud), tmp_path, lambda: ""))
    assert threading.active_count() < 20
