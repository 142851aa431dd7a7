"""`make drill-restore`: everything but Kafka is lost and comes back from a backup, while hospitals go on sending.

Backed up while the city runs: ClickHouse (its folder, stopped for the copy), the keyrings, the outbox (SQLite's own
backup), Redis's append-only file, and the sink's positions of that moment. Later all roles are killed and all of this is
deleted. Restored in the order of docs/reliability.md. Printed: how long it took, and what was lost, in parts and in
numbers of which the ledger says itself that they are in doubt. More may be lost than those only by what hospitals send
between two heartbeats.
"""

import argparse
import asyncio
import json
import math
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from infra.demo.report import page
from infra.demo.show import Demo, Options
from infra.embedded.supervisor import Role
from infra.stack import clickhouse, libraries, runner
from producers.restored import renew
from producers.serve import HEARTBEAT_MS
from runtime import settings
from runtime.admin import Admin
from sinks.clickhouse import reconcile
from sinks.clickhouse.client import connect
from tests.faults.rounds import until_progress
from tests.faults.stack import StackCity
from tests.servers import PATIENCE

REPORT: Final = Path("build/drill-restore.json")
BACKUP_AT, DISASTER_AT, SENDING = 10.0, 22.0, 40.0
_RINGS: Final = ("keyring.json", "adapter-keyring.json")
_ROLES: Final = ("adapter", "processor", "sink")


class Drill:
    """The operator's hands. `folder` is where the city lies, `kept` where its backup goes."""

    def __init__(self, city: StackCity, demo: Demo, kept: Path) -> None:
        self._city, self._demo, self._kept = city, demo, kept
        self._seconds: dict[str, float] = {}
        self._positions: dict[tuple[str, int], int] = {}
        self.waiting = 0

    @property
    def seconds(self) -> dict[str, float]:
        return self._seconds

    async def back_up(self) -> None:
        began = time.monotonic()
        self._positions = await asyncio.to_thread(self._read_positions)
        for name in _RINGS:
            shutil.copy2(self._demo.folder / name, self._kept / name)
        await asyncio.to_thread(_copy_outbox, self._demo.folder / "adapter", self._kept / "adapter")
        await asyncio.to_thread(shutil.copytree, self._city.plan.data / "redis", self._kept / "redis")
        await self._demo.supervisor.stop_role("clickhouse")
        # Positions were read before: rows that came in between are read again, which is harmless.
        await asyncio.to_thread(_copy, self._city.plan.data / "clickhouse", self._kept / "clickhouse")
        await self._demo.supervisor.start(clickhouse.role(self._city.plan))
        self._seconds["backup"] = time.monotonic() - began

    async def disaster(self) -> None:
        """Everything dies at once and its disks with it; Kafka stays."""
        supervisor = self._demo.supervisor
        for name in (*_ROLES, "redis", "clickhouse"):
            supervisor.kill(name, signal.SIGSTOP)
        for name in (*_ROLES, "redis", "clickhouse"):
            await self._city.fell(name)
        for place in (self._demo.folder / "adapter", *(self._city.plan.data / n for n in ("redis", "clickhouse"))):
            await asyncio.to_thread(shutil.rmtree, place)
        for name in _RINGS:
            (self._demo.folder / name).unlink()

    async def restore(self) -> None:
        began = time.monotonic()
        supervisor, plan, folder = self._demo.supervisor, self._city.plan, self._demo.folder
        for name in _RINGS:
            shutil.copy2(self._kept / name, folder / name)
        for name in ("redis", "clickhouse"):
            await asyncio.to_thread(_copy, self._kept / name, plan.data / name)
        await asyncio.to_thread(shutil.copytree, self._kept / "adapter", folder / "adapter")
        self.waiting = renew(folder / "adapter").waiting
        self._step("files", began)
        await supervisor.start(runner.claims_role(plan))
        await supervisor.start(clickhouse.role(plan))
        roles = self._roles()
        # Hospitals first: what they send is safe in the outbox and on Kafka while the rest is mended.
        await supervisor.start(roles["adapter"])
        self._step("hospitals can send", began)
        await self._rewound()
        await supervisor.start(roles["sink"])
        await self._city.rebuild(replace=True)
        self._step("workers run", began)

    async def _rewound(self) -> None:
        """A killed member stays in its group until its session ends (10 s)."""
        while True:
            try:
                await asyncio.to_thread(self._rewind)
            except Exception as error:
                if "UNKNOWN_MEMBER" not in str(error) and "NON_EMPTY" not in str(error):
                    raise
                await asyncio.sleep(0.5)
            else:
                return

    def _step(self, name: str, began: float) -> None:
        self._seconds[name] = time.monotonic() - began

    def _roles(self) -> dict[str, Role]:
        if self._demo.plan is None or self._demo.engines is None:
            raise RuntimeError("the city never opened")
        return {role.name: role for role in self._demo.plan.roles(self._demo.engines)}

    # Both in a thread: brokers are advertised at proxies that live in this loop.
    def _read_positions(self) -> dict[tuple[str, int], int]:
        return Admin(self._city.plan.bootstrap).positions(settings.SINKS)

    def _rewind(self) -> None:
        Admin(self._city.plan.bootstrap).rewind(settings.SINKS, self._positions)


def _copy(source: Path, to: Path) -> None:
    """As `cp -a`: a database of ClickHouse is a link in its folder, and followed it would be there twice."""
    shutil.copytree(source, to, symlinks=True)


def _copy_outbox(source: Path, to: Path) -> None:
    """The database by SQLite's own means while the adapter writes; what else lies there as files."""
    shutil.copytree(source, to, ignore=shutil.ignore_patterns("outbox.sqlite*", "outbox.lock"))
    live, copy = sqlite3.connect(source / "outbox.sqlite"), sqlite3.connect(to / "outbox.sqlite")
    with copy:
        live.backup(copy)
    live.close()
    copy.close()


async def drill(folder: Path, rate: float, seed: int) -> dict[str, Any]:
    city = StackCity(folder)
    options = Options(seconds=SENDING, facilities=4, rate=rate, seed=seed, people=2_000)
    kept = folder / "kept"
    kept.mkdir()
    try:
        async with Demo(options, folder, start=city.start, patience=PATIENCE) as demo:
            city.demo = demo
            hands = Drill(city, demo, kept)
            running = asyncio.create_task(demo.run())
            try:
                await asyncio.sleep(BACKUP_AT)
                await hands.back_up()
                await asyncio.sleep(max(0.0, DISASTER_AT - BACKUP_AT - hands.seconds["backup"]))
                await hands.disaster()
                await hands.restore()
                progress = await until_progress(demo, running)
                report = await running
                feeds = await asyncio.to_thread(_feeds, demo)
            finally:
                running.cancel()
            return _told(report, feeds, hands, progress, rate)
    finally:
        await city.stop()


def _feeds(demo: Demo) -> list[dict[str, Any]]:
    if demo.plan is None or demo.engines is None:
        raise RuntimeError("the city never opened")
    client = connect(demo.plan.clickhouse(demo.engines))
    try:
        return reconcile.balance(client, settle_seconds=0)
    finally:
        client.close()


def explained(report: dict[str, Any], doubt: int, rate: float) -> int:
    """The most parts that may be lost: those of the numbers in doubt (each has as many as the city's messages have on
    average) and those sent between two heartbeats, of which no ledger can know. `rate` in parts a second."""
    messages = report["messages"] - report["retransmissions"]
    each: float = report["injected"]["published"] / max(1, messages)
    return math.ceil(doubt * each + rate * HEARTBEAT_MS / 1000)


def verdict(report: dict[str, Any], lost: int, allowed: int) -> list[str]:
    """The promises that were broken. `lost` may be below zero: what was stored and not yet answered when everything died is
    said again and has two numbers."""
    totals = report["totals"]
    wrong = [f"missing: {totals['missing']}"] if totals["missing"] else []
    if totals["stored"] != totals["accepted"] + totals["amended"]:
        wrong.append("rows stored are not those accepted")
    if report["answers_differ"] or report["unanswered"]:
        wrong.append("hospitals were not answered as they should be")
    if lost > allowed:
        wrong.append(f"{lost} parts lost where at most {allowed} are explained")
    return wrong


def _told(
    report: dict[str, Any], feeds: list[dict[str, Any]], hands: Drill, progress: float | None, rate: float
) -> dict[str, Any]:
    totals, injected = page(report["totals"]), page(report["injected"])
    doubt = sum(row["taken"] - row["acknowledged"] for row in feeds if row["lost_tail"])
    lost = injected["published"] - totals["published"] + totals["missing"]
    allowed = explained(report, doubt, rate)
    return {
        "wrong": verdict(report, lost, allowed),
        "seconds": {name: round(seconds, 1) for name, seconds in hands.seconds.items()}
        | {"first new outcome": progress},
        "parts_lost": lost,
        "most_explained": allowed,
        "numbers_in_doubt": doubt,
        "waiting_in_the_backup": hands.waiting,
        "totals": totals,
        "injected": injected,
        "differences": report["differences"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=120, help="parts a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="make the city's folder here")
    asked = parser.parse_args()
    why = libraries.lacking()
    if why is not None:
        print(f"no real stack on this machine: {why}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="drill-", dir=asked.keep) as folder:
        made = asyncio.run(drill(Path(folder), asked.rate, asked.seed))
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(made, indent=1) + os.linesep)
    for name in (
        "seconds",
        "parts_lost",
        "most_explained",
        "numbers_in_doubt",
        "waiting_in_the_backup",
        "totals",
        "injected",
    ):
        print(f"{name}: {made[name]}")
    print("; ".join(made["wrong"]) or "nothing is missing, and all that was lost is explained", f"({REPORT})")
    return 1 if made["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
