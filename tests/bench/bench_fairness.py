"""Fairness: what one hospital does to the others, from capture to queryable. Writes `build/bench/fairness.json`.

A city on the embedded engines, in rounds of some seconds: quiet; one hospital at 50 times its usual rate; the same one
sending a year of its history, as fast as it goes, on the topics of history and, for comparison, on those of live data.
Only the other hospitals' live documents are measured. A look at the views comes every quarter of a second and counts.

    python -m tests.bench.bench_fairness [--seconds 12] [--rate 100] [--times 50] [--files 4000]
"""

import argparse
import asyncio
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from infra.backfill.run import Plan as History
from infra.backfill.run import files_of, send
from infra.city.books import Books
from infra.city.city import City
from infra.city.folder import write_folder
from infra.city.hospitals import HOSPITALS
from infra.city.send import Sender
from infra.demo import stage
from infra.demo.plan import Engines, Plan
from infra.demo.report import percentiles
from infra.embedded.supervisor import READY_SECONDS, Supervisor
from producers.adapters import dialect
from producers.feeds import feeds
from runtime.clock import now_ms
from runtime.lag import Lag
from runtime.settings import BACKFILL, SINKS, WORKERS, AdapterSettings, load
from schemas import topics
from schemas.numbers import history_adapter
from sinks.clickhouse.client import ClickHouse, connect
from sinks.clickhouse.views import DOCUMENTS
from tests.bench.mix import machine

OUT: Final = Path("build/bench/fairness.json")
LOUD: Final = HOSPITALS[0]
"""The city's largest hospital: a fourteenth of all it sends."""
BOUND_MS: Final = 2_000
LOOK_SECONDS: Final = 0.25
RECENT_MS: Final = 30_000
SPOKEN: Final = "insurance_xml"
SENDS: Final = b"sends\n"
"""What the process that sends a year says when its first messages are taken: it needs seconds to start."""
_LOOK: Final = " UNION ALL ".join(
    f"SELECT document_id, version, toUnixTimestamp64Milli(captured_at) AS captured FROM {DOCUMENTS[kind]} "  # noqa: S608
    "WHERE captured_at >= fromUnixTimestamp64Milli({since:Int64}) AND facility != {loud:String}"
    for kind in ("encounter", "prescription", "service", "observation")
)


Going = Callable[[], None]
Beside = Callable[[threading.Event, Going], Coroutine[Any, Any, int]]
"""What is done beside the usual city until the event; calls `Going` when it sends."""


class Looks:
    """A thread that asks the views what is new; a document's latency is the time to the look that finds it."""

    def __init__(self, client: ClickHouse) -> None:
        self._client, self._known, self._stop = client, set[tuple[str, int]](), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._since = now_ms()
        self.latencies: list[int] = []
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            self._look(max(self._since, now_ms() - RECENT_MS))

    def _look(self, since: int) -> None:
        rows = self._client.rows(_LOOK, {"since": since, "loud": LOUD.code})
        now = now_ms()
        for row in rows:
            if (known := (row["document_id"], row["version"])) not in self._known:
                self._known.add(known)
                self.latencies.append(now - row["captured"])

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(60)
        self._look(self._since)


@dataclass
class Bench:
    """A running city and what drives it."""

    plan: Plan
    engines: Engines
    folder: Path
    seconds: float
    rate: float
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    rounds: int = 0

    async def round(self, *more: Beside) -> tuple[dict[str, int | None], list[Any]]:
        """The usual city for some seconds, with what is done beside it; the others' latencies, and what that gave. It
        begins when all of that sends."""
        self.rounds += 1
        stop = threading.Event()
        beside = [await _begun(one, stop) for one in more]
        client = connect(self.plan.clickhouse(self.engines))
        looks = Looks(client)
        await self.sender(self.rounds, len(HOSPITALS), self.rate).run(self.seconds)
        stop.set()
        done = list(await asyncio.gather(*beside))
        await asyncio.to_thread(self.drain)
        await asyncio.to_thread(looks.stop)
        client.close()
        made = percentiles(looks.latencies) | {"documents": len(looks.latencies)}
        print(f"round {self.rounds}: {made}", file=sys.stderr)
        return made, done

    def sender(self, seed: int, facilities: int, rate: float) -> Sender:
        city = City(seed, facilities, start=self.started + timedelta(minutes=seed), people=5_000)
        return Sender(city.messages(lambda: datetime.now(UTC)), Books(), self.plan.targets(), rate=rate)

    def drain(self, seconds: float = 45) -> None:
        """Until nothing lies unread, at most so long."""
        reads = {WORKERS: topics.RECEIVED_TOPICS, BACKFILL: topics.BACKFILL_TOPICS, SINKS: topics.ACCEPTED_TOPICS}
        lag, until = Lag(self.engines.kafka, reads, 0.3), time.monotonic() + seconds
        while lag.over() and time.monotonic() < until:
            time.sleep(0.3)
        lag.close()

    async def many(self, stop: threading.Event, going: Going, times: float) -> int:
        """The loud hospital at so many times its usual rate; gives the parts it sent."""
        going()
        sender = self.sender(100 + self.rounds, 1, self.rate * LOUD.weight * (times - 1))
        ending = asyncio.create_task(asyncio.to_thread(stop.wait))
        ending.add_done_callback(lambda _: sender.stop())
        return (await sender.run()).parts

    async def year(self, stop: threading.Event, going: Going, files: int, *, live: bool) -> int:
        """A process that sends the loud hospital's history, or the same as if it were live; gives the documents sent."""
        argv = [sys.executable, "-m", "tests.bench.bench_fairness", "--send", str(self.folder), "--files", str(files)]
        process = await asyncio.create_subprocess_exec(
            *argv, *(["--live"] if live else []), stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.PIPE
        )
        if process.stdout is None or await process.stdout.readline() != SENDS:
            raise RuntimeError(f"the process that sends a year ended with {await process.wait()}")
        going()
        await asyncio.to_thread(stop.wait)
        told, _ = await process.communicate(b"stop\n")
        return int(told)


async def _begun(one: Beside, stop: threading.Event) -> asyncio.Task[int]:
    """Start it and return when it sends; raises what it raised before."""
    going = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(one(stop, lambda: going.set_result(None)))
    await asyncio.wait({task, going}, return_when=asyncio.FIRST_COMPLETED)
    if not going.done():
        task.result()
    return task


def send_year(folder: Path, *, live: bool) -> int:
    """In a process of its own: until all is sent or a line comes on standard input. Says when the first is taken."""
    chosen = load(AdapterSettings, folder / "adapter.yaml")
    (feed,) = [one for one in feeds(chosen.feeds) if (one.facility, one.dialect) == (LOUD.code, SPOKEN)]
    name = f"{feed.adapter_id}.year" if live else history_adapter(feed.adapter_id)
    made = dialect(SPOKEN)
    year = folder / ("year-live" if live else "year")
    plan = History(replace(feed, adapter_id=name), made, files_of([year], made.suffixes))
    stop = threading.Event()

    def listen() -> None:
        sys.stdin.readline()
        stop.set()

    threading.Thread(target=listen, daemon=True).start()
    own = chosen.model_copy(update={"data": folder / year.name / "data"})
    began = threading.Event()

    def tell(_: int) -> None:
        if not began.is_set():
            began.set()
            print(SENDS.decode(), end="", flush=True)

    return asyncio.run(send(own, plan, stop, tell)).documents


def write_years(folder: Path, files: int) -> None:
    """A year ago until now, in even steps; two of them, so that neither is the other's repeat."""
    for seed, name in ((31, "year"), (32, "year-live")):
        start = datetime.now(UTC) - timedelta(days=365 + seed)
        moments = (start + timedelta(days=365 * at / files) for at in range(10 * files))
        write_folder(City(seed, 1, start=start, people=5_000), folder / name, SPOKEN, files, lambda: next(moments))  # noqa: B023


async def measure(
    folder: Path, seconds: float, rate: float, times: float, files: int, ready: float
) -> dict[str, dict[str, Any]]:
    city = City(1, start=datetime.now(UTC), people=5_000)
    async with Supervisor(folder, ready_seconds=ready) as supervisor:
        engines = await stage.start_engines(supervisor, folder)
        plan = replace(await asyncio.to_thread(Plan.make, folder, city), history=True)
        await stage.start_roles(supervisor, plan, engines)
        await asyncio.to_thread(write_years, folder, files)
        bench = Bench(plan, engines, folder, seconds, rate)
        await bench.round()  # the first round warms up
        found: dict[str, dict[str, Any]] = {}
        found["quiet"], _ = await bench.round()
        name = f"one at {times:g} times its rate"
        found[name], sent = await bench.round(lambda stop, going: bench.many(stop, going, times))
        found[name]["beside"] = sent[0]
        found["one sends a year: backfill.*"], sent = await bench.round(
            lambda stop, going: bench.year(stop, going, files, live=False)
        )
        found["one sends a year: backfill.*"]["beside"] = sent[0]
        found["one sends a year: received.*"], sent = await bench.round(
            lambda stop, going: bench.year(stop, going, files, live=True)
        )
        found["one sends a year: received.*"]["beside"] = sent[0]
        return found


def write(found: dict[str, dict[str, Any]]) -> None:
    results = [
        {"what": f"{name}: {level}", "value": values[level], "unit": unit, "runs": 1}
        for name, values in found.items()
        for level, unit in (("p50", "ms"), ("p95", "ms"), ("p99", "ms"), ("documents", ""), ("beside", "documents"))
        if level in values
    ]
    quiet = found["quiet"]["p95"] or 1
    ratios = {f"p95 of the others, {name} / quiet": (one["p95"] or 0) / quiet for name, one in found.items()}
    versions = {name: version(name) for name in ("confluent-kafka", "faust-streaming", "clickhouse-connect")}
    OUT.parent.mkdir(parents=True, exist_ok=True)
    body = {"machine": machine(), "versions": versions, "results": results, "ratios": ratios}
    OUT.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2))
    table = Table(
        "the others' live documents, ms", "p50", "p95", "p99", "documents", "sent beside", f"p95 <= {BOUND_MS}"
    )
    for name, one in found.items():
        well = "yes" if (one["p95"] or 0) <= BOUND_MS else "NO"
        table.add_row(
            name, *(str(one[at]) for at in ("p50", "p95", "p99", "documents")), str(one.get("beside", "")), well
        )
    Console().print(table)


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--seconds", type=float, default=12)
    asked.add_argument("--rate", type=float, default=100, help="parts a second of the whole city")
    asked.add_argument("--times", type=float, default=50)
    asked.add_argument("--files", type=int, default=4_000, help="of a year of history")
    asked.add_argument("--ready", type=float, default=READY_SECONDS, help="seconds for each part to become ready")
    asked.add_argument("--send", type=Path, help=argparse.SUPPRESS)
    asked.add_argument("--live", action="store_true", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.send is not None:
        print(send_year(given.send, live=given.live))
        return
    with tempfile.TemporaryDirectory(prefix="livingdata-") as folder:
        write(asyncio.run(measure(Path(folder), given.seconds, given.rate, given.times, given.files, given.ready)))


if __name__ == "__main__":
    main()
