"""`livingdata topics` against a real broker, and against one that has no admin API."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from infra.cli import build
from infra.doctor import broker as doctor
from infra.doctor.places import Places
from infra.embedded.kafka import EmbeddedKafka
from runtime import kafka as clients
from runtime.admin import Admin, KafkaAway, TopicState
from schemas import topics
from tests.servers import RealStack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]  # the first one starts the stack


@pytest.fixture
def kafka(real_stack: RealStack) -> Iterator[str]:
    """A broker without topics."""
    admin = Admin(real_stack.servers.kafka)
    admin.delete(list(admin.topics()))
    yield real_stack.servers.kafka
    admin.delete(list(admin.topics()))


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(build("topics"), ["topics", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_created_once_and_then_as_they_should_be(kafka: str) -> None:
    code, said, _ = run("create", "--kafka", kafka, "--json")
    assert (0, set(topics.TOPICS)) == (code, {one["name"] for one in json.loads(said)["created"]})
    assert (0, f"0 topics created, {len(topics.TOPICS)} were there\n") == run("create", "--kafka", kafka)[:2]
    assert (0, {"drift": []}) == (
        run("check", "--kafka", kafka)[0],
        json.loads(run("check", "--kafka", kafka, "--json")[1]),
    )
    listed = json.loads(run("list", "--kafka", kafka, "--json")[1])["topics"]
    assert {"name": "rejected", "partitions": 6, "replication": 1} == {
        name: value for one in listed if one["name"] == "rejected" for name, value in one.items() if name != "settings"
    }
    assert (0, True) == ((found := run("list", "--kafka", kafka))[0], "received.encounter" in found[1])


def test_drift_is_told_and_fails(kafka: str) -> None:
    run("create", "--kafka", kafka)
    admin = Admin(kafka)
    admin.delete(["outcomes", "rejected"])
    admin.create([TopicState("outcomes", 1, 1, {"retention.ms": "60000"})])
    admin.add_partitions("received.encounter", 16)
    code, said, _ = run("check", "--kafka", kafka, "--json")
    told = {(one["topic"], one["setting"], one["found"]) for one in json.loads(said)["drift"]}
    assert 1 == code
    assert {
        ("received.encounter", "partitions", "16"),
        ("rejected", "topic", "missing"),
        ("outcomes", "partitions", "1"),
        ("outcomes", "retention.ms", "60000"),
        ("outcomes", "segment.ms", str(7 * topics.DAY_MS)),
        ("outcomes", "max.message.bytes", "1048588"),
    } == told
    assert (1, True) == ((found := run("check", "--kafka", kafka))[0], "rejected" in found[1])


def test_more_replicas_than_brokers_are_refused(kafka: str) -> None:
    code, _, said = run("create", "--kafka", kafka, "--replication", "3")
    assert (1, True) == (code, said.startswith("INVALID_REPLICATION_FACTOR"))


def test_what_kafka_refuses_is_an_error(kafka: str) -> None:
    admin = Admin(kafka)
    with pytest.raises(KafkaAway, match="UNKNOWN_TOPIC_OR_PART"):
        admin.delete(["nowhere"])
    with pytest.raises(KafkaAway, match="UNKNOWN_TOPIC_OR_PART"):
        admin.add_partitions("nowhere", 3)


def test_what_topics_hold_and_what_a_group_has_not_read(kafka: str) -> None:
    run("create", "--kafka", kafka)
    admin = Admin(kafka)
    sending = clients.producer(kafka, "test")
    for number in range(10):
        sending.produce("outcomes", f"{number}".encode(), partition=0)
    assert 0 == sending.flush(30)
    assert {"outcomes": 10, "rejected": 0} == admin.held(["outcomes", "rejected", "nowhere"])
    assert ({}, 0) == (admin.positions("readers"), admin.lag("readers"))
    admin.rewind("readers", {("outcomes", 0): 4})
    assert ({("outcomes", 0): 4}, 6) == (admin.positions("readers"), admin.lag("readers"))


def test_a_broker_without_an_authorizer_has_no_rights_to_tell(kafka: str) -> None:
    assert Admin(kafka).acls() is None


def test_the_doctor_finds_what_is_wrong_with_them(kafka: str) -> None:
    run("create", "--kafka", kafka)
    well = {one.subject: one.level for one in doctor.examine(Places(addresses={"bootstrap": kafka}))}
    assert {"brokers": "ok", "all": "ok", "replication": "warning", "accepted.*": "warning"} == well
    Admin(kafka).delete(["outcomes"])
    ill = {one.subject: one.level for one in doctor.examine(Places(addresses={"bootstrap": kafka}))}
    assert "failed" == ill["missing"]


def test_the_embedded_broker_has_no_admin_api() -> None:
    with EmbeddedKafka() as cluster:
        for command in ("create", "list", "check"):
            code, _, said = run(command, "--kafka", cluster.bootstrap)
            assert (1, True) == (code, said.startswith("the embedded Kafka has no admin API"))


def test_a_broker_that_is_away_is_told() -> None:
    with pytest.raises(KafkaAway, match="no Kafka answered"):
        Admin("127.0.0.1:1", seconds=0.2)
