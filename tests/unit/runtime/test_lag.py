"""Lag in seconds of our own clock: what groups had unread so long ago, and have still."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from runtime.lag import Lag

READS = {"workers": ["received.encounter", "received.later"], "sinks": ["accepted.encounter"]}


class Kafka:
    """Ends and committed positions of two partitions each."""

    def __init__(self) -> None:
        self.ends = {(topic, place): 0 for topic in ("received.encounter", "accepted.encounter") for place in (0, 1)}
        self.committed: dict[tuple[str, str, int], int] = {}
        self.away = False
        self.now = 0.0
        self.lag = Lag("a:1", READS, 1.0, lambda: self.now, lambda _, group, __: Consumer(self, group))

    def over(self, after: float = 0.0) -> bool:
        self.now += after
        return self.lag.over()

    def write(self, topic: str, count: int) -> None:
        self.ends[topic, 1] += count

    def commit(self, group: str, topic: str, offset: int) -> None:
        self.committed[group, topic, 1] = offset


class Consumer:
    def __init__(self, kafka: Kafka, group: str) -> None:
        self._kafka, self._group = kafka, group

    def list_topics(self, **_: Any) -> Any:
        self._answer()
        topics = {topic for topic, _ in self._kafka.ends}
        return SimpleNamespace(topics={name: SimpleNamespace(partitions={0: 0, 1: 1}) for name in topics})

    def offsets_for_times(self, places: list[TopicPartition], **_: Any) -> list[TopicPartition]:
        return self._told(places, lambda one: self._kafka.ends[one.topic, one.partition])

    def committed(self, places: list[TopicPartition], **_: Any) -> list[TopicPartition]:
        return self._told(places, lambda one: self._kafka.committed.get((self._group, one.topic, one.partition), -1001))

    def _told(self, places: list[TopicPartition], offset: Callable[[TopicPartition], int]) -> list[TopicPartition]:
        self._answer()
        return [TopicPartition(one.topic, one.partition, offset(one)) for one in places]

    def _answer(self) -> None:
        if self._kafka.away:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


def test_nothing_unread_is_no_lag(kafka: Kafka) -> None:
    assert not kafka.over()
    kafka.write("received.encounter", 5)
    kafka.commit("workers", "received.encounter", 5)
    assert not kafka.over(60)


@pytest.mark.parametrize(("topic", "group"), [("received.encounter", "workers"), ("accepted.encounter", "sinks")])
def test_what_lies_unread_for_long_is_lag_until_it_is_committed(kafka: Kafka, topic: str, group: str) -> None:
    kafka.over()
    kafka.write(topic, 5)
    assert kafka.over(0.1)  # it cannot be told yet how long
    assert kafka.over(1.0)
    kafka.commit(group, topic, 4)
    assert kafka.over(0.1)
    kafka.commit(group, topic, 5)
    assert not kafka.over(0.1)


def test_a_stream_that_is_read_in_time_is_no_lag_at_any_rate(kafka: Kafka) -> None:
    said = []
    for second in range(1, 40):
        kafka.write("received.encounter", 10_000)
        said.append(kafka.over(0.25))
        kafka.commit("workers", "received.encounter", 10_000 * (second - 2))
    assert [False] * 30 == said[-30:]


def test_one_that_falls_behind_is(kafka: Kafka) -> None:
    said = []
    for second in range(1, 40):
        kafka.write("received.encounter", 10_000)
        said.append(kafka.over(0.25))
        kafka.commit("workers", "received.encounter", 10_000 * (second - 8))
    assert [True] * 30 == said[-30:]


def test_an_old_look_says_nothing_of_what_came_since(kafka: Kafka) -> None:
    kafka.over()
    kafka.write("received.encounter", 5)
    assert kafka.over(10)
    kafka.commit("workers", "received.encounter", 4)
    assert kafka.over(0.5)


def test_what_cannot_be_told_is_lag(kafka: Kafka) -> None:
    kafka.away = True
    assert kafka.over()
    kafka.away = False
    assert not kafka.over()
