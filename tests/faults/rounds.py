# ruff: noqa: S608 (the tables' names are constants of ours)
"""Rounds of a city under faults: `make test-faults`, and `make test-faults-stack` on three real brokers. Each ends with the ledger balanced and equal to the city's books.

A killed Redis comes back with its append-only file, which is flushed each second: up to a second of claims is gone. What
was claimed then is told as new once more, so after such a kill `accepted`, `amended`, `duplicate` and with them `stored`
may differ from the books; nothing may be missing, and the current state must be the same. On the stack a round may lose
all of Redis's data: the claims are then rebuilt as an operator would, and the same is demanded.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from infra.demo.show import Demo, Options
from infra.embedded import redis
from schemas.kinds import KINDS
from sinks.clickhouse import reconcile
from sinks.clickhouse.client import Away
from tests.faults.faults import Fault, Hand, inflict, plan, plan_stack, seeds
from tests.faults.jumping import Jumping
from tests.faults.stack import StackCity
from tests.servers import PATIENCE

SENDING: Final = 10.0
SENDING_ON_STACK: Final = 25.0
REPORT: Final = Path("build/faults.json")
STACK_REPORT: Final = Path("build/faults-stack.json")
_UNCHANGED: Final = ("published", "rejected", "missing", "visits")
"""Counts that even a loss of claims must leave as they are."""


async def one_round(seed: int, folder: Path, rate: float) -> dict[str, Any]:
    """What was done to the city, what it counted, and `wrong`: empty where every promise was kept."""
    options = Options(seconds=SENDING, facilities=4, rate=rate, seed=seed, people=2_000)
    started = time.monotonic()
    faults = plan(seed, SENDING)
    async with Demo(options, folder, patience=PATIENCE) as demo:
        return await _suffer(demo, seed, faults, started, {})


async def one_stack_round(seed: int, folder: Path, rate: float) -> dict[str, Any]:
    """The same on three real brokers, with what only they and a network between can suffer."""
    options = Options(seconds=SENDING_ON_STACK, facilities=4, rate=rate, seed=seed, people=2_000)
    started = time.monotonic()
    city = StackCity(folder)
    try:
        demo = Demo(options, folder, start=city.start, patience=PATIENCE)
        demo.supervisor = Jumping(folder, PATIENCE.ready)
        async with demo:
            city.demo = demo
            return await _suffer(demo, seed, plan_stack(seed, SENDING_ON_STACK), started, city.hands())
    finally:
        await city.stop()


async def _suffer(demo: Demo, seed: int, faults: list[Fault], started: float, hands: dict[str, Hand]) -> dict[str, Any]:
    running = asyncio.create_task(demo.run())
    progress: dict[str, float] = {}

    async def over(fault: Fault) -> bool:
        seconds = await until_progress(demo, running)
        if seconds is not None:
            progress[str(fault)] = seconds
        return True

    try:
        done = await inflict(demo.supervisor, faults, hands, over)
        report = await running
    finally:
        running.cancel()
    checked = await asyncio.to_thread(_asked, demo)
    lost_claims = any(fault.role == "redis" and fault.what in ("kill", "lose") for fault in faults)
    return {
        "seed": seed,
        "faults": done,
        "redis_killed": lost_claims,
        "totals": report["totals"],
        "injected": report["injected"],
        "seconds_to_progress": progress,
        "restarts": {name: count for name, count in report["restarts"].items() if count},
        "wrong": wrong(report, checked, lost_claims),
        "changed_by_lost_claims": report["differences"] if lost_claims else [],
        "seconds": round(time.monotonic() - started, 1),
    }


async def until_progress(demo: Demo, running: asyncio.Task[Any]) -> float | None:
    """Seconds until more parts have an outcome in ClickHouse than now; None where nothing was left to be done. The
    count is looked at each second, so that much is part of it."""
    began, before = time.monotonic(), _done(demo)
    while _done(demo) <= before:
        if running.done() or demo.phase == "counting" or before >= int(demo.books.totals()["published"]):
            return None
        await asyncio.sleep(0.1)
    return round(time.monotonic() - began, 1)


def _done(demo: Demo) -> int:
    """Parts that have an outcome, as last seen."""
    if demo.watch is None:
        return 0
    seen = demo.watch.seen
    return seen.parts() - sum(counts["missing"] for counts in seen.outcomes.values())


def _asked(demo: Demo) -> dict[str, Any]:
    """What the report does not tell: unbalanced feeds and documents that stand, from the tables."""
    if demo.watch is None:
        raise RuntimeError("the city never opened")
    each = " UNION ALL ".join(f"SELECT document_id FROM {kind}_current FINAL" for kind in KINDS)
    for _ in range(20):
        try:
            rows = demo.watch.ask(f"SELECT uniqExact(document_id) AS documents FROM ({each})")
            feeds = reconcile.balance(_Asking(demo.watch.ask), settle_seconds=0)
        except Away:
            time.sleep(0.5)
        else:
            return {
                "documents": int(rows[0]["documents"]),
                "unbalanced": [
                    row["adapter_id"] for row in feeds if row["missing"] or row["taken"] != row["acknowledged"]
                ],
            }
    raise TimeoutError("ClickHouse stayed away")


class _Asking:
    """`reconcile.Store` over the watch's questions, none of which has parameters of its own."""

    def __init__(self, ask: Any) -> None:
        self._ask = ask

    def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        for name, value in (parameters or {}).items():
            for kind, text in (("UInt32", f"{value}"), ("String", f"'{value}'")):
                sql = sql.replace(f"{{{name}:{kind}}}", text)
        found: list[dict[str, Any]] = self._ask(sql)
        return found


def wrong(report: dict[str, Any], checked: dict[str, Any], lost_claims: bool) -> list[str]:
    """The promises that were broken."""
    totals, injected = report["totals"], report["injected"]
    found = [f"unbalanced: {feed}" for feed in checked["unbalanced"]]
    found += [f"{name}: {report[name]}" for name in ("answers_differ", "unanswered") if report[name]]
    if lost_claims:
        found += [f"{n}: {totals[n]} != {injected[n]}" for n in _UNCHANGED if totals[n] != injected[n]]
    else:
        found += report["differences"]
    if totals["stored"] != totals["accepted"] + totals["amended"]:
        found.append("rows stored are not those accepted")
    if checked["documents"] != injected["accepted"]:
        found.append(f"documents: {checked['documents']} != {injected['accepted']}")
    return found


def summary(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    kinds = Counter(
        " ".join(fault.split()[2:4]) for one in rounds for fault in one["faults"] if "was down" not in fault
    )
    return {
        "rounds": len(rounds),
        "broken": [one["seed"] for one in rounds if one["wrong"]],
        "parts": sum(one["totals"].get("published", 0) for one in rounds),
        "faults": dict(sorted(kinds.items())),
        "redis": "real" if redis.server_executable() else "fakeredis: keeps nothing, so killing it loses every claim",
        "results": rounds,
    }


def _line(one: dict[str, Any]) -> str:
    parts = one["totals"].get("published", 0)
    said = "; ".join(one["wrong"][:3]) if one["wrong"] else "balanced"
    slowest = max(one.get("seconds_to_progress", {}).values(), default=0.0)
    return (
        f"seed {one['seed']:>4}  {one['seconds']:>5.0f} s  {parts:>5} parts  {said}  "
        f"progress after {slowest:.0f} s at most  [{', '.join(one['faults'])}]"
    )


async def main(first: int, rounds: int, keep: Path | None, rate: float, *, stack: bool) -> int:
    round_, report = (one_stack_round, STACK_REPORT) if stack else (one_round, REPORT)
    results: list[dict[str, Any]] = []
    for seed in seeds(first, rounds):
        with tempfile.TemporaryDirectory(prefix="faults-", dir=keep) as folder:
            try:
                async with asyncio.timeout(600):
                    one = await round_(seed, Path(folder), rate)
            except Exception as error:
                one = {
                    "seed": seed,
                    "faults": [],
                    "totals": {},
                    "seconds": 0.0,
                    "wrong": [f"{type(error).__name__}: {error}"],
                }
        results.append(one)
        print(_line(one), flush=True)
        report.parent.mkdir(exist_ok=True)
        report.write_text(json.dumps(summary(results), indent=1))
    broken = [one["seed"] for one in results if one["wrong"]]
    print(f"{len(results)} rounds, {len(broken)} broken; {report}")
    return 1 if broken else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--first", type=int, default=1, help="seed of the first round")
    parser.add_argument("--keep", type=Path, help="keep the rounds' folders (with logs) here")
    parser.add_argument("--rate", type=float, default=120, help="parts a second")
    parser.add_argument("--stack", action="store_true", help="three real brokers; needs Java 17 and Maven")
    asked = parser.parse_args()
    sys.exit(asyncio.run(main(asked.first, asked.rounds, asked.keep, asked.rate, stack=asked.stack)))
