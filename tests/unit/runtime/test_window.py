"""The window: closed while a group has not read what a forgetful broker would drop; open again once it has."""

from collections.abc import Sequence
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from runtime import kafka, window
from runtime.settings import BACKFILL, SINKS, WORKERS
from runtime.window import LIMIT_RECORDS, Window, reading_group
from schemas import topics

ENCOUNTER = topics.received("encounter")


class Groups:
    """A broker that knows what each group has committed; `asked` are the questions put to it."""

    def __init__(self) -> None:
        self.committed: dict[tuple[str, str, int], int] = {}
        self.asked: list[str] = []
        self.away = False

    def consumer(self, _bootstrap: str, group: str, _name: str) -> "Reader":
        return Reader(self, group)


class Reader:
    def __init__(self, groups: Groups, group: str) -> None:
        self._groups, self._group = groups, group

    def committed(self, places: Sequence[TopicPartition], timeout: float) -> list[TopicPartition]:  # noqa: ARG002
        self._groups.asked.append(self._group)
        if self._groups.away:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        known = self._groups.committed
        return [
            TopicPartition(p.topic, p.partition, known.get((self._group, p.topic, p.partition), -1001)) for p in places
        ]


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> Groups:
    made = Groups()
    monkeypatch.setattr(kafka, "consumer", made.consumer)
    monkeypatch.setattr(window, "_ASK_SECONDS", 0.0)
    return made


def test_it_is_open_until_a_partition_holds_more_than_the_limit(groups: Groups) -> None:
    made = Window("a:1", limit_bytes=100)
    made.delivered(ENCOUNTER, 0, 0, 100)
    made.delivered(ENCOUNTER, 1, 0, 100)
    assert made.open()
    assert [] == groups.asked
    made.delivered(ENCOUNTER, 1, 1, 1)
    assert not made.open()


def test_it_opens_when_the_reading_group_has_committed_enough(groups: Groups) -> None:
    made = Window("a:1", limit_bytes=100)
    for offset in range(3):
        made.delivered(ENCOUNTER, 0, offset, 60)
    assert not made.open()
    groups.committed[WORKERS, ENCOUNTER, 0] = 1  # the next to read: one of three is read
    assert not made.open()
    groups.committed[WORKERS, ENCOUNTER, 0] = 2
    assert made.open()


def test_what_another_group_has_read_opens_nothing(groups: Groups) -> None:
    made = Window("a:1", limit_bytes=10)
    made.delivered(ENCOUNTER, 0, 0, 60)
    groups.committed[SINKS, ENCOUNTER, 0] = 1
    assert not made.open()


def test_each_topic_is_asked_of_its_own_readers(groups: Groups) -> None:
    made = Window("a:1", limit_bytes=10)
    made.delivered(ENCOUNTER, 0, 0, 60)
    made.delivered(topics.REJECTED, 0, 0, 60)
    groups.committed[WORKERS, ENCOUNTER, 0] = 1
    assert not made.open()
    groups.committed[SINKS, topics.REJECTED, 0] = 1
    assert made.open()


def test_many_small_records_close_it_too(groups: Groups) -> None:
    made = Window("a:1")
    for offset in range(LIMIT_RECORDS + 1):
        made.delivered(ENCOUNTER, 0, offset, 1)
    assert not made.open()
    groups.committed[WORKERS, ENCOUNTER, 0] = 1
    assert made.open()


def test_a_broker_that_is_away_keeps_it_closed(groups: Groups) -> None:
    made = Window("a:1", limit_bytes=10)
    made.delivered(ENCOUNTER, 0, 0, 60)
    groups.committed[WORKERS, ENCOUNTER, 0] = 1
    groups.away = True
    assert not made.open()
    groups.away = False
    assert made.open()


def test_the_broker_is_not_asked_at_every_look(groups: Groups, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "_ASK_SECONDS", 3_600.0)
    made = Window("a:1", limit_bytes=10)
    made.delivered(ENCOUNTER, 0, 0, 60)
    looks = [made.open() for _ in range(5)]
    assert [False] * 5 == looks
    assert len(groups.asked) <= 1


def test_every_topic_has_the_readers_that_its_row_names() -> None:
    for topic in topics.TOPICS.values():
        named = {"workers": WORKERS, "backfill": BACKFILL}
        assert reading_group(topic.name) in {named.get(topic.reader, ""), SINKS}
    told: dict[str, Any] = {name: reading_group(name) for name in topics.TOPICS}
    assert set(topics.RECEIVED_TOPICS) == {name for name, group in told.items() if group == WORKERS}
    assert set(topics.BACKFILL_TOPICS) == {name for name, group in told.items() if group == BACKFILL}
