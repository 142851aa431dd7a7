"""Three brokers: what was acknowledged is on two, so the loss of one loses nothing, and writing goes on."""

from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, TopicPartition
from typer.testing import CliRunner

from infra.cli import build
from runtime import kafka
from runtime.admin import Admin, count_brokers
from tests.servers import RealStack, empty, make_real
from tests.workers import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]  # the first one starts the stack

TOPIC = "received.encounter"


@pytest.fixture(scope="module")
def real_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStack]:
    """Three brokers in place of the one that other tests share."""
    with make_real(tmp_path_factory.mktemp("three"), 3, registry=False) as stack:
        empty(stack.servers)
        yield stack


class Publisher:
    """Counts what was acknowledged."""

    def __init__(self, bootstrap: str) -> None:
        self._producer = kafka.producer(bootstrap, "publisher", log_level=0)
        self.sent: set[bytes] = set()
        self.delivered: set[bytes] = set()
        self.failed: list[str] = []

    def _report(self, error: Any, message: Any) -> None:
        if error is None:
            self.delivered.add(message.value())
        else:
            self.failed.append(error.name())

    def publish(self, count: int) -> None:
        for number in range(len(self.sent), len(self.sent) + count):
            value = str(number).encode()
            self.sent.add(value)
            self._producer.produce(TOPIC, value, value, on_delivery=self._report)
            self._producer.poll(0)

    def flush(self) -> None:
        assert 0 == self._producer.flush(90)
        assert [] == self.failed


def stored(bootstrap: str, count: int) -> list[bytes]:
    reader = kafka.consumer(bootstrap, "nobody", "reader", log_level=0)
    places = reader.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions
    reader.assign([TopicPartition(TOPIC, place, OFFSET_BEGINNING) for place in places])
    found: list[bytes] = []

    def all_read() -> bool:
        found.extend(message.value() for message in reader.consume(500, timeout=0.2) if message.error() is None)
        return len(found) >= count

    wait_for(all_read, f"{count} records")
    reader.close()
    return found


def test_topics_have_three_replicas_and_a_write_needs_two(real_stack: RealStack) -> None:
    done = CliRunner().invoke(build("topics"), ["topics", "check", "--kafka", real_stack.servers.kafka])
    assert 0 == done.exit_code, done.output
    found = Admin(real_stack.servers.kafka).topics(["min.insync.replicas"])
    assert {(3, "2")} == {(one.replication, one.settings["min.insync.replicas"]) for one in found.values()}


def test_a_killed_broker_loses_nothing_and_holds_nobody_up(real_stack: RealStack) -> None:
    publisher = Publisher(real_stack.servers.kafka)
    publisher.publish(2_000)
    real_stack.kill_broker(2)
    publisher.publish(2_000)
    publisher.flush()
    assert publisher.sent == publisher.delivered
    wait_for(lambda: 3 == count_brokers(f"127.0.0.1:{real_stack.plan.kafka_ports[1]}"), "the broker to come back")
    # An idempotent producer: each once, however often it was sent.
    assert sorted(publisher.sent) == sorted(stored(real_stack.servers.kafka, len(publisher.sent)))
