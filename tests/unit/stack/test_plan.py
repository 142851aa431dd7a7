"""What a stack consists of, before anything is started."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from infra.stack import kafka, plan
from infra.stack.plan import Plan


def fixed(tmp_path: Path, **changed: int) -> Plan:
    ports = {"brokers": 1, "kafka": 9092, "redis": 6379, "clickhouse": 8123, "registry": 8081} | changed
    return plan.fixed(tmp_path / "data", tmp_path, **ports)


def test_one_broker_with_everything(tmp_path: Path) -> None:
    made = fixed(tmp_path)
    assert {
        "bootstrap": "127.0.0.1:9092",
        "redis": "redis://127.0.0.1:6379/0",
        "clickhouse": "http://127.0.0.1:8123",
        "registry": "http://127.0.0.1:8081/apis/ccompat/v7",
    } == made.addresses
    assert "registry" not in fixed(tmp_path, registry=0).addresses


def test_three_brokers_replicate_and_two_must_have_it(tmp_path: Path) -> None:
    made = fixed(tmp_path, brokers=3)
    assert "127.0.0.1:9092,127.0.0.1:9093,127.0.0.1:9094" == made.bootstrap
    written = [kafka.properties(made, node) for node in (1, 2, 3)]
    assert ["1", "2", "3"] == [one["node.id"] for one in written]
    assert [("3", "2")] * 3 == [(one["default.replication.factor"], one["min.insync.replicas"]) for one in written]
    assert {"1@127.0.0.1:10092,2@127.0.0.1:10093,3@127.0.0.1:10094"} == {
        one["controller.quorum.voters"] for one in written
    }


@pytest.mark.parametrize("brokers", [1, 3])
def test_everything_listens_on_loopback_only(tmp_path: Path, brokers: int) -> None:
    written = kafka.properties(fixed(tmp_path, brokers=brokers), 1)
    hosts = [at.split("://")[1].split(":")[0] for at in written["listeners"].split(",")]
    assert {"127.0.0.1"} == set(hosts)


@pytest.mark.parametrize(
    "wrong",
    [
        {"brokers": 2},
        {"redis": -1},
        {"redis": 0},
        {"redis": 9092},
        {"kafka": 65_000},
        {"registry": 6379},
        {"clickhouse": 70_000},
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        fixed(tmp_path, **wrong)


def test_a_plan_is_found_again(tmp_path: Path) -> None:
    made = plan.free(tmp_path / "data", tmp_path, 3, registry=True)
    made.save()
    assert made == plan.load(tmp_path / "data")
    assert len(made.ports()) == len(set(made.ports()))


def test_the_cluster_id_is_one_that_kafka_takes() -> None:
    assert 22 == len(plan.CLUSTER_ID)
