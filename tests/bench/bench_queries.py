# ruff: noqa: S608 (every name put into SQL here is a constant of ours)
"""How long the questions of analysts take on many rows: `make bench-queries`, `ARGS="--rows 50000000 --url …"` on a real server.

Without `--url` the embedded engine answers, with its small memory; a year of rows is made in its own tables first. The best of
three runs counts. Writes build/bench/queries.json.
"""

import argparse
import importlib.metadata
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from infra.embedded.clickhouse import EmbeddedClickHouse
from runtime.facilities import Source
from runtime.settings import ClickHouseSettings, load
from sinks.clickhouse import migrate
from sinks.clickhouse.client import Away, ClickHouse, connect
from tests.bench import generated
from tests.bench.bench_sink import machine

OUT: Final = Path("build/bench/queries.json")
_DAY: Final = "toDate(now()) - 30"
_MONTH: Final = "toStartOfMonth(toDate(now()) - 60)"

QUERIES: Final[dict[str, str]] = {
    "documents of a day": f"SELECT facility, count() FROM encounters WHERE document_date = {_DAY} GROUP BY facility",
    "visits of a day": f"SELECT facility, count() FROM visits_between(since = toString({_DAY}), until = toString({_DAY})) GROUP BY facility",
    "visits of a month": f"SELECT facility, count() FROM visits_between(since = toString({_MONTH}), until = toString({_MONTH} + 30)) GROUP BY facility",
    "visits of a year": "SELECT facility, sum(visits) FROM visit_counts GROUP BY facility",
    "a citizen's timeline": "SELECT * FROM timeline_of(citizen = lower(hex(sipHash128(toUInt32(1001), 'citizen')))) ORDER BY occurred_at",
    "scores of a week": "SELECT * FROM facility_scorecard WHERE day >= today() - 7",
    "the gate": "SELECT * FROM usable_feeds",
    "progress": "SELECT * FROM connection_progress",
    "silent feeds": "SELECT * FROM silent_feeds",
    "freshness of a day": "SELECT * FROM feed_freshness WHERE hour >= now() - INTERVAL 1 DAY",
    "the ledger": "SELECT * FROM ledger_balance",
    "live visits": "SELECT * FROM visits_live",
    "rules": "SELECT * FROM rule_issues",
    "dengue of a month": "SELECT commune, sum(cases) FROM notifiable_daily WHERE disease = 'dengue' AND day >= today() - 30 GROUP BY commune",
    "cases of a week": "SELECT disease, sum(cases) FROM notifiable_cases WHERE day >= today() - 7 GROUP BY disease",
    "drugs of a month": f"SELECT drug_code, sum(amount) FROM drug_use WHERE month = {_MONTH} GROUP BY drug_code ORDER BY 2 DESC LIMIT 10",
    "repeated tests": "SELECT national_code, count() FROM repeated_tests GROUP BY national_code",
    "repeated tests of a week": "SELECT national_code, count() FROM repeated_tests_between(since = toString(today() - 7), until = toString(today())) GROUP BY national_code",
    "bed-days of a week": "SELECT facility, sum(bed_days) FROM bed_days WHERE day >= today() - 7 GROUP BY facility",
}


@contextmanager
def server(url: str | None) -> Iterator[ClickHouse]:
    with ExitStack() as stack:
        if url is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            url = stack.enter_context(EmbeddedClickHouse(folder)).url
        client = connect(load(ClickHouseSettings, clickhouse=url))
        stack.callback(client.close)
        yield client


def fill(client: ClickHouse, rows: int) -> float:
    """Tables, a register and the rows; seconds it took."""
    migrate.migrate(client)
    codes = [f"0{1001 + n}" for n in range(42)]
    migrate.load_register(client, [Source(code, code, code, True, "unit", "encounter", "HIS", "hl7v2", 0, "2026-01-01", "V") for code in codes])  # fmt: skip
    started = time.perf_counter()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for statement in progress.track(list(generated.statements(rows)), description="rows"):
            client.command(statement)
    return time.perf_counter() - started


def ask(client: ClickHouse, sql: str, turns: int) -> list[float] | str:
    took = []
    for _ in range(turns):
        started = time.perf_counter()
        try:
            client.rows(sql)
        except Away as trouble:
            return str(trouble)
        took.append(time.perf_counter() - started)
    return took


def run(rows: int, url: str | None, turns: int) -> dict[str, Any]:
    with server(url) as client:
        filled = fill(client, rows)
        stored = client.rows("SELECT sum(total_rows) AS rows, sum(total_bytes) AS bytes FROM system.tables WHERE database = currentDatabase() AND name LIKE '%_history'")[0]  # fmt: skip
        results: list[dict[str, Any]] = [
            {"what": "rows of history", "value": int(stored["rows"]), "unit": "rows", "runs": []},
            {"what": "filling", "value": round(filled, 1), "unit": "s", "runs": [round(filled, 1)]},
        ]
        for what, sql in QUERIES.items():
            took = ask(client, sql, turns)
            if isinstance(took, str):
                results.append({"what": what, "value": None, "unit": took, "runs": []})
            else:
                results.append(
                    {"what": what, "value": round(min(took), 3), "unit": "s", "runs": [round(t, 3) for t in took]}
                )
    versions = {name: importlib.metadata.version(name) for name in ("chdb-core", "clickhouse-connect")}
    return {"machine": machine(), "versions": versions, "results": results, "ratios": {}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="encounters; half as many prescriptions, a fifth observations"
    )
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--url", help="an empty database of a real server; otherwise the embedded engine")
    chosen = parser.parse_args()
    made = run(chosen.rows, chosen.url, chosen.turns)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2) + b"\n")
    table = Table(
        "question", "best", title=f"queries, {made['results'][0]['value']:,} rows, {made['machine']['cpus']} CPUs"
    )
    for result in made["results"][1:]:
        table.add_row(
            result["what"],
            "–" if result["value"] is None else f"{result['value']} s",
            "" if result["value"] else result["unit"],
        )
    Console().print(table)


if __name__ == "__main__":
    main()
