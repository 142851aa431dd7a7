"""A made-up dialect for tests: a file of lines, each a JSON object that says what becomes of it.

    {"id": "m1", "about": "V1", "say": "fever", "tell": [{"kind": "encounter", "number": "V1", …}, {"refuse": "charset"}]}

`about` names what is folded: everything that was ever said of it stands in the narrative `said` of what is told. A
document's further fields are those of `Document`; `raise` fails in the translator, `crash` ends the process's thread.
"""

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from producers.adapter import (
    Dialect,
    Document,
    Feed,
    Incoming,
    Link,
    Listener,
    Outcome,
    Parsed,
    Read,
    Receipt,
    Refusal,
    Rows,
    State,
    Taker,
    Translation,
)
from producers.event import Keys, Record
from producers.folder import Folder, FolderOptions
from producers.outbox import Outbox, unpack
from producers.receipt import render
from runtime.keyring import Keyring
from runtime.seal import HEADER, SealKey, unseal
from schemas import codec, registry, topics

NOW: Final = 1_780_000_000_000
"""2026-05-28, late afternoon in Hanoi."""
FACILITY: Final = "01001"
FEED: Final = Feed("01001.his", FACILITY, "HIS", "lines")
OTHER_FEED: Final = Feed("01001.lis", FACILITY, "LIS", "lines")
KEYRING: Final = Keyring({"01001-1": SealKey.make("01001-1", FACILITY, b"k" * 32)}, {FACILITY: b"p" * 32})
KEYS: Final = Keys.of(KEYRING, FACILITY)


class Crash(BaseException):
    """What no `except Exception` catches: the thread or process ends here."""


class Lines:
    """The translator."""

    def parse(self, raw: bytes, feed: Feed) -> Parsed | Refusal:  # noqa: ARG002 - as the plug asks
        try:
            content = orjson.loads(raw)
            return Parsed(content["id"], content.get("about"), content)
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return Refusal("charset", "line")

    def translate(self, state: State | None, parsed: Parsed, feed: Feed) -> Translation:  # noqa: ARG002
        content = parsed.content
        if "raise" in content:
            raise ValueError(content["raise"])
        if "crash" in content:
            raise Crash(content["crash"])
        said = [*(state or {}).get("said", []), *([content["say"]] if "say" in content else [])]
        outcomes = tuple(_outcome(told, said) for told in content.get("tell", ()))
        rows = Rows(1 + len(outcomes), len(outcomes), {"Z": 1} if content.get("unmapped") else {})
        return Translation(outcomes, {"said": said} if "say" in content else None, rows, content.get("silence", "none"))


def _outcome(told: dict[str, Any], said: list[str]) -> Outcome:
    given = dict(told)
    if "refuse" in given:
        original = given.get("original")
        return Refusal(given["refuse"], given.get("place", ""), original=original and original.encode())
    if "merge" in given:
        return Link(given["merge"], given["into"], "lines.merge", corrected_at=given.get("corrected_at"))
    narrative = given.pop("narrative", {}) | ({"said": " ".join(said)} if said else {})
    return Document(given.pop("kind", "encounter"), (given.pop("number"),), narrative=narrative, **given)


class LineOptions(FolderOptions):
    """Of a feed of lines."""


def read(path: Path, feed: Feed) -> Iterator[Read]:
    with path.open("rb") as file:
        for raw in file:
            if raw.strip():
                yield Read(raw.strip(), TRANSLATOR.parse(raw, feed))


def listen(feeds: Sequence[Feed], taker: Taker) -> Sequence[Listener]:
    return [Folder(feed, DIALECT, LineOptions.model_validate(feed.options), taker) for feed in feeds]


TRANSLATOR: Final = Lines()
DIALECT: Final = Dialect("lines", TRANSLATOR, LineOptions, read, render, listen, (".lines",))


# What tests do with it


def line(id_: str, *tell: dict[str, Any], **more: Any) -> bytes:
    return orjson.dumps({"id": id_, "tell": tell} | more)


def visit(number: str, **more: Any) -> dict[str, Any]:
    """An encounter."""
    return {"number": number, "visit_number": number} | more


def incoming(raw: bytes, *, feed: Feed = FEED, origin: tuple[str, ...] = ("here",), at: int = NOW) -> Incoming:
    return Incoming(feed, TRANSLATOR.parse(raw, feed), raw, origin, at)


def outbox(
    folder: Path,
    *,
    limit: int = topics.MAX_EVENT_BYTES,
    max_bytes: int = 1 << 30,
    keys: Mapping[str, Keys] | None = None,
) -> Outbox:
    return Outbox(folder, keys or {FACILITY: KEYS}, {"lines": TRANSLATOR}, limit=limit, max_bytes=max_bytes)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record in an outbox."""

    id: int
    adapter_id: str
    sequence: int
    record: Record = field(repr=False)

    @property
    def told(self) -> dict[str, Any]:
        return decoded(self.record.value)


def waiting(path: Path) -> list[Waiting]:
    """What waits in an outbox file for the broker, in order."""
    db = sqlite3.connect(path)
    try:
        rows = db.execute("SELECT id, adapter_id, sequence, topic, key, value, headers FROM record ORDER BY id")
        return [
            Waiting(id_, adapter_id, sequence, Record(topic, key, value, tuple(unpack(headers))))
            for id_, adapter_id, sequence, topic, key, value, headers in rows
        ]
    finally:
        db.close()


def decoded(value: bytes) -> dict[str, Any]:
    """The fields of a framed value."""
    framed = codec.unframe(value)
    assert framed is not None
    made = registry.codec(framed[0])
    assert made is not None
    return made.decode(framed[1])


def opened(record: Record) -> tuple[dict[str, str | None], dict[str, str]]:
    """(identity, narrative) of a record."""
    sealed = registry.SEALED.decode(unseal(KEYS.seal, dict(record.headers)[HEADER], record.value[codec.FRAME_BYTES :]))
    return sealed["identity"], sealed["narrative"]


class FakeTaker:
    """Takes everything at once. `full` and `refused` choose by the message's bytes; `gate` holds receipts back."""

    def __init__(self) -> None:
        self.taken: list[Incoming] = []
        self.full: set[bytes] = set()
        self.refused: set[bytes] = set()
        self.gate: asyncio.Event | None = None

    @property
    def lines(self) -> list[bytes]:
        return [one.raw for one in self.taken]

    async def take(self, incoming: Incoming) -> Receipt:
        self.taken.append(incoming)
        if self.gate is not None:
            await self.gate.wait()
        if incoming.raw in self.full:
            return Receipt(None, full=True)
        refusals = (Refusal("charset", "line"),) if incoming.raw in self.refused else ()
        return Receipt(len(self.taken), refusals)


class BrokenDisk:
    """While entered, no record can be written to an outbox: SQLite refuses, as it does where a disk is full."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._run("CREATE TRIGGER broken BEFORE INSERT ON feed BEGIN SELECT RAISE(ABORT, 'disk'); END")

    def __exit__(self, *_: object) -> None:
        self._run("DROP TRIGGER broken")

    def _run(self, statement: str) -> None:
        db = sqlite3.connect(self._path, timeout=20)
        try:
            db.execute(statement)
        finally:
            db.close()
