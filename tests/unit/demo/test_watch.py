"""How latency is measured: what is told of the past stands apart, and what comes late is not as late as the last look."""

from typing import Any

import pytest

from infra.demo import watch
from infra.demo.report import report
from runtime import settings
from runtime.settings import ClickHouseSettings
from sinks.clickhouse.client import Away
from tests.unit.dicom.feed import until

BEGAN = 1_800_000_000_000


class Shown:
    """A store whose views show these rows: (document, captured, adapter)."""

    def __init__(self, *rows: tuple[str, int, str]) -> None:
        self._shown = [dict(zip(("document_id", "captured_ms", "adapter_id"), row, strict=True)) for row in rows]

    def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:  # noqa: ARG002 - as it is asked
        if parameters is None:  # the ledger
            raise Away
        return [row | {"version": 1} for row in self._shown if row["captured_ms"] >= parameters["since"]]

    def close(self) -> None:
        pass


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    now = [BEGAN]
    monkeypatch.setattr(watch, "now_ms", lambda: now[0])
    return now


def looking(monkeypatch: pytest.MonkeyPatch, store: Shown) -> watch.Watch:
    monkeypatch.setattr(watch, "connect", lambda _settings: store)
    return watch.Watch(settings.load(ClickHouseSettings, clickhouse="http://127.0.0.1:1"), dict, 0)


async def test_what_is_seen_late_is_measured_when_it_is_seen(monkeypatch: pytest.MonkeyPatch, clock: list[int]) -> None:
    seen = looking(monkeypatch, Shown(("late", BEGAN + 1_000, "01001.HIS")))
    clock[0] = BEGAN + 1_000 + 2 * watch.RECENT_MS
    seen.start()
    try:
        await until(lambda: [2 * watch.RECENT_MS] == seen.latencies)
    finally:
        clock[0] += 60_000
        seen.stop()
    assert [2 * watch.RECENT_MS] == seen.latencies


async def test_history_is_no_part_of_what_is_live(monkeypatch: pytest.MonkeyPatch, clock: list[int]) -> None:
    seen = looking(monkeypatch, Shown(("live", BEGAN + 9_000, "01001.HIS"), ("old", BEGAN, "01001.HIS.backfill")))
    clock[0] = BEGAN + 10_000
    seen.start()
    seen.stop()
    assert ([1_000], [10_000]) == (seen.latencies, seen.history)
    made = report(
        {}, {}, {}, {}, seen.latencies, seen.history, seconds=1, peak_pss_mib=0, seconds_to_first_row=0, extra={}
    )
    assert (1_000, 10_000) == (made["latency_ms"]["p99"], made["history_latency_ms"]["p99"])
    assert (1, 1) == (made["latency_samples"], made["history_latency_samples"])
