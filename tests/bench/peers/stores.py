"""The way from `accepted.*` into ClickHouse: ours, decode-and-insert, and ClickHouse's own Kafka engine (the limit)."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import clickhouse_connect
import psutil
from clickhouse_connect.driver.exceptions import ClickHouseError

from infra.embedded.clickhouse import EmbeddedClickHouse
from infra.embedded.process import die_with_parent, read_last_lines
from runtime import kafka
from runtime.settings import ClickHouseSettings, load
from schemas import registry
from schemas.clickhouse import landing_name
from schemas.header import COORDINATES
from sinks.clickhouse import migrate
from sinks.clickhouse.client import connect
from tests.bench.documents import BODIES, messages
from tests.bench.peers.engine import ROOT, until
from tests.bench.peers.house import PARTITIONS, House, Load

WAYS: Final = {
    "ours": "ours: bytes as they are",
    "decode": "decode, insert with clickhouse-connect",
    "engine": "ClickHouse's own Kafka engine (the limit)",
}
LIMIT: Final = "engine"
WAIT_SECONDS: Final = 90.0
_COMMANDS: Final = {"ours": ["-m", "infra.cli", "sink"], "decode": ["-m", "tests.bench.peers.decode_insert"]}


def fill(house: House, rows: int) -> None:
    """`rows` values of each kind on its topic, over all partitions."""
    producer = kafka.producer(house.kafka, "worker", **{"linger.ms": 20})
    for kind in BODIES:
        for at, one in enumerate(messages(kind, rows)):
            producer.produce(one.topic(), one.value(), partition=at % PARTITIONS)
            producer.poll(0)
    producer.flush(60)


@contextmanager
def schemas_by_http() -> Iterator[str]:
    """What ClickHouse's `AvroConfluent` asks of a registry: the schema of an id, from the release's own."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = registry.names()[int(self.path.rpartition("/")[2])]
            body = json.dumps({"schema": registry.text(name)}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


class Server:
    """One ClickHouse with the house's tables, emptied between the ways: making them takes longer than filling them."""

    def __init__(self, folder: Path) -> None:
        self._server = EmbeddedClickHouse(folder)
        self.broken = False
        self.open()
        store = connect(load(ClickHouseSettings, clickhouse=self.url))
        migrate.migrate(store)
        store.close()

    @property
    def url(self) -> str:
        return self._server.url

    def open(self) -> None:
        self.broken = True
        self._server.open()
        self.broken = False
        self._driver = clickhouse_connect.get_client(dsn=self.url, autogenerate_session_id=False)

    def ask(self, sql: str) -> list[dict[str, Any]]:
        return list(self._driver.query(sql).named_results())

    def tell(self, sql: str) -> None:
        self._driver.command(sql)

    def empty(self) -> None:
        for kind in BODIES:
            for table in (f"{kind}_history", f"{kind}_current", "ledger_numbers", "person_documents"):
                self.tell(f"TRUNCATE TABLE {table}")

    def seconds(self) -> float:
        return sum(psutil.Process(self._server.pid).cpu_times()[:2])

    def kill(self) -> None:
        self._server.end(signal.SIGKILL)

    def close(self) -> None:
        self._server.close()


class Way:
    """One way in, a consumer group of its own."""

    def __init__(self, name: str, house: House, folder: Path, server: Server, registry_url: str) -> None:
        self.name, self._house, self.server, self._registry = name, house, server, registry_url
        self.folder = folder / f"{name}-{uuid4().hex[:6]}"
        self.folder.mkdir(parents=True)
        self.server.empty()
        self._process: subprocess.Popen[bytes] | None = None
        self._made = False

    def start(self) -> None:
        if self.name == LIMIT:
            self._start_engine()
            return
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        env = {
            "PYTHONPATH": str(ROOT),
            "PEER_KAFKA": self._house.kafka,
            "PEER_GROUP": self.folder.name,
            "PEER_DATA": str(self.folder),
            "PEER_CLICKHOUSE": self.server.url,
            "LIVINGDATA_KAFKA": self._house.kafka,
            "LIVINGDATA_GROUP": self.folder.name,
            "LIVINGDATA_DATA": str(self.folder),
            "LIVINGDATA_CLICKHOUSE": self.server.url,
        }
        more = ["--ready-file", str(ready)] if self.name == "ours" else []
        with (self.folder / "log").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, *_COMMANDS[self.name], *more],
                cwd=ROOT,
                env={**os.environ, **env},
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(),
            )
        until(ready.exists, 60, self.check)

    def _start_engine(self) -> None:
        """Tables of the engine, and views that carry their rows to where ours go. After a restart they are there."""
        if self._made:
            self.server.open()
            return
        self._made = True
        for kind in BODIES:
            into = landing_name(kind, registry.latest(f"accepted.{kind}")[0])
            ours = {field.name for field in COORDINATES}
            columns = self.server.ask(f"SELECT name, type FROM system.columns WHERE table = '{into}'")
            shape = ", ".join(f"`{row['name']}` {row['type']}" for row in columns if row["name"] not in ours)
            names = ", ".join(f"`{row['name']}`" for row in columns if row["name"] not in ours)
            partition, offset = (field.name for field in COORDINATES)
            with suppress(Exception):  # the embedded engine answers "Shutdown was called", and has made it
                self.server.tell(
                    f"CREATE TABLE read_{kind} ({shape}) ENGINE = Kafka SETTINGS kafka_broker_list = '{self._house.kafka}', "
                    f"kafka_topic_list = 'accepted.{kind}', kafka_group_name = '{self.folder.name}', "
                    f"kafka_format = 'AvroConfluent', format_avro_schema_registry_url = '{self._registry}', "
                    f"kafka_num_consumers = 1, kafka_max_block_size = 20000, kafka_flush_interval_ms = 250"
                )
            self.server.tell(
                f"CREATE MATERIALIZED VIEW carry_{kind} TO {into} AS SELECT {names}, toInt32(_partition) AS {partition}, "
                f"toInt64(_offset) AS {offset} FROM read_{kind}"
            )

    def check(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"{self.name} ended:\n{read_last_lines(self.folder / 'log')}")

    def rows(self, *, final: bool = False) -> int:
        """Rows in the histories."""
        total = 0
        with suppress(ClickHouseError):
            for kind in BODIES:
                (row,) = self.server.ask(f"SELECT count() AS n FROM {kind}_history{' FINAL' if final else ''}")
                total += int(row["n"])
        return total

    def distinct(self) -> int:
        """Documents that are there at all."""
        return sum(
            int(self.server.ask(f"SELECT uniqExact(document_id) AS n FROM {kind}_history")[0]["n"]) for kind in BODIES
        )

    def seconds(self) -> tuple[float, float]:
        """Processor seconds so far of the program between, and of the server."""
        server = self.server.seconds()
        if self._process is None:
            return 0.0, server
        return sum(psutil.Process(self._process.pid).cpu_times()[:2]), server

    def kill(self) -> None:
        """SIGKILL to the program between; where there is none, to the server."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
        elif self.name == LIMIT:
            self.server.kill()

    def close(self) -> None:
        if self.name != LIMIT:
            self.kill()
            return
        if self.server.broken:
            return
        for kind in BODIES:
            for table in (f"carry_{kind}", f"read_{kind}"):
                with suppress(ClickHouseError):
                    self.server.tell(f"DROP TABLE IF EXISTS {table} SYNC")


def run(house: House, made: Load, folder: Path, rows: int, told: Callable[[dict[str, Any]], None]) -> None:
    """Every way, one after the other; `told` hears of each."""
    house.fresh(made)
    fill(house, rows)
    server = Server(folder / "store")
    try:
        with schemas_by_http() as url:
            for name in WAYS:
                try:
                    told(measure(name, house, folder, server, rows, url))
                except (RuntimeError, ClickHouseError) as error:
                    told({"way": name, "failed": str(error)})
    finally:
        server.close()


def measure(name: str, house: House, folder: Path, server: Server, rows: int, registry_url: str) -> dict[str, Any]:
    """Rows a second, processor time a row, and what a SIGKILL in the middle costs; of topics that were filled."""
    row: dict[str, Any] = {"way": name}
    total = rows * len(BODIES)
    way = Way(name, house, folder, server, registry_url)
    try:
        before = way.seconds()[1]
        started = time.monotonic()
        way.start()
        if name != LIMIT:
            started = time.monotonic()
        between = way.seconds()[0]
        row["whole"] = until(lambda: way.rows() >= total, WAIT_SECONDS, way.check, every=0.2)
        took, after = time.monotonic() - started, way.seconds()
        row |= {
            "rows_per_second": total / took,
            "program_us": (after[0] - between) / total * 1e6,
            "server_us": (after[1] - before) / total * 1e6,
        }
    finally:
        way.close()
    return row | _killed(name, house, folder, server, total, registry_url)


def _killed(name: str, house: House, folder: Path, server: Server, total: int, registry_url: str) -> dict[str, Any]:
    """Another group reads the same topics; it is killed after the first rows."""
    way = Way(name, house, folder, server, registry_url)
    try:
        way.start()
        until(lambda: way.rows() > 0, WAIT_SECONDS, way.check)
        at = way.rows()
        way.kill()
        try:
            way.start()
        except RuntimeError as error:
            if name != LIMIT:
                raise
            # The embedded engine does not start again over tables of its Kafka engine: that is what it guarantees.
            return {"killed_at": at, "does_not_start_again": str(error).partition("\n")[2][:300]}
        until(lambda: way.distinct() >= total, WAIT_SECONDS, way.check, every=0.3)
        time.sleep(2)
        return {"killed_at": at, "lost": total - way.distinct(), "counted_twice": way.rows(final=True) - way.distinct()}
    finally:
        way.close()
