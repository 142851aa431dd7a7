"""What `Admin` makes of a broker's answers. The real ones are in tests/integration/stack."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from runtime import admin
from runtime.admin import Admin, KafkaAway

GROUP = "readers"
SAID = {("outcomes", 0): 4}


class Topic:
    partitions = (0,)


class Metadata:
    cluster_id = "stand-in"
    brokers = (1,)
    topics: Mapping[str, Topic] = {"outcomes": Topic()}


class Broker:
    """Answers with each of `errors` once, then well. `inside`: the error is told of the partition, not of the group."""

    def __init__(self, errors: Sequence[int], inside: bool = False) -> None:
        self.errors, self.inside = list(errors), inside
        self.given: list[float] = []
        """The seconds that each request was given."""

    def list_topics(self, timeout: float) -> Metadata:  # noqa: ARG002 the library's name
        return Metadata()

    def list_consumer_group_offsets(self, asked: Sequence[Any], request_timeout: float) -> dict[str, Future[Any]]:
        assert [GROUP] == [one.group_id for one in asked]
        return {GROUP: self.answer(request_timeout, SAID)}

    def alter_consumer_group_offsets(self, asked: Sequence[Any], request_timeout: float) -> dict[str, Future[Any]]:
        (one,) = asked
        positions = {(place.topic, place.partition): place.offset for place in one.topic_partitions}
        return {one.group_id: self.answer(request_timeout, positions)}

    def list_offsets(self, asked: Mapping[Any, Any], request_timeout: float) -> "dict[Any, Future[Any]]":
        self.given.append(request_timeout)
        error = self.errors.pop(0) if self.errors else None
        return {place: _future(error, Offset(5 * at)) for at, place in enumerate(asked, start=len(self.given))}

    def answer(self, seconds: float, positions: Mapping[tuple[str, int], int]) -> "Future[Any]":
        self.given.append(seconds)
        error = self.errors.pop(0) if self.errors else None
        inside = KafkaError(error) if error is not None and self.inside else None
        places = [Place(TopicPartition(topic, at, offset), inside) for (topic, at), offset in positions.items()]
        return _future(None if self.inside else error, Told(places))


def _future(error: int | None, answer: object) -> "Future[Any]":
    future: Future[Any] = Future()
    if error is None:
        future.set_result(answer)
    else:
        future.set_exception(KafkaException(KafkaError(error)))
    return future


class Offset:
    def __init__(self, offset: int) -> None:
        self.offset = offset


class Place:
    def __init__(self, place: Any, error: KafkaError | None) -> None:
        self.topic, self.partition, self.offset, self.error = place.topic, place.partition, place.offset, error


class Told:
    def __init__(self, places: list[Place]) -> None:
        self.topic_partitions = places


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[[Broker, float], Admin]:
    def made(broker: Broker, seconds: float) -> Admin:
        monkeypatch.setattr(admin, "AdminClient", lambda _settings: broker)
        return Admin("anywhere:1", seconds)

    return made


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    "error", [KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE]
)
def test_a_coordinator_that_is_not_ready_is_asked_again(
    ask: Callable[[Broker, float], Admin], error: int, inside: bool
) -> None:
    broker = Broker([error, error], inside)
    assert SAID == ask(broker, 30).positions(GROUP)
    assert (3, True) == (len(broker.given), sorted(broker.given, reverse=True) == broker.given)
    broker = Broker([error], inside)
    ask(broker, 30).rewind(GROUP, SAID)
    assert 2 == len(broker.given)


def test_one_that_stays_so_is_told_when_the_time_is_over(ask: Callable[[Broker, float], Admin]) -> None:
    broker = Broker([KafkaError.COORDINATOR_LOAD_IN_PROGRESS] * 1000)
    with pytest.raises(KafkaAway, match="COORDINATOR_LOAD_IN_PROGRESS"):
        ask(broker, 0.1).positions(GROUP)
    assert 1 < len(broker.given) < 1000


@pytest.mark.parametrize("inside", [False, True])
def test_a_refusal_is_told_at_once(ask: Callable[[Broker, float], Admin], inside: bool) -> None:
    broker = Broker([KafkaError.GROUP_AUTHORIZATION_FAILED], inside)
    with pytest.raises(KafkaAway, match="GROUP_AUTHORIZATION_FAILED"):
        ask(broker, 30).positions(GROUP)
    broker = Broker([KafkaError.UNKNOWN_MEMBER_ID], inside)
    with pytest.raises(KafkaAway, match="UNKNOWN_MEMBER_ID"):
        ask(broker, 30).rewind(GROUP, SAID)
    assert 1 == len(broker.given)


@pytest.mark.parametrize(
    "error", [KafkaError.UNKNOWN_LEADER_EPOCH, KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.UNKNOWN_TOPIC_OR_PART]
)
def test_a_partition_that_was_just_made_is_asked_again(ask: Callable[[Broker, float], Admin], error: int) -> None:
    """The second answer is for the beginning (10), the third for the end (15)."""
    broker = Broker([error])
    assert {"outcomes": 5} == ask(broker, 30).held(["outcomes", "nowhere"])
    assert 3 == len(broker.given)
