"""Kafka's admin API: what topics there are, making them, adding partitions, deleting. The only door to it.

The embedded cluster has no such API: it answers metadata, and everything else runs into a time-out. `Admin` says so at
once instead.
"""

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourcePatternType,
    ResourceType,
)

from runtime.kafka import BACK_OFF

_SECONDS: Final = 30.0
_ANSWER_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.05
_MOCK: Final = "mockCluster"
"""What librdkafka's in-process cluster calls itself."""
_NOT_YET: Final = frozenset(
    {
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        # Said of a partition, too, that was made a moment ago, or anew under its old name.
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.OFFSET_NOT_AVAILABLE,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError._TRANSPORT,  # a broker that died; another one may answer
    }
)
"""What a broker answers that has just started, or while a leader is chosen: librdkafka hands it on, Java's admin client
asks again."""

_T = TypeVar("_T")


class NoAdminApi(RuntimeError):
    """The broker is the embedded one."""

    def __init__(self) -> None:
        super().__init__(
            "the embedded Kafka has no admin API: its topics come into being, with 4 partitions, when used"
        )


class KafkaAway(RuntimeError):
    """No broker answered, or one refused; says so with Kafka's own name for it."""


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as the broker has it. `settings` holds the values of the names asked for."""

    name: str
    partitions: int
    replication: int
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Acl:
    """A right on topics: `pattern` is LITERAL (where `*` is every topic) or PREFIXED; names as Kafka has them."""

    topic: str
    pattern: str
    principal: str
    operation: str
    permission: str

    def allows_writing(self, topics: Sequence[str]) -> bool:
        """Whether it lets its principal write any of these."""
        if self.permission != "ALLOW" or self.operation not in ("WRITE", "ALL"):
            return False
        if self.pattern == "PREFIXED":
            return any(topic.startswith(self.topic) for topic in topics)
        return self.topic == "*" or self.topic in topics


def count_brokers(bootstrap: str, seconds: float = 2.0) -> int:
    """How many brokers one address knows of, 0 where nothing answers there."""
    host, _, port = bootstrap.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return 0
    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, **BACK_OFF})
    try:
        return len(client.list_topics(timeout=seconds).brokers)
    except KafkaException:
        return 0


class Admin:
    """For as long as a command runs. Every method raises `KafkaAway` where the broker does not do it in time."""

    def __init__(self, bootstrap: str, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._client: Any = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, **BACK_OFF})
        metadata = self._metadata()
        if str(metadata.cluster_id).startswith(_MOCK):
            raise NoAdminApi
        self.brokers = len(metadata.brokers)

    def topics(self, names: Sequence[str] = ()) -> dict[str, TopicState]:
        """Every topic that is not Kafka's own, with the values of the settings `names`."""
        found = {
            name: TopicState(name, len(topic.partitions), _replication(topic))
            for name, topic in self._metadata().topics.items()
            if not name.startswith("__")
        }
        if not names or not found:
            return found
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in found]
        futures = self._client.describe_configs(resources, request_timeout=self._seconds)
        described = {resource.name: _result(future) for resource, future in futures.items()}
        return {
            name: TopicState(name, one.partitions, one.replication, _values(described[name], names))
            for name, one in found.items()
        }

    def acls(self) -> list[Acl] | None:
        """Every right on topics; None where the broker checks none (it has no authorizer)."""
        every = AclBindingFilter(
            ResourceType.TOPIC, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
        )
        try:
            found = self._client.describe_acls(every, request_timeout=self._seconds).result()
        except KafkaException as error:
            if error.args[0].code() == KafkaError.SECURITY_DISABLED:
                return None
            raise _away(error) from None
        if not found and not self._checks_rights():
            return None
        return [
            Acl(one.name, one.resource_pattern_type.name, one.principal, one.operation.name, one.permission_type.name)
            for one in found
        ]

    def _checks_rights(self) -> bool:
        """Whether the broker has an authorizer. One without it may also tell of no rights, where it should refuse to tell."""
        broker = ConfigResource(ResourceType.BROKER, str(next(iter(self._metadata().brokers))))
        future = self._client.describe_configs([broker], request_timeout=self._seconds)[broker]
        try:
            told = future.result()
        except KafkaException as error:
            if error.args[0].code() == KafkaError.CLUSTER_AUTHORIZATION_FAILED:  # only an authorizer says so
                return True
            raise _away(error) from None
        entry = told.get("authorizer.class.name")
        return entry is None or bool(entry.value)

    def held(self, names: Sequence[str]) -> dict[str, int]:
        """How many records (markers included) each of these topics holds; those that are not there are left out."""
        known = self._metadata().topics
        places = [TopicPartition(name, at) for name in names if name in known for at in known[name].partitions]
        low, high = self._offsets(places, OffsetSpec.earliest()), self._offsets(places, OffsetSpec.latest())
        found = {place.topic: 0 for place in places}
        for (topic, at), end in high.items():
            found[topic] += end - low[topic, at]
        return found

    def positions(self, group: str) -> dict[tuple[str, int], int]:
        """What a group has committed, by topic and partition."""
        asked = [ConsumerGroupTopicPartitions(group)]

        def ask(seconds: float) -> Any:
            return _places(self._client.list_consumer_group_offsets(asked, request_timeout=seconds)[group])

        return {(place.topic, place.partition): place.offset for place in self._answer(ask) if place.offset >= 0}

    def rewind(self, group: str, positions: Mapping[tuple[str, int], int]) -> None:
        """Set a group's positions. None of its members may run."""
        places = [TopicPartition(topic, at, offset) for (topic, at), offset in positions.items()]
        asked = [ConsumerGroupTopicPartitions(group, places)]

        def ask(seconds: float) -> Any:
            return _places(self._client.alter_consumer_group_offsets(asked, request_timeout=seconds)[group])

        self._answer(ask)

    def lag(self, group: str) -> int:
        """Records that a group has not committed yet, over the partitions it has committed anything of."""
        committed = self.positions(group)
        ends = self._offsets([TopicPartition(*place) for place in committed], OffsetSpec.latest())
        return sum(ends[place] - offset for place, offset in committed.items())

    def _offsets(self, places: Sequence[Any], spec: Any) -> dict[tuple[str, int], int]:
        """By topic and partition."""

        def ask(seconds: float) -> dict[tuple[str, int], int]:
            futures = self._client.list_offsets(dict.fromkeys(places, spec), request_timeout=seconds)
            return {(at.topic, at.partition): int(future.result().offset) for at, future in futures.items()}

        return self._answer(ask) if places else {}

    def _answer(self, ask: Callable[[float], _T]) -> _T:
        """What `ask` gives, called with the seconds that are left; once more while the brokers cannot tell yet."""
        deadline = time.monotonic() + self._seconds
        while True:
            try:
                return ask(max(deadline - time.monotonic(), _PAUSE_SECONDS))
            except KafkaException as error:
                if error.args[0].code() not in _NOT_YET or time.monotonic() > deadline:
                    raise _away(error) from None
            time.sleep(_PAUSE_SECONDS)

    def create(self, topics: Sequence[TopicState]) -> None:
        """Make these topics and return when a broker tells of them."""
        new = [
            NewTopic(one.name, num_partitions=one.partitions, replication_factor=one.replication, config=one.settings)
            for one in topics
        ]
        self._wait(self._client.create_topics(new, request_timeout=self._seconds) if new else {})
        self._until(lambda have: all(have.get(one.name) == one.partitions for one in topics))

    def add_partitions(self, topic: str, total: int) -> None:
        """Grow a topic to `total` partitions. Keys move: records of one key before and after lie in two places."""
        self._wait(self._client.create_partitions([NewPartitions(topic, total)], request_timeout=self._seconds))
        self._until(lambda have: have.get(topic) == total)

    def delete(self, topics: Sequence[str]) -> None:
        """Delete these topics and return when no broker asked tells of them any more."""
        self._wait(self._client.delete_topics(list(topics), request_timeout=self._seconds) if topics else {})
        self._until(lambda have: not any(name in have for name in topics))

    def _until(self, done: Callable[[Mapping[str, int]], bool]) -> None:
        """The controller has answered; brokers hear of it a moment later and until then tell what was before."""
        deadline = time.monotonic() + self._seconds
        while not done({name: len(topic.partitions) for name, topic in self._metadata().topics.items()}):
            if time.monotonic() > deadline:
                raise KafkaAway("the brokers do not tell of the change")
            time.sleep(_PAUSE_SECONDS)

    def _metadata(self) -> Any:
        try:
            return self._client.list_topics(timeout=min(_ANSWER_SECONDS, self._seconds))
        except KafkaException as error:
            raise KafkaAway(f"no Kafka answered: {error.args[0].name()}") from None

    @staticmethod
    def _wait(futures: Mapping[str, Any]) -> None:
        for future in futures.values():
            _result(future)


def _result(future: Any) -> Any:
    try:
        return future.result()
    except KafkaException as error:
        raise _away(error) from None


def _places(future: Any) -> Any:
    """A group's partitions with their offsets; an error may be told of the group or of one of them."""
    places = future.result().topic_partitions
    for place in places:
        if place.error is not None:
            raise KafkaException(place.error)
    return places


def _away(error: KafkaException) -> KafkaAway:
    return KafkaAway(f"{error.args[0].name()}: {error.args[0].str()}")


def _replication(topic: Any) -> int:
    return min((len(partition.replicas) for partition in topic.partitions.values()), default=0)


def _values(described: Mapping[str, Any], names: Sequence[str]) -> dict[str, str]:
    return {name: described[name].value for name in names if name in described}
