# ruff: noqa: S608 (every name put into SQL here is a constant of ours)
"""How long the questions of analysts take on many rows: `make bench-queries`, `ARGS="--rows 50000000"`, `--url …` on a real server.

300 days of events are made in the real tables first; nothing is optimized. While the questions are asked the sink's own path
writes 200 events a second. The 95th percentile of twenty runs counts. Writes build/bench/queries.json.
"""

import argparse
import importlib.metadata
import itertools
import math
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from infra.embedded.clickhouse import EmbeddedClickHouse
from runtime.facilities import Source
from runtime.settings import ClickHouseSettings, load
from sinks.clickhouse import migrate, sift
from sinks.clickhouse.batch import Batch
from sinks.clickhouse.client import Away, ClickHouse, connect
from tests.bench import generated
from tests.bench.bench_sink import machine
from tests.bench.documents import messages
from tests.store import Message

OUT: Final = Path("build/bench/queries.json")
_DAY: Final = "toDate(now()) - 30"
_MONTH: Final = "toStartOfMonth(toDate(now()) - 60)"

PAGE: Final = Path(__file__).parents[2] / "docs" / "questions.md"
_CITIZEN: Final = "lower(hex(sipHash128(toUInt32(1001), 'citizen')))"
_WORKED: Final = {
    f"question {number}": sql.replace("'11111111111111111111111111111111'", _CITIZEN)
    for number, sql in re.findall(r"^## (\d+)\..*?```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
}

QUERIES: Final[dict[str, str]] = {
    "documents of a day": f"SELECT facility, count() FROM encounters WHERE document_date = {_DAY} GROUP BY facility",
    "visits of a day": f"SELECT facility, count() FROM visits_between(since = toString({_DAY}), until = toString({_DAY})) GROUP BY facility",
    "visits of a month": f"SELECT facility, count() FROM visits_between(since = toString({_MONTH}), until = toString({_MONTH} + 30)) GROUP BY facility",
    "visits of a year": "SELECT facility, sum(visits) FROM visit_counts GROUP BY facility",
    "a citizen's timeline": "SELECT * FROM timeline_of(citizen = lower(hex(sipHash128(toUInt32(1001), 'citizen')))) ORDER BY occurred_at",
    "scores of a day": "SELECT * FROM facility_scorecard WHERE day = today() - 30",
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
} | _WORKED


TARGETS: Final = {"scores of a day": 1.0, "a citizen's timeline": 0.15} | {f"question {n}": 3.0 for n in range(1, 16)}
"""Seconds, p95, over 50 million events."""
EVENTS_A_SECOND: Final = 200


@contextmanager
def server(url: str | None, memory_mib: int) -> Iterator[str]:
    if url is not None:
        yield url
        return
    with tempfile.TemporaryDirectory(dir=Path("build")) as folder, EmbeddedClickHouse(Path(folder), memory_mib) as made:
        yield made.url


class Writer:
    """The sink's own path, 200 events a second in two inserts, beside the questions. `written` is how many are in."""

    def __init__(self, url: str) -> None:
        self._client = connect(load(ClickHouseSettings, clickhouse=url))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.written, self.began, self.trouble = 0, time.monotonic(), ""

    def __enter__(self) -> "Writer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)
        self._client.close()

    @property
    def rate(self) -> float:
        return self.written / (time.monotonic() - self.began)

    def _run(self) -> None:
        shares = {"encounter": EVENTS_A_SECOND * 5 // 6, "observation": EVENTS_A_SECOND - EVENTS_A_SECOND * 5 // 6}
        endless = {kind: itertools.cycle(list(messages(kind, 2_000))) for kind in shares}
        offsets, due = itertools.count(), time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due += 1.0
            batch = Batch()
            for kind, count in shares.items():
                some = itertools.islice(endless[kind], count)
                batch.add(Message(one.topic(), next(offsets), one.value()) for one in some)
            try:
                for group in batch.groups.values():
                    sift.insert(self._client, group, lambda: None)
            except Away as trouble:
                self.trouble = str(trouble)
            else:
                self.written += EVENTS_A_SECOND


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


def ask(client: ClickHouse, sql: str, turns: int, at_most: float) -> list[float] | str:
    """Seconds of each of `turns` runs; fewer where they together take longer than `at_most` seconds."""
    took: list[float] = []
    while len(took) < turns and sum(took) < at_most:
        started = time.perf_counter()
        try:
            client.rows(sql)
        except Away as trouble:
            return str(trouble)
        took.append(time.perf_counter() - started)
    return took


def p95(took: list[float]) -> float:
    return sorted(took)[max(0, math.ceil(0.95 * len(took)) - 1)]


def _stored(client: ClickHouse) -> dict[str, Any]:
    kept = "database = currentDatabase() AND (table LIKE '%_history' OR table LIKE '%_current')"
    return client.rows(
        "SELECT sumIf(rows, table LIKE '%_history') AS rows, count() AS parts, sum(bytes_on_disk) AS bytes "
        f"FROM system.parts WHERE active AND {kept}"
    )[0]


def run(events: int, url: str | None, turns: int, at_most: float, memory_mib: int) -> dict[str, Any]:
    with server(url, memory_mib) as address:
        client = connect(load(ClickHouseSettings, clickhouse=address))
        filled = fill(client, generated.encounters(events))
        stored = _stored(client)
        results: list[dict[str, Any]] = [
            {"what": "events stored", "value": int(stored["rows"]), "unit": "rows", "runs": []},
            {"what": "active parts", "value": int(stored["parts"]), "unit": "parts", "runs": []},
            {"what": "on disk", "value": int(stored["bytes"]) >> 20, "unit": "MiB", "runs": []},
            {"what": "filling", "value": round(filled, 1), "unit": "s", "runs": [round(filled, 1)]},
        ]
        with Writer(address) as writer, Progress(console=Console(stderr=True), transient=True) as progress:
            for what, sql in progress.track(QUERIES.items(), description="questions"):
                took = ask(client, sql, turns, at_most)
                progress.console.print(f"{what}: {took if isinstance(took, str) else f'{p95(took):.3f} s'}")
                if isinstance(took, str):
                    results.append({"what": what, "value": None, "unit": took, "runs": []})
                else:
                    results.append({"what": what, "value": round(p95(took), 3), "unit": "s", "runs": [round(t, 3) for t in took]})  # fmt: skip
            results.append(
                {"what": "written meanwhile", "value": round(writer.rate, 1), "unit": "events/s", "runs": []}
            )
            if writer.trouble:
                results[-1]["unit"] += f" ({writer.trouble})"
        client.close()
    versions = {name: importlib.metadata.version(name) for name in ("chdb-core", "clickhouse-connect")}
    ratios = {f"{r['what']} / target": round(r["value"] / TARGETS[r["what"]], 3) for r in results if r["what"] in TARGETS and r["value"]}  # fmt: skip
    return {"machine": machine(), "versions": versions, "results": results, "ratios": ratios}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="stored events, of all kinds together")
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--at-most", type=float, default=60.0, help="seconds for all turns of one question")
    parser.add_argument(
        "--memory-mib", type=int, default=8_192, help="of the embedded engine; a question may take half"
    )
    parser.add_argument("--url", help="an empty database of a real server; otherwise the embedded engine")
    chosen = parser.parse_args()
    OUT.parent.mkdir(parents=True, exist_ok=True)
    made = run(chosen.rows, chosen.url, chosen.turns, chosen.at_most, chosen.memory_mib)
    OUT.write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2) + b"\n")
    stored = made["results"][0]["value"]
    table = Table(
        "question", "p95", "best", "target", title=f"queries, {stored:,} events, {made['machine']['cpus']} CPUs"
    )
    for result in made["results"][1:]:
        value, runs = result["value"], result["runs"]
        target = TARGETS.get(result["what"])
        table.add_row(
            result["what"],
            result["unit"] if value is None else f"{value} {result['unit']}",
            f"{min(runs)} s" if runs else "",
            "" if target is None else f"{target} s",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
