"""Sending history: files -> an outbox of its own -> Kafka, at a bounded rate, resumed where it ended.

Nothing is remembered of where it was: run again, files are read again, and what was taken within the last 7 days is
known by file, place and bytes and costs no number. So a file may be sent again at any time without harm.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from infra.backfill.meter import Meter
from producers.adapter import Dialect, Feed, Incoming, Read, Receipt
from producers.event import Keys
from producers.history import History
from producers.outbox import Outbox, OutboxInUse
from producers.serve import Server
from runtime import keyring
from runtime.clock import now_ms
from runtime.settings import AdapterSettings, SettingsError
from runtime.window import Window
from schemas import topics
from schemas.numbers import history_adapter

FOLDER: Final = "backfill"
"""Below the adapter's data folder: a running adapter keeps its own outbox."""
AT_ONCE: Final = 200
HELD_BYTES: Final = 8 << 20
FULL_SECONDS: Final = 0.5


@dataclass(slots=True)
class Sent:
    """What one run did, in messages, parts and files. `waiting` records had not reached Kafka when it ended."""

    files: int = 0
    unreadable: list[Path] = field(default_factory=list)
    messages: int = 0
    again: int = 0
    documents: int = 0
    refused: int = 0
    without_document: int = 0
    waiting: int = 0
    stopped: bool = False

    def add(self, receipt: Receipt) -> None:
        self.messages += 1
        if receipt.retransmission:
            self.again += 1
            return
        self.documents += len(receipt.documents)
        self.refused += len(receipt.refusals)
        self.without_document += receipt.silence is not None


@dataclass(frozen=True, slots=True)
class Plan:
    """`rate` in messages a second, 0 for as fast as it goes; `since` epoch milliseconds."""

    feed: Feed
    dialect: Dialect
    files: Sequence[Path]
    rate: float = 0.0
    since: int | None = None


def feed_of(made: Sequence[Feed], dialect: str, adapter_id: str | None) -> Feed:
    """The configured feed whose history it is, under its own name in the ledger. SettingsError where it is not clear."""
    named = adapter_id and history_adapter(adapter_id)
    found = [feed for feed in made if feed.dialect == dialect and named in (None, history_adapter(feed.adapter_id))]
    if len(found) != 1:
        names = ", ".join(feed.adapter_id for feed in made if feed.dialect == dialect) or "none"
        raise SettingsError(f"one feed of {dialect} is needed; the configuration has: {names} (choose with --feed)")
    return replace(found[0], adapter_id=history_adapter(found[0].adapter_id))


def files_of(paths: Sequence[Path], suffixes: tuple[str, ...]) -> list[Path]:
    """Files as they are, those below folders in order of their times: what was written later is read later."""
    out: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = (p for p in path.rglob("*") if p.name.lower().endswith(suffixes) and p.is_file())
            out += sorted(found, key=lambda p: (p.stat().st_mtime_ns, str(p)))
        else:
            out.append(path)
    return out


async def send(
    settings: AdapterSettings, plan: Plan, stop: threading.Event, on_read: Callable[[int], None] = lambda _: None
) -> Sent:
    """Until every file is sent and Kafka has it, or `stop`. `on_read` is told of bytes of the files as they are done."""
    outbox = _outbox(settings, plan)
    window = Window(settings.kafka) if settings.embedded_kafka else None
    server = Server(outbox, [plan.feed], settings.kafka, "backfill", window)
    server.start()
    sent = Sent()
    try:
        for path in plan.files:
            if stop.is_set() or server.failed.done():
                break
            meter = Meter(_size(path), on_read)
            await _file(server, plan, path, stop, sent, meter)
            meter.done()
        await _drained(outbox.path, server, stop)
        if server.failed.done():
            server.failed.result()
    finally:
        sent.stopped = stop.is_set()
        await server.stop(ended=True)  # which sends, too
    sent.waiting = _waiting(outbox.path)
    return sent


def _outbox(settings: AdapterSettings, plan: Plan) -> Outbox:
    try:
        keys = Keys.of(keyring.load(settings.keyring), plan.feed.facility)
        return Outbox(
            settings.data / FOLDER,
            {plan.feed.facility: keys},
            {plan.feed.dialect: History(plan.dialect.translator, plan.since)},
            limit=topics.MAX_EVENT_BYTES_EMBEDDED if settings.embedded_kafka else topics.MAX_EVENT_BYTES,
            max_bytes=settings.outbox_bytes,
        )
    except keyring.KeyringError as error:
        raise SettingsError(f"settings are wrong or missing:\n  keyring: {error}") from None
    except OutboxInUse:
        raise SettingsError("another backfill works in this data folder") from None


async def _file(server: Server, plan: Plan, path: Path, stop: threading.Event, sent: Sent, meter: Meter) -> None:
    sent.files += 1
    reads = _reads(plan, path)
    index = 0
    due = time.monotonic()
    while not stop.is_set():
        try:
            batch = await asyncio.to_thread(_next, reads, plan.rate)
        except Exception:  # what cannot be read on costs this file, not the others
            sent.unreadable.append(path)
            return
        if not batch:
            return
        origin = [(str(path.resolve()), str(index + at)) for at in range(1, len(batch) + 1)]
        index += len(batch)
        for receipt in await _take(server, plan.feed, batch, origin, stop):
            sent.add(receipt)
        meter.read(read.raw for read in batch)
        if plan.rate > 0:
            due = max(due, time.monotonic() - 1) + len(batch) / plan.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))


async def _take(
    server: Server, feed: Feed, batch: list[Read], origins: list[tuple[str, str]], stop: threading.Event
) -> list[Receipt]:
    """Receipts of the batch; a full outbox is waited for, in order."""
    receipts: list[Receipt] = []
    while True:
        left = list(zip(batch, origins, strict=True))[len(receipts) :]
        incoming = [Incoming(feed, read.parsed, read.raw, origin, now_ms()) for read, origin in left]
        made = await server.take_all(incoming)
        taken = next((at for at, receipt in enumerate(made) if receipt.full), len(made))
        receipts += made[:taken]
        if taken == len(made) or stop.is_set() or server.failed.done():
            return receipts
        await asyncio.sleep(FULL_SECONDS)


def _reads(plan: Plan, path: Path) -> Iterator[Read]:
    if not path.is_file():
        raise OSError("not a regular file")
    yield from plan.dialect.read(path, plan.feed)


def _next(reads: Iterator[Read], rate: float) -> list[Read]:
    """The next messages: few where they are paced or large."""
    most = AT_ONCE if rate <= 0 else max(1, min(AT_ONCE, int(rate / 5)))
    batch: list[Read] = []
    held = 0
    for read in reads:
        batch.append(read)
        held += len(read.raw)
        if len(batch) >= most or held > HELD_BYTES:
            break
    return batch


async def _drained(path: Path, server: Server, stop: threading.Event) -> None:
    """Until nothing waits, the run is stopped or a thread failed."""
    while _waiting(path) and not stop.is_set() and not server.failed.done():
        await asyncio.sleep(0.1)


def _waiting(path: Path) -> int:
    """Records that Kafka has not got."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as reader:
        return int(reader.execute("SELECT count(*) FROM record").fetchone()[0])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
