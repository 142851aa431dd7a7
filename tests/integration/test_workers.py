"""The role `livingdata processor` as processes: nothing is lost and nothing is told twice differently."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition

from runtime import kafka
from tests.servers import Servers
from tests.workers import TOPIC, Hospital

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]  # the first one starts the stack

ONE = frozenset({"accepted"})


@pytest.fixture
def real_groups(servers: Servers) -> None:
    """For tests of what the embedded broker's groups cannot."""
    if servers.embedded:
        pytest.skip("the embedded broker lets no second member into a group, and no operator commit for one")


@pytest.fixture
def hospital(servers: Servers, tmp_path: Path) -> Iterator[Hospital]:
    made = Hospital(servers, tmp_path)
    yield made
    made.close()


def all_accepted(hospital: Hospital) -> set[tuple[int, frozenset[str]]]:
    return {(number, ONE) for number in range(1, hospital.taken + 1)}


def test_every_part_has_one_outcome_and_the_position_follows(hospital: Hospital) -> None:
    hospital.publish(400)
    with hospital.worker("a") as worker:
        hospital.wait_for_all()
        hospital.wait_for_commits()
        assert 0 == worker.end(signal.SIGTERM), worker.said()
    assert {number: [("a", "accepted")] for number in range(1, 401)} == hospital.outcomes()


@pytest.mark.usefixtures("real_groups")
def test_a_second_worker_takes_its_share_and_the_first_may_leave(hospital: Hospital) -> None:
    with hospital.worker("a") as first:
        hospital.publish(200)
        with hospital.worker("b") as second:
            hospital.publish(200)
            hospital.wait_for_all()
            assert {"a", "b"} == {worker for said in hospital.outcomes().values() for worker, _ in said}
            assert 0 == first.end(signal.SIGTERM), first.said()
            hospital.publish(200)
            hospital.wait_for_all()
            hospital.wait_for_commits()
            assert 0 == second.end(signal.SIGTERM), second.said()
    assert all_accepted(hospital) == hospital.told()


@pytest.mark.usefixtures("real_groups")
def test_what_a_killed_worker_held_is_taken_over(hospital: Hospital) -> None:
    with hospital.worker("a") as first, hospital.worker("b") as second:
        hospital.publish(1000)
        hospital.wait_for(lambda: len(hospital.outcomes()) > 0, "the first outcomes")
        assert -signal.SIGKILL == first.end(signal.SIGKILL)
        hospital.publish(200)
        hospital.wait_for_all()
        hospital.wait_for_commits()
        assert 0 == second.end(signal.SIGTERM), second.said()
    assert all_accepted(hospital) == hospital.told()


@pytest.mark.usefixtures("real_groups")
def test_what_is_read_again_is_told_again(hospital: Hospital) -> None:
    hospital.publish(200)
    with hospital.worker("a") as first:
        hospital.wait_for_all()
        hospital.wait_for_commits()
        assert 0 == first.end(signal.SIGTERM), first.said()
    rewind(hospital)
    with hospital.worker("b"):
        hospital.wait_for(
            lambda: all(len(said) == 2 for said in hospital.outcomes().values()), "every outcome a second time"
        )
    assert all_accepted(hospital) == hospital.told()


def rewind(hospital: Hospital) -> None:
    """What an operator does who wants a day processed again: every position to the beginning, once all workers left."""
    operator = kafka.consumer(hospital.servers.kafka, hospital.group, "operator")
    places = [TopicPartition(TOPIC, partition, 0) for partition in hospital.positions()]
    operator.commit(offsets=places, asynchronous=False)
    operator.close()
