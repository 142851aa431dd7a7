"""A small city for tests of the rejection workbench: one hospital's HL7 folder, a worker and a sink, all as threads."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import structlog
from typer.testing import CliRunner

from infra.cli import build
from producers import run as adapter
from runtime import kafka, keyring
from runtime.keyring import Keyring
from runtime.settings import AdapterSettings, ClickHouseSettings, SinkSettings, WorkerSettings, load
from sinks.clickhouse import reconcile, sink
from sinks.clickhouse.client import ClickHouse, connect
from stream_processors import app
from stream_processors.receive import Source
from tests.servers import Servers

FACILITY: Final = "01003"
OTHER: Final = "01004"
CANARY: Final = "Hoàng Yến Chim Báo"
"""The name of every patient here: it may stand nowhere but in an opened original."""
_WAIT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Told:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class City:
    """`store` is ClickHouse, `folder` holds everything that is written."""

    servers: Servers
    url: str
    folder: Path
    ring: Keyring
    store: ClickHouse
    files: Iterator[int] = field(default_factory=lambda: count(1))
    printed: list[str] = field(default_factory=list)

    @property
    def keyring(self) -> Path:
        return self.folder / "keyring.json"

    def send(self, *messages: bytes) -> None:
        """The hospital's system writes one file a message."""
        for message in messages:
            name = f"{next(self.files):06d}.hl7"
            unfinished = self.folder / name
            unfinished.write_bytes(message)
            unfinished.rename(self.folder / "incoming" / name)

    def produce(self, *records: Source) -> None:
        """Past every adapter, straight onto Kafka."""
        producer = kafka.producer(self.servers.kafka, "test")
        for record in records:
            producer.produce(record.topic, record.value, record.key, headers=list(record.headers))
        assert 0 == producer.flush(30)

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        return self.store.rows(sql, values)

    def one(self, sql: str, **values: Any) -> dict[str, Any]:
        (row,) = self.rows(sql, **values)
        return row

    def wait_for(self, sql: str, rows: int = 1, **values: Any) -> list[dict[str, Any]]:
        """Until a question has so many rows."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while len(found := self.rows(sql, **values)) < rows:
            assert time.monotonic() < deadline, f"waited in vain for {rows} rows, there are {len(found)}: {sql}"
            time.sleep(0.1)
        return found

    def wait_until(self, ready: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _WAIT_SECONDS
        while not ready():
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            time.sleep(0.1)

    def rejected(self, control_id: str, reason: str, known: set[str]) -> str:
        """The number of the newest part refused for a reason that is not known yet."""
        sql = "SELECT number FROM rejected_parts WHERE reason = {reason:String} AND number NOT IN {known:Array(String)}"
        return str(self.wait_for(sql, reason=reason, known=sorted(known), control_id=control_id)[0]["number"])

    def command(self, *arguments: str, **variables: str) -> Told:
        """`livingdata rejected …` as a person runs it."""
        env = {"LIVINGDATA_CLICKHOUSE": self.url, "COLUMNS": "250", **variables}
        with _own_logs():
            result = CliRunner(env=env).invoke(build("rejected"), ["rejected", *arguments], catch_exceptions=False)
        self.printed += [result.stdout, result.stderr]
        return Told(result.exit_code, result.stdout, result.stderr)

    def replay(self, *arguments: str) -> Told:
        """`livingdata rejected replay …` with this city's settings."""
        where = ("--kafka", self.servers.kafka, "--keyring", str(self.keyring), "--data", str(self.folder / "replay"))
        embedded = str(self.servers.embedded)
        return self.command("replay", *arguments, *where, LIVINGDATA_EMBEDDED_KAFKA=embedded)

    def state(self, number: str) -> str:
        return str(self.one("SELECT state FROM rejected_parts WHERE number = {number:String}", number=number)["state"])

    def wait_for_state(self, number: str, state: str) -> None:
        self.wait_until(lambda: self.state(number) == state, f"{number} {state}, it is {self.state(number)}")

    def balanced(self) -> bool:
        rows = reconcile.balance(self.store, settle_seconds=0)
        return bool(rows) and all(row["balanced"] and row["taken"] == row["acknowledged"] for row in rows)


@contextmanager
def _own_logs() -> Iterator[None]:
    """A command sets up logs of its own; the roles beside it log on as before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()


@contextmanager
def small_city(servers: Servers, url: str, folder: Path) -> Iterator[City]:
    """Adapter, worker and sink run until it is left."""
    ring = keyring.create([FACILITY, OTHER])
    keyring.save(ring, folder / "keyring.json")
    (folder / "incoming").mkdir()
    common: dict[str, Any] = {"kafka": servers.kafka, "embedded_kafka": servers.embedded}
    options = {"folder": str(folder / "incoming"), "renamed": True}
    feeds = [{"facility": FACILITY, "system": "HIS", "dialect": "hl7v2", "options": options}]
    keys = folder / "keyring.json"
    store = connect(load(ClickHouseSettings, clickhouse=url))
    roles: list[Callable[[threading.Event, Path], None]] = [
        lambda stop, ready: sink.run(
            load(SinkSettings, data=folder / "sink", clickhouse=url, group=folder.name, **common), stop, ready
        ),
        lambda stop, ready: app.run(
            load(WorkerSettings, data=folder / "worker", keyring=keys, redis=servers.redis, **common), stop, ready
        ),
        lambda stop, ready: adapter.run(
            load(AdapterSettings, data=folder / "adapter", keyring=keys, feeds=feeds, **common), stop, ready
        ),
    ]
    with ExitStack() as stack:
        stack.callback(store.close)
        for number, role in enumerate(roles):
            stack.enter_context(_running(role, folder / f"ready-{number}"))
        yield City(servers, url, folder, ring, store)


@contextmanager
def _running(role: Callable[[threading.Event, Path], None], ready: Path) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=role, args=(stop, ready))
    thread.start()
    try:
        deadline = time.monotonic() + _WAIT_SECONDS
        while not ready.exists():
            assert thread.is_alive(), "the role ended before it was ready"
            assert time.monotonic() < deadline, "the role is not ready"
            time.sleep(0.05)
        yield
    finally:
        stop.set()
        thread.join(30)
