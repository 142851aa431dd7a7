"""The dashboard and the alerts ask for metrics that exist, by labels that they have."""

import json
import re
from typing import Any, Final

import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from runtime import telemetry
from tests.unit.compose.model import INFRA, read

EXPORTER: Final = {
    "kafka_consumergroup_lag": {"consumergroup", "topic", "partition"},
    "kafka_consumergroup_members": {"consumergroup"},
    "kafka_topic_partition_current_offset": {"topic", "partition"},
}
"""What kafka_exporter 1.9 calls them."""

_PROMETHEUS: Final = {"instance", "job"}
_SUFFIXES: Final = {Counter: ("_total",), Gauge: ("",), Histogram: ("_bucket", "_sum", "_count")}


def ours() -> dict[str, set[str]]:
    """Name as Prometheus stores it -> its labels."""
    found = dict(EXPORTER)
    for metric in vars(telemetry).values():
        if isinstance(metric, MetricWrapperBase):
            for suffix in _SUFFIXES[type(metric)]:
                found[metric._name + suffix] = {*metric._labelnames, *({"le"} if suffix == "_bucket" else ())}
    return found


KNOWN: Final = ours()


def asked(expression: str) -> list[str]:
    """What is wrong with an expression: metrics or labels that do not exist."""
    names = re.findall(r"\b(?:livingdata|kafka)_\w+", expression)
    wrong = [name for name in names if name not in KNOWN]
    labels = {label for group in re.findall(r"by \(([^)]*)\)", expression) for label in re.split(r",\s*", group)}
    labels |= set(re.findall(r"(\w+)(?:=~|!~|!=|=)\"", expression))
    allowed = _PROMETHEUS.union(*(KNOWN.get(name, set()) for name in names))
    return [*wrong, *sorted(labels - allowed), *([] if names else ["no metric"])]


def panels() -> list[dict[str, Any]]:
    body = json.loads((INFRA / "grafana/dashboards/livingdata.json").read_text(encoding="utf-8"))
    return list(body["panels"])


def alerts() -> list[dict[str, Any]]:
    body = yaml.safe_load((INFRA / "prometheus/rules.yaml").read_text(encoding="utf-8"))
    return [rule for group in body["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: str(panel["title"]))
def test_a_panel_asks_for_what_there_is(panel: dict[str, Any]) -> None:
    assert [] == [wrong for target in panel["targets"] for wrong in asked(target["expr"])]
    assert "prometheus" == panel["datasource"]["uid"]


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_an_alert_asks_for_what_there_is(alert: dict[str, Any]) -> None:
    assert [] == asked(alert["expr"])
    assert alert["annotations"]["summary"]


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("rate(livingdata_nothing_total[5m])", ["livingdata_nothing_total"]),
        ("sum by (patient) (livingdata_outbox_depth)", ["patient"]),
        ('kafka_consumergroup_lag{group="x"}', ["group"]),
        ("up", ["no metric"]),
    ],
)
def test_what_is_not_there_is_found(expression: str, wrong: list[str]) -> None:
    assert wrong == asked(expression)


def test_every_metric_of_ours_is_shown() -> None:
    shown = {name for panel in panels() for t in panel["targets"] for name in re.findall(r"livingdata_\w+", t["expr"])}
    bases = {metric._name for metric in vars(telemetry).values() if isinstance(metric, MetricWrapperBase)}
    assert set() == {base for base in bases if not any(name.startswith(base) for name in shown)}


def test_prometheus_asks_every_role_and_the_exporter() -> None:
    body = yaml.safe_load((INFRA / "prometheus/prometheus.yaml").read_text(encoding="utf-8"))
    targets = {target for job in body["scrape_configs"] for one in job["static_configs"] for target in one["targets"]}
    services = read().services
    roles = {
        n: one.environment["LIVINGDATA_METRICS_PORT"] for n, one in services.items() if one.build and one.healthcheck
    }
    assert {f"{name}:{port}" for name, port in roles.items()} | {"kafka-exporter:9308"} == targets


def test_the_dashboard_is_provided() -> None:
    grafana = read().services["grafana"]
    inside = {volume.split(":")[1]: volume.split(":")[0] for volume in grafana.volumes}
    provider = yaml.safe_load((INFRA / "grafana/provisioning/dashboards/livingdata.yaml").read_text())["providers"][0]
    folder = INFRA / inside[provider["options"]["path"]]
    assert ["livingdata.json"] == [file.name for file in folder.iterdir()]
    source = yaml.safe_load((INFRA / "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"][0]
    assert ("prometheus", "http://prometheus:9090") == (source["uid"], source["url"])
