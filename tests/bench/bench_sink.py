"""Rows a second from records in memory to inserted, on the embedded ClickHouse, against two other ways in the same run.

`ours` is the sink's own path: grouping, joining, inserting, two inserts at once. `decode` is what a sink usually does:
decode each value with fastavro, insert rows with clickhouse-connect. `own` is ClickHouse's own `INSERT … FROM INFILE … FORMAT
Avro` of a ready file, with nothing of ours in it. All three fill the same tables, with all their views, in turns; the best
turn of each counts, because other work on the machine can only slow one down. Writes build/bench/sink.json.
"""

import argparse
import importlib.metadata
import os
import platform
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import clickhouse_connect
import orjson
from rich.console import Console
from rich.table import Table

from infra.embedded.clickhouse import EmbeddedClickHouse
from runtime.settings import ClickHouseSettings, load
from schemas import registry
from schemas.clickhouse import columns_of
from schemas.codec import FRAME_BYTES
from schemas.fields import Field
from schemas.header import COORDINATES
from sinks.clickhouse import migrate, spread
from sinks.clickhouse.batch import Batch, Group
from sinks.clickhouse.client import INSERT_SETTINGS, ClickHouse, connect
from tests.bench.documents import BODIES, messages
from tests.store import Message

OUT: Final = Path("build/bench/sink.json")
AT_ONCE: Final = 2
FLUSH: Final = 20_000


class Bench:
    """One server, one kind of document, three ways in."""

    def __init__(self, url: str, kind: str, rows: int, folder: Path) -> None:
        self.store: ClickHouse = connect(load(ClickHouseSettings, clickhouse=url))
        self.driver: Any = clickhouse_connect.get_client(dsn=url, autogenerate_session_id=False, compress=False)
        self.kind, self.messages = kind, list(messages(kind, rows))
        self.pool = ThreadPoolExecutor(AT_ONCE)
        self.file = folder / f"{kind}.avro"
        group = self._group()
        self.file.write_bytes(group.container())
        self.table = group.target.table
        self.settings = {k: v for k, v in INSERT_SETTINGS.items() if k != "wait_end_of_query"} | {
            "deduplicate_insert": "disable"
        }

    def _group(self) -> Group:
        made = Batch()
        made.add(self.messages)
        (group,) = made.groups.values()
        return group

    def ours(self) -> None:
        made = Batch()
        made.add(self.messages)
        for _, rejections in spread.insert(self.pool, AT_ONCE, self.store, made.groups, lambda: None):
            assert [] == rejections

    def decode(self) -> None:
        fields = [field for field in columns_of(self.kind) if not field.sealed]
        values = [decoded(message, fields) for message in self.messages]
        self.driver.insert(
            f"{self.kind}_history", values, column_names=[f.name for f in fields], settings=self.settings
        )

    def own(self) -> None:
        self.driver.command(f"INSERT INTO {self.table} FROM INFILE '{self.file}' FORMAT Avro", settings=self.settings)

    def empty(self) -> None:
        for table in (f"{self.kind}_history", f"{self.kind}_current", "ledger_numbers", "person_documents"):
            self.store.command(f"TRUNCATE TABLE {table}")

    def size(self) -> float:
        return sum(len(message.value()) for message in self.messages) / len(self.messages)


def decoded(message: Message, fields: list[Field]) -> list[Any]:
    codec = registry.codec(int.from_bytes(message.value()[1:FRAME_BYTES], "big"))
    assert codec is not None
    datum = codec.decode(message.value()[FRAME_BYTES:])
    datum[COORDINATES[0].name], datum[COORDINATES[1].name] = message.partition(), message.offset()
    return [_native(field, datum[field.name]) for field in fields]


def _native(field: Field, value: Any) -> Any:
    """What clickhouse-connect wants for a column of this type."""
    if value is None:
        return None
    if field.type == "millis":
        return datetime.fromtimestamp(value / 1000, UTC)
    if field.type == "date":
        return date.fromordinal(719_163 + value)
    if field.type == "thousandths":
        return Decimal(value).scaleb(-3)
    if field.type == "record":
        lines = [line for line in field.lines if not line.sealed]
        return [tuple(_native(line, row[line.name]) for line in lines) for row in value]
    return value


def measure(bench: Bench, turns: int) -> dict[str, list[float]]:
    """Way -> rows a second of each turn; the first turn is for warming up and does not count."""
    ways: dict[str, Callable[[], None]] = {"ours": bench.ours, "decode": bench.decode, "own": bench.own}
    took: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(turns + 1):
        for way, run in ways.items():
            started = time.perf_counter()
            run()
            if turn:
                took[way].append(len(bench.messages) / (time.perf_counter() - started))
            bench.empty()
    return took


def machine() -> dict[str, Any]:
    return {"cpus": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}


def versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in ("chdb-core", "clickhouse-connect", "fastavro")}


def run(rows: int, turns: int) -> dict[str, Any]:
    results, ratios = [], {}
    with tempfile.TemporaryDirectory() as name, EmbeddedClickHouse(Path(name)) as server:
        migrate.migrate(connect(load(ClickHouseSettings, clickhouse=server.url)))
        for kind in BODIES:
            bench = Bench(server.url, kind, rows, Path(name))
            took = measure(bench, turns)
            best = {way: max(runs) for way, runs in took.items()}
            for way, runs in took.items():
                results.append(
                    {
                        "what": f"{kind}, {bench.size():.0f} bytes: {way}",
                        "value": round(best[way]),
                        "unit": "rows/s",
                        "runs": [round(r) for r in runs],
                    }
                )
            ratios[f"{kind}: ours / decode then insert"] = round(best["ours"] / best["decode"], 2)
            ratios[f"{kind}: ours / ClickHouse's own"] = round(best["ours"] / best["own"], 2)
    return {"machine": machine(), "versions": versions(), "results": results, "ratios": ratios}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=FLUSH, help="rows of one flush")
    parser.add_argument("--turns", type=int, default=5, help="turns that count")
    chosen = parser.parse_args()
    made = run(chosen.rows, chosen.turns)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2) + b"\n")
    table = Table("what", "rows/s", title=f"sink, {made['machine']['cpus']} CPUs")
    for result in made["results"]:
        table.add_row(result["what"], f"{result['value']:,}")
    for ratio, value in made["ratios"].items():
        table.add_row(ratio, f"× {value}")
    Console().print(table)


if __name__ == "__main__":
    main()
