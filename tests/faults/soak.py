# ruff: noqa: S608 (the names put into SQL are ours)
"""`make soak`: the city on a real Kafka for half an hour. Does memory stay flat, does lag grow, do parts pile up?

The first third of the samples is left out where a level is judged (caches fill, pools grow); the second is compared with
the last. Ends with the ledger against the city's books, as every demo does.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from infra.demo import engines
from infra.demo.plan import Engines
from infra.demo.show import Demo, Options
from infra.embedded.process import pss_mib
from infra.embedded.supervisor import Supervisor
from infra.stack import libraries, plan
from infra.stack.plan import Plan
from runtime import settings
from runtime.admin import Admin, KafkaAway
from sinks.clickhouse.client import Away
from tests.faults.stack import JARS, bring_up
from tests.servers import PATIENCE

REPORT: Final = Path("build/soak.json")
ROLES: Final[tuple[str, ...]] = ("adapter", "processor", "sink")
FLAT: Final = 0.05
"""How much more memory a role may have in the last third than in the second."""
SETTLED_SECONDS: Final = 3.0
"""So many seconds of the city's rate may lie between the broker and the store without being called lag."""
MORE_LAG: Final = 1.25
MORE_PARTS: Final = 1.25
_PARTS: Final = f"SELECT count() AS parts FROM system.parts WHERE active AND database = '{engines.DATABASE}'"


@dataclass(frozen=True, slots=True)
class Sample:
    """`at` seconds since sending began; memory in MiB (PSS) by role; records not committed; active parts in ClickHouse."""

    at: float
    memory: dict[str, float]
    lag: int
    parts: int


def verdict(samples: Sequence[Sample], rate: float) -> dict[str, tuple[str, str, bool]]:
    """What -> (second third, last third, well). Fewer than nine samples say nothing: nothing is well then."""
    third = len(samples) // 3
    middle, last = samples[third : 2 * third], samples[-third:] if third else []
    if third < 3:
        return {"samples": (str(len(samples)), "at least 9", False)}
    found = {}
    for role in ROLES:
        before, after = (fmean(one.memory.get(role, 0.0) for one in some) for some in (middle, last))
        found[f"{role}, MiB"] = (f"{before:.1f}", f"{after:.1f}", after <= before * (1 + FLAT))
    lag = [median(one.lag for one in some) for some in (middle, last)]
    found["lag, records"] = (f"{lag[0]:.0f}", f"{lag[1]:.0f}", lag[1] <= max(MORE_LAG * lag[0], SETTLED_SECONDS * rate))
    parts = [fmean(one.parts for one in some) for some in (middle, last)]
    found["parts in ClickHouse"] = (f"{parts[0]:.0f}", f"{parts[1]:.0f}", parts[1] <= MORE_PARTS * parts[0])
    return found


class Soak:
    """A city on one broker, and its samples."""

    def __init__(self, folder: Path, minutes: float, rate: float, every: float) -> None:
        self._plan: Plan = plan.free(folder / "stack", JARS)
        self._every = every
        self.samples: list[Sample] = []
        self.demo = Demo(Options(seconds=60 * minutes, rate=rate), folder, start=self._start, patience=PATIENCE)

    async def _start(self, supervisor: Supervisor, _: Path) -> Engines:
        return (await bring_up(supervisor, self._plan))[1]

    async def run(self) -> dict[str, Any]:
        async with self.demo:
            made = asyncio.create_task(self.demo.run())
            began = time.monotonic()
            while not made.done() and self.demo.phase in ("starting", "sending"):
                await asyncio.wait({made}, timeout=self._every)
                if self.demo.phase == "sending":
                    self._note(await asyncio.to_thread(self._sample, time.monotonic() - began))
            return await made

    def _note(self, sample: Sample | None) -> None:
        if sample is None:
            return
        self.samples.append(sample)
        memory = ", ".join(f"{role} {sample.memory.get(role, 0):.0f}" for role in ROLES)
        print(f"{sample.at:>6.0f} s  {memory} MiB  lag {sample.lag}  parts {sample.parts}", flush=True)

    def _sample(self, at: float) -> Sample | None:
        """None where a server was too busy to say."""
        pids = self.demo.supervisor.processes()
        memory = {role: pss_mib([pids[role]]) for role in ROLES if role in pids}
        try:
            admin = Admin(self._plan.bootstrap, seconds=10)
            lag = admin.lag(settings.WORKERS) + admin.lag(settings.SINKS)
            parts = self.demo.watch.ask(_PARTS)[0]["parts"] if self.demo.watch is not None else 0
        except (Away, KafkaAway):
            return None
        return Sample(at, memory, lag, int(parts))


def tell(found: dict[str, tuple[str, str, bool]], report: dict[str, Any]) -> None:
    table = Table("", "second third", "last third", "")
    for name, (before, after, well) in found.items():
        table.add_row(name, before, after, "✓" if well else "✗")
    totals, injected = report["totals"], report["injected"]
    table.add_row("parts in the ledger / books", str(totals["published"]), str(injected["published"]), "")
    table.add_row("missing; counts that differ", str(totals["missing"]), str(len(report["differences"])), "")
    console = Console()
    console.print(table)
    console.print(f"capture to queryable, ms: {report['latency_ms']}; restarts {report['restarts']}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=500, help="parts a second")
    parser.add_argument("--every", type=float, default=5, help="seconds between samples")
    asked = parser.parse_args()
    why = libraries.lacking()
    if why is not None:
        print(f"no real stack on this machine: {why}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        soak = Soak(Path(folder), asked.minutes, asked.rate, asked.every)
        report = asyncio.run(soak.run())
    found = verdict(soak.samples, asked.rate)
    restarted = any(report["restarts"].values())
    well = all(one[2] for one in found.values()) and not report["differences"] and not restarted
    tell(found, report)
    REPORT.parent.mkdir(exist_ok=True)
    facts = {name: value for name, value in report.items() if name != "facilities"}
    REPORT.write_text(json.dumps({"well": well, "verdict": found, "report": facts}, indent=1))
    print(f"{'well' if well else 'NOT WELL'}; {REPORT}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
