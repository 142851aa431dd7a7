"""Metrics: declared once, named by one law, with labels that can hold nothing of a patient."""

import urllib.request
from collections import Counter

import pytest
from prometheus_client import Counter as CounterMetric
from prometheus_client import Gauge, Histogram, Metric
from prometheus_client.metrics import MetricWrapperBase

from infra.embedded.process import free_port
from runtime import telemetry

METRICS: dict[str, MetricWrapperBase] = {
    name: value for name, value in vars(telemetry).items() if isinstance(value, MetricWrapperBase)
}
LABELS = {
    "what",
    "adapter_id",
    "outcome",
    "kind",
    "stage",
    "reason",
    "role",
    "table",
    "rule",
    "mode",
    "facility",
    "lane",
    "answer",
}
"""Each is of a table of ours or of the settings; none comes from a message."""


def described(metric: MetricWrapperBase) -> Metric:
    return next(iter(metric.describe()))


def names() -> dict[str, str]:
    return {constant: described(metric).name for constant, metric in METRICS.items()}


def test_there_are_metrics() -> None:
    assert len(METRICS) >= 10


def test_no_name_is_used_twice() -> None:
    assert [] == [name for name, times in Counter(names().values()).items() if times > 1]


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_a_name_follows_the_law(metric: MetricWrapperBase) -> None:
    """`livingdata_<what>_<unit>`; a counter's samples end in `_total`, a time is in seconds."""
    told = described(metric)
    assert told.name.startswith("livingdata_")
    assert told.documentation.strip()
    if isinstance(metric, Histogram):
        assert told.name.endswith("_seconds")
    assert isinstance(metric, CounterMetric | Gauge | Histogram)


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_a_label_is_one_of_the_few(metric: MetricWrapperBase) -> None:
    assert set() == set(metric._labelnames) - LABELS


def test_no_port_serves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "start_http_server", lambda *_a, **_k: pytest.fail("served"))
    telemetry.serve(None)


def test_a_port_serves_them_on_loopback() -> None:
    port = free_port()
    telemetry.serve(port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        body = answer.read().decode()
    for name in names().values():
        assert f"# HELP {name}" in body
