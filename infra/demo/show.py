"""A demo from start to end: start everything, let the city send, drain, compare the ledger with the city's books."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.city.books import Books
from infra.city.city import City, every
from infra.city.message import Message
from infra.city.send import Sender, Tally
from infra.demo import report, stage
from infra.demo.plan import Engines, Plan
from infra.demo.watch import Watch
from infra.embedded.supervisor import READY_SECONDS, Supervisor
from schemas.rules import RULES
from sinks.clickhouse import reconcile
from sinks.clickhouse.client import Away, connect
from sinks.clickhouse.cross.run import Runner, of_store


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: for a part to become ready, without movement of the ledger while it drains, for the last heartbeats.

    A machine with other work may need half a minute for what it does alone in three seconds.
    """

    ready: float = READY_SECONDS
    quiet: float = 20.0
    marks: float = 30.0


@dataclass(frozen=True, slots=True)
class Options:
    """`rate` in parts a second, 0 for as fast as it goes; `seconds` of sending."""

    seconds: float = 30.0
    facilities: int = 42
    rate: float = 200.0
    seed: int = 1
    people: int = 20_000
    every_dialect: bool = False


@dataclass(slots=True)
class Sent:
    """How much each hospital has sent so far, in parts."""

    parts: dict[str, int] = field(default_factory=dict)

    def add(self, message: Message) -> None:
        self.parts[message.facility] = self.parts.get(message.facility, 0) + len(message.expected)


Start = Callable[[Supervisor, Path], Awaitable[Engines]]
"""Brings the engines up, or finds those that run."""


class Demo:
    """One run. Use as `async with`; `run` may be stopped early with `stop`."""

    def __init__(
        self,
        options: Options,
        folder: Path,
        began: float | None = None,
        start: Start = stage.start_engines,
        patience: Patience = Patience(),
    ) -> None:
        self.options, self.folder, self._start, self._patience = options, folder, start, patience
        self.supervisor = Supervisor(folder, ready_seconds=patience.ready)
        self.sent = Sent()
        self.books = Books()
        self.phase = "starting"
        self.city: City | None = None
        self.plan: Plan | None = None
        self.engines: Engines | None = None
        self.watch: Watch | None = None
        self._sender: Sender | None = None
        self._stopped = False
        self._began = time.monotonic() if began is None else began

    async def __aenter__(self) -> "Demo":
        try:
            await self._open()
        except BaseException:
            await self.supervisor.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.supervisor.stop()

    def stop(self) -> None:
        """Send no more; what was begun is finished and counted."""
        self._stopped = True
        if self._sender is not None:
            self._sender.stop()

    async def _open(self) -> None:
        options = self.options
        engines = asyncio.ensure_future(self._start(self.supervisor, self.folder))
        start = datetime.now(UTC)
        dialects = every(options.facilities) if options.every_dialect else {}
        city = await asyncio.to_thread(
            City, options.seed, options.facilities, start=start, people=options.people, dialects=dialects
        )
        self.city = city
        self.books = Books(hospital.code for hospital in city.hospitals)
        self.plan = await asyncio.to_thread(Plan.make, self.folder, city)
        self.engines = await engines
        await asyncio.gather(
            stage.start_roles(self.supervisor, self.plan, self.engines),
            stage.load_citizens(self.plan, self.engines, city.registry()),
        )
        self.watch = Watch(self.plan.clickhouse(self.engines), self.supervisor.processes, os.getpid())
        self.watch.start()

    async def run(self) -> dict[str, Any]:
        """Send, drain, compare. Gives the report; its `differences` are empty where all is well."""
        city, plan, watch = self._opened()
        self.phase = "sending"
        self._sender = sender = Sender(
            city.messages(lambda: datetime.now(UTC)),
            self.books,
            plan.targets(),
            rate=self.options.rate,
            on_sent=self.sent.add,
        )
        started = time.monotonic()
        tally = Tally() if self._stopped else await sender.run(self.options.seconds)
        sending = time.monotonic() - started
        self.phase = "draining"
        drained = await self._drain(watch)
        await self.supervisor.stop_role("adapter")  # its last heartbeat says how far it came
        self.phase = "counting"
        made = await asyncio.to_thread(self._count)
        await asyncio.to_thread(self._ask_rules)
        await asyncio.to_thread(watch.stop)
        first = None if watch.first_row_at is None else watch.first_row_at - self._began
        totals, facilities = made
        books = self.books.facilities()
        return report.report(
            totals,
            self.books.totals(),
            facilities,
            books,
            watch.latencies,
            watch.history,
            seconds=drained - started,
            peak_pss_mib=watch.peak_pss_mib,
            seconds_to_first_row=first,
            extra={
                "seconds_sending": round(sending, 2),
                "messages": tally.messages,
                "retransmissions": tally.retransmissions,
                "resent": tally.resent,
                "refused_for_now": tally.refused_for_now,
                "answers_differ": tally.answers_differ,
                "unanswered": tally.unanswered,
                "restarts": self.supervisor.restarts,
                "differences": report.differences(facilities, books),
            },
        )

    def _opened(self) -> tuple[City, Plan, Watch]:
        if self.city is None or self.plan is None or self.watch is None:
            raise RuntimeError("the demo is not open: use `async with`")
        return self.city, self.plan, self.watch

    async def _drain(self, watch: Watch) -> float:
        """Until every part that was sent has its outcome, or nothing moves any more; when the last one came."""
        wanted = int(self.books.totals()["published"])
        parts, moved = -1, time.monotonic()
        while True:
            seen = watch.seen
            done = seen.parts() - sum(counts["missing"] for counts in seen.outcomes.values())
            if done != parts:
                parts, moved = done, time.monotonic()
            if parts >= wanted or time.monotonic() - moved > self._patience.quiet:
                return moved
            await asyncio.sleep(0.1)

    def _count(self) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """The ledger, once the last heartbeats are in and nothing is missing any more, or time is up."""
        _, plan, _ = self._opened()
        if self.engines is None:
            raise RuntimeError("no engines")
        client = connect(plan.clickhouse(self.engines))
        deadline = time.monotonic() + self._patience.marks
        try:
            while True:
                try:
                    if self._settled(client) or time.monotonic() > deadline:
                        return reconcile.totals(client, 0), reconcile.facilities(client, 0)
                except Away:
                    if time.monotonic() > deadline:
                        raise
                time.sleep(0.2)
        finally:
            client.close()

    def _ask_rules(self) -> None:
        """What several documents together get wrong, for who looks at the scorecards afterwards."""
        _, plan, _ = self._opened()
        if self.engines is None:
            return
        client = connect(plan.clickhouse(self.engines))
        try:
            Runner(client, of_store(RULES.values()))(0)
        except Away:
            pass  # the ledger is the demo's matter; the rules are asked again by `rules run`
        finally:
            client.close()

    @staticmethod
    def _settled(client: reconcile.Store) -> bool:
        """Every feed that took anything has said that all of it is acknowledged, and all of it is accounted for."""
        rows = reconcile.balance(client, settle_seconds=0)
        return bool(rows) and all(row["taken"] == row["acknowledged"] and row["missing"] == 0 for row in rows)


Picture = Callable[[Demo], None]
