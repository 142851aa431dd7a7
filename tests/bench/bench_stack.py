"""`make bench-stack`: filled `received` topics of a real Kafka into ClickHouse, by 1, 2 and 4 workers; then a fixed rate.

What each stage costs, in processor seconds and MiB for a million events; writes build/bench/stack.json. From hospital
formats: `make bench-adapters` for the adapters alone.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import clickhouse_connect
import orjson
import psutil
from rich.console import Console
from rich.table import Table

from infra.embedded.process import die_with_parent, pss_mib, read_last_lines
from infra.stack import libraries
from runtime.settings import ClickHouseSettings, load
from schemas import codec, registry
from schemas.kinds import KINDS
from sinks.clickhouse import migrate
from sinks.clickhouse.client import connect
from tests.bench.mix import machine
from tests.bench.peers import house
from tests.bench.peers.engine import publish, until
from tests.bench.peers.house import House, Load, save

OUT: Final = Path("build/bench/stack.json")
STAGES: Final = ("worker", "sink", "broker", "redis", "clickhouse")
WAIT_SECONDS: Final = 120.0
_MILLION: Final = 1_000_000


class Role:
    """A role of the house as a process, ready when it has partitions."""

    def __init__(self, stage: str, argv: list[str], folder: Path, env: Mapping[str, str]) -> None:
        folder.mkdir(parents=True)
        self.stage, self._log, self._ready = stage, folder / "log", folder / "ready"
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "infra.cli", *argv, "--ready-file", str(self._ready)],
                env={**os.environ, **env, "LIVINGDATA_DATA": str(folder), "LIVINGDATA_LOG_LEVEL": "WARNING"},
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(),
            )

    def check(self) -> None:
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.stage} ended:\n{read_last_lines(self._log)}")

    def wait(self) -> None:
        until(self._ready.exists, 90, self.check)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(60)


class City:
    """The servers with the house's tables, and the roles on them."""

    def __init__(self, servers: House, made: Load, folder: Path) -> None:
        self.servers, self._load, self._folder = servers, made, folder
        store = connect(load(ClickHouseSettings, clickhouse=servers.clickhouse))
        migrate.migrate(store)
        store.close()
        self._driver: Any = clickhouse_connect.get_client(dsn=servers.clickhouse, autogenerate_session_id=False)
        self._parts = self._find()

    def _find(self) -> dict[str, int]:
        """Stage -> process of the servers."""
        found: dict[str, int] = {}
        for one in psutil.Process(self.servers.pid).children(recursive=True):
            line = " ".join(one.cmdline())
            stages = (("broker", "java"), ("redis", "redis"), ("clickhouse", "clickhouse"))
            stage = next((stage for stage, word in stages if word in line.split(" --")[0].lower()), None)
            if stage is not None:
                found.setdefault(stage, one.pid)
        return found

    def ask(self, sql: str) -> list[Any]:
        return list(self._driver.query(sql).result_rows)

    def fresh(self) -> None:
        self.servers.fresh(self._load)
        for kind in KINDS:
            for table in (f"{kind}_history", f"{kind}_current"):
                self._driver.command(f"TRUNCATE TABLE {table}")

    def rows(self) -> int:
        return sum(int(self.ask(f"SELECT count() FROM {kind}_history")[0][0]) for kind in KINDS)

    @contextmanager
    def roles(self, workers: int) -> Iterator[list[Role]]:
        """A sink and so many workers, all ready."""
        run = uuid4().hex[:6]
        env = {
            "LIVINGDATA_KAFKA": self.servers.kafka,
            "LIVINGDATA_REDIS": self.servers.redis,
            "LIVINGDATA_KEYRING": str(save(self._load, self._folder)),
            "LIVINGDATA_CLICKHOUSE": self.servers.clickhouse,
        }
        with ExitStack() as closing:
            made = []
            for stage, argv, number in [("sink", ["sink"], 0)] + [("worker", ["processor"], n) for n in range(workers)]:
                more = {"LIVINGDATA_GROUP": f"{stage}-{run}", "LIVINGDATA_WORKER_ID": f"worker-{number}"}
                role = Role(stage, argv, self._folder / f"{stage}-{run}-{number}", env | more)
                closing.callback(role.close)
                made.append(role)
            for role in made:
                role.wait()
            yield made

    def costs(self, roles: list[Role]) -> dict[str, tuple[float, float]]:
        """Stage -> (processor seconds so far, MiB of memory now)."""
        pids = {stage: [pid] for stage, pid in self._parts.items()}
        for role in roles:
            pids.setdefault(role.stage, []).append(role.process.pid)
        return {
            stage: (sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in of_stage), pss_mib(of_stage))
            for stage, of_stage in pids.items()
        }


def drain(city: City, made: Load, workers: int) -> dict[str, Any]:
    """Roles wait with empty topics; then everything is there at once. Seconds end when the last row can be asked for."""
    city.fresh()
    with city.roles(workers) as roles:
        before = city.costs(roles)

        def check() -> None:
            for role in roles:
                role.check()

        started = time.monotonic()
        publish(city.servers, made.records[: made.drained])
        whole = until(lambda: city.rows() >= made.accepted, WAIT_SECONDS, check, every=0.25)
        took, after = time.monotonic() - started, city.costs(roles)
    scale = _MILLION / made.drained
    return {
        "workers": workers,
        "whole": whole,
        "events_per_second": made.drained / took,
        "stages": {
            stage: {"cpu_seconds_per_million": (after[stage][0] - before[stage][0]) * scale, "pss_mib": after[stage][1]}
            for stage in STAGES
            if stage in after
        },
        "written": written(city, scale),
    }


def written(city: City, scale: float) -> dict[str, float]:
    """MiB for a million events: what lies in ClickHouse, packed."""
    (row,) = city.ask("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase()")
    return {"clickhouse_mib_per_million": float(row[0]) / (1 << 20) * scale}


def paced(city: City, made: Load, rate: float, workers: int) -> dict[str, float]:
    """Milliseconds from a record's sending to its row's being stored."""
    records = made.records[made.drained :]
    city.fresh()
    with city.roles(workers):
        sent = {}
        by_seal = publish(city.servers, records, rate)
        for one in records:
            framed = codec.unframe(one.value)
            if framed is not None and (reader := registry.codec(framed[0])) is not None:
                event = reader.decode(framed[1])
                sent[event["document_id"], event["version"]] = by_seal[house.seal_of(one)] * 1000
        time.sleep(5)
        took = sorted(
            stored - sent[key]
            for kind in KINDS
            for *found, stored in city.ask(
                f"SELECT document_id, version, toUnixTimestamp64Milli(stored_at) FROM {kind}_history"
            )
            if (key := (found[0], found[1])) in sent
        )
    if len(took) < 2:
        return {}
    at = {name: took[int(len(took) * share)] for name, share in (("p95_ms", 0.95), ("p99_ms", 0.99))}
    return {"rate": rate, "stored": len(took), "p50_ms": statistics.median(took), **at}


def show(result: dict[str, Any]) -> None:
    table = Table(
        title=f"{result['events']} events, {result['machine']['cpus']} CPUs: CPU seconds for a million events"
    )
    table.add_column("workers")
    for name in ("events/s", *STAGES):
        table.add_column(name, justify="right")
    for row in result["drain"]:
        cost = [f"{row['stages'].get(stage, {}).get('cpu_seconds_per_million', 0):,.0f}" for stage in STAGES]
        table.add_row(str(row["workers"]), f"{row['events_per_second']:,.0f}", *cost)
    console = Console(width=120)
    console.print(table)
    console.print(result["paced"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=8_000, help="in the topics at once")
    parser.add_argument("--rate", type=float, default=500.0, help="events a second while latency is measured")
    parser.add_argument("--seconds", type=float, default=8.0, help="for how long; 0: leave it out")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    chosen = parser.parse_args()
    why = libraries.lacking()
    if why is not None:
        print(f"needs a real Kafka: {why}", file=sys.stderr)
        return 1
    made = house.load(chosen.events, int(chosen.rate * chosen.seconds))
    with tempfile.TemporaryDirectory() as name, house.open_house(Path(name), embedded=False) as servers:
        city = City(servers, made, Path(name))
        rows = []
        for workers in chosen.workers:
            rows.append(drain(city, made, workers))
            Console(stderr=True).print(rows[-1])
        latency = paced(city, made, chosen.rate, 1) if chosen.seconds else {}
    result = {"machine": machine(), "events": made.drained, "drain": rows, "paced": latency}
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2) + b"\n")
    show(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
