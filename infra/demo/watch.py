"""Watching a running city from the outside: what analysts can see, how soon, and what it costs in memory.

A thread of its own asks ClickHouse as any analyst would. A document's latency is the time from its capture to the first
look that finds it in its view, so the interval between looks counts as latency too. What is told of the past gives way
to what is live, as long as that takes, so its latencies are kept apart.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from infra.embedded.process import pss_mib
from runtime.clock import now_ms
from runtime.settings import ClickHouseSettings
from sinks.clickhouse import reconcile
from sinks.clickhouse.client import Away, ClickHouse, connect

LOOK_SECONDS: Final = 0.2
COUNT_SECONDS: Final = 1.0
RECENT_MS: Final = 15_000
"""A look asks for what was captured so recently. What comes later still is found by a look at everything: in between, so
that its latency is not that of the last look."""
WHOLE_SECONDS: Final = 2.0
WHOLE_SHARE: Final = 0.05
"""A look at everything is taken so often, and takes no more than this share of the time."""

_COUNTS: Final = (
    "SELECT facility, if(rank = 0, 'missing', toString(outcome)) AS outcome, count() AS parts FROM ledger_numbers FINAL "
    "WHERE adapter_id != '' GROUP BY facility, outcome"
)
_FRESH: Final = (
    "SELECT facility, max(toUnixTimestamp64Milli(captured_at)) AS newest FROM ledger_numbers WHERE rank = 3 "
    "GROUP BY facility"
)
_REASONS: Final = "SELECT facility, reason, count() AS parts FROM rejected FINAL GROUP BY facility, reason"


@dataclass(slots=True)
class Seen:
    """What one count of the ledger showed. `newest` is the capture time (ms) of the newest row per facility."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, Counter[str]] = field(default_factory=dict)

    def parts(self) -> int:
        return sum(sum(counts.values()) for counts in self.outcomes.values())


class Watch:
    """Looks until `stop`; results may be read at any time."""

    def __init__(self, settings: ClickHouseSettings, pids: Callable[[], Mapping[str, int]], own_pid: int) -> None:
        self._settings, self._pids, self._own = settings, pids, own_pid
        self._client: ClickHouse | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._began_ms = now_ms()
        self._known: set[tuple[str, int]] = set()
        self._whole_at = 0.0
        self.latencies: list[int] = []
        self.history: list[int] = []
        """Latencies of what is told of the past."""
        self.peak_pss_mib = 0.0
        self.first_row_at: float | None = None
        """Of time.monotonic()."""
        self.seen = Seen()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """One last look at everything, so that a document that came late counts as late and is not left out."""
        self._stop.set()
        self._thread.join(60)
        if self._client is not None:
            try:
                self._look(self._began_ms)
            except Away:
                return
            finally:
                self._client.close()

    def _run(self) -> None:
        next_count = 0.0
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                if self._client is None:
                    self._client = connect(self._settings)
                self._look(self._since(started))
                if started >= next_count:
                    self._count()
                    next_count = started + COUNT_SECONDS
            except Away:
                pass  # not ready yet, or restarting: the next look tells
            self._stop.wait(max(0.02, LOOK_SECONDS - (time.monotonic() - started)))

    def _since(self, at: float) -> int:
        """From when (ms) a look that begins now asks."""
        return self._began_ms if at >= self._whole_at else max(self._began_ms, now_ms() - RECENT_MS)

    def _look(self, since_ms: int) -> None:
        if self._client is None:
            return
        began = time.monotonic()
        rows = reconcile.visible(self._client, since_ms)
        now = now_ms()
        if since_ms == self._began_ms:
            done = time.monotonic()
            self._whole_at = done + max(WHOLE_SECONDS, (done - began) / WHOLE_SHARE)
        for row in rows:
            if (row.document_id, row.version) not in self._known:
                self._known.add((row.document_id, row.version))
                (self.history if row.history else self.latencies).append(now - row.captured_ms)

    def _count(self) -> None:
        if self._client is None:
            return
        seen = Seen()
        for row in self._client.rows(_COUNTS):
            seen.outcomes.setdefault(row["facility"], Counter())[row["outcome"]] += int(row["parts"])
        for row in self._client.rows(_FRESH):
            seen.newest[row["facility"]] = int(row["newest"])
        for row in self._client.rows(_REASONS):
            seen.reasons.setdefault(row["facility"], Counter())[row["reason"]] += int(row["parts"])
        self.seen = seen
        if self.first_row_at is None and seen.newest:
            self.first_row_at = time.monotonic()
        self.peak_pss_mib = max(self.peak_pss_mib, pss_mib([self._own, *self._pids().values()]))

    def ask(self, sql: str) -> list[dict[str, Any]]:
        """A question from another thread, on a connection of its own. Raises Away."""
        client = connect(self._settings)
        try:
            return client.rows(sql)
        finally:
            client.close()
