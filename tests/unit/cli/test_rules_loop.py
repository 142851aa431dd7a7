"""`livingdata rules run --every`: what it tells Prometheus, and so `livingdata health`."""

import threading

from prometheus_client import REGISTRY

from infra.cli.rules_run import loop
from runtime import telemetry
from sinks.clickhouse.client import Away
from sinks.clickhouse.cross.run import Run


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def issues(what: str) -> float:
    return value("livingdata_rules_issues_total", what=what)


def test_a_run_tells_its_end_and_its_issues() -> None:
    stop = threading.Event()
    telemetry.PROGRESS.labels("rules").set(0)
    before = issues("written"), issues("taken_back"), value("livingdata_rules_run_seconds_count")

    def once() -> Run:
        stop.set()
        return Run({"X20b": 2, "X21": 1}, 7, 4)

    loop(once, stop, 0)
    assert (3, 4, 1) == (
        issues("written") - before[0],
        issues("taken_back") - before[1],
        value("livingdata_rules_run_seconds_count") - before[2],
    )
    assert value(telemetry.PROGRESS_NAME, role="rules") > 0


def test_a_run_that_the_store_does_not_answer_is_no_progress() -> None:
    stop = threading.Event()
    telemetry.PROGRESS.labels("rules").set(0)
    before = value("livingdata_rules_runs_failed_total")

    def once() -> Run:
        stop.set()
        raise Away("ClickHouse")

    loop(once, stop, 0)
    assert 1 == value("livingdata_rules_runs_failed_total") - before
    assert 0 == value(telemetry.PROGRESS_NAME, role="rules")
