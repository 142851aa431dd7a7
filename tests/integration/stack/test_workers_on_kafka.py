"""Workers and what only a real Kafka does: markers in the log, more partitions, a topic made anew, large records."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra import topics as plan
from runtime import kafka
from runtime.admin import Admin
from schemas import codec, registry, topics
from tests.servers import RealStack, empty
from tests.workers import FACILITY, TOPIC, Hospital, Reader

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]  # the first one starts the stack

ONE = frozenset({"accepted"})


@pytest.fixture
def hospital(real_stack: RealStack, tmp_path: Path) -> Iterator[Hospital]:
    empty(real_stack.servers)
    made = Hospital(real_stack.servers, tmp_path)
    yield made
    made.close()


def all_accepted(hospital: Hospital) -> set[tuple[int, frozenset[str]]]:
    return {(number, ONE) for number in range(1, hospital.taken + 1)}


def in_transaction(hospital: Hospital, count: int, *, commit: bool) -> None:
    """What somebody else's transactional producer leaves in the log: records and, after them, a marker."""
    producer = kafka.producer(
        hospital.servers.kafka, "foreign", **{"transactional.id": "foreign", "message.timeout.ms": 60_000}
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    hospital.send(producer, hospital.events(count), partition=0)
    producer.flush(30)
    if commit:
        producer.commit_transaction(30)
    else:
        producer.abort_transaction(30)


def test_markers_in_the_log_are_no_records_and_no_holes(hospital: Hospital) -> None:
    in_transaction(hospital, 20, commit=True)
    hospital.publish(20, partition=0)
    in_transaction(hospital, 20, commit=True)
    with hospital.worker("a") as worker:
        hospital.wait_for_all()
        hospital.publish(20, partition=0)
        hospital.wait_for_all()
        hospital.wait_for_commits()
        assert 0 == worker.end(signal.SIGTERM), worker.said()
    assert {0: (82, 82)} == hospital.positions()
    with hospital.worker("b"):
        hospital.publish(5, partition=0)
        hospital.wait_for_all()
    assert dict.fromkeys(range(1, 86), 1) == {n: len(said) for n, said in hospital.outcomes().items()}
    assert all_accepted(hospital) == hospital.told()


def test_a_marker_at_the_end_stays_ahead_of_the_position(hospital: Hospital) -> None:
    """The lag then reads 1 for ever; nothing is missing. Adapters are idempotent producers, never transactional."""
    in_transaction(hospital, 20, commit=True)
    with hospital.worker("a"):
        hospital.wait_for_all()
        hospital.wait_for(lambda: {0: (20, 21)} == hospital.positions(), "the position after the last record")


def test_partitions_that_were_added_are_read(hospital: Hospital) -> None:
    hospital.publish(100)
    with hospital.worker("a") as worker:
        hospital.wait_for_all()
        Admin(hospital.servers.kafka).add_partitions(TOPIC, 16)
        later = kafka.producer(hospital.servers.kafka, "later")  # the one before has not heard of them yet
        hospital.send(later, hospital.events(20), partition=15)
        assert 0 == later.flush(30)
        hospital.wait_for_all()
        hospital.wait_for_commits()
        assert 0 == worker.end(signal.SIGTERM), worker.said()
    assert all_accepted(hospital) == hospital.told()
    assert (20, 20) == hospital.positions()[15]


def test_a_topic_made_anew_is_read_from_its_beginning(hospital: Hospital) -> None:
    """Made anew between two workers: under a running one it would go on at its old position."""
    hospital.publish(200)
    with hospital.worker("a") as first:
        hospital.wait_for_all()
        hospital.wait_for_commits()
        assert 0 == first.end(signal.SIGTERM), first.said()
    make_anew(hospital)
    hospital.publish(50)
    with hospital.worker("b"):
        hospital.wait_for_all()
        hospital.wait_for_commits()
    assert all_accepted(hospital) == hospital.told()


def make_anew(hospital: Hospital) -> None:
    admin = Admin(hospital.servers.kafka)
    admin.delete([TOPIC])
    admin.create([plan.wanted(admin.brokers)[TOPIC]])


def test_a_record_as_large_as_they_come_is_rejected_and_stops_nobody(hospital: Hospital) -> None:
    """Rubbish at the topic's limit: with the original inside, its rejection would be above it."""
    rubbish = kafka.producer(hospital.servers.kafka, "foreign")
    for spare in (100, 1_000, 100_000):
        rubbish.produce(TOPIC, os.urandom(topics.MAX_MESSAGE_BYTES - spare), FACILITY.encode(), partition=0)
    assert 0 == rubbish.flush(30)
    hospital.publish(20, partition=0)
    with hospital.worker("a"):
        hospital.wait_for_all()
        hospital.wait_for_commits()
    assert [topics.MAX_MESSAGE_BYTES - spare for spare in (100, 1_000, 100_000)] == [
        one["original_size"] for one in sorted(rejections(hospital), key=lambda one: one["source_offset"])
    ]


def rejections(hospital: Hospital) -> list[dict[str, Any]]:
    reader = Reader(hospital.servers, topics.REJECTED)
    _, made = registry.latest(topics.REJECTED)
    hospital.wait_for(lambda: len(reader.more()) >= 3, "rejections")
    framed = [codec.unframe(message.value()) for message in reader.messages]
    reader.close()
    return [made.decode(one[1]) for one in framed if one is not None]


def test_a_broker_that_died_and_came_back(hospital: Hospital, real_stack: RealStack) -> None:
    hospital.publish(200)
    with hospital.worker("a") as worker:
        hospital.wait_for_all()
        real_stack.kill_broker(1)
        hospital.publish(200)
        hospital.wait_for_all()
        hospital.wait_for_commits()
        assert 0 == worker.end(signal.SIGTERM), worker.said()
    assert all_accepted(hospital) == hospital.told()
