"""The topics as they should be (`schemas.topics`) against those a broker has. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from runtime.admin import TopicState
from schemas import topics

MOST_REPLICAS: Final = 3


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that is not as it should be; `setting` is `topic` where the whole topic is missing."""

    topic: str
    setting: str
    wanted: str
    found: str


def wanted(brokers: int, replication: int | None = None) -> dict[str, TopicState]:
    """Every topic for a cluster of so many brokers; without a word on it, three replicas or as many as there can be."""
    replicas = replication or min(MOST_REPLICAS, brokers)
    return {
        name: TopicState(name, topic.partitions, replicas, topics.settings(topic, replicas))
        for name, topic in topics.TOPICS.items()
    }


def missing(want: Mapping[str, TopicState], have: Mapping[str, TopicState]) -> list[TopicState]:
    return [state for name, state in want.items() if name not in have]


def drift(want: Mapping[str, TopicState], have: Mapping[str, TopicState]) -> list[Drift]:
    """All that differs. Topics that are not ours are nobody's drift."""
    found = [Drift(state.name, "topic", "present", "missing") for state in missing(want, have)]
    for name, state in want.items():
        if name in have:
            found += _compare(state, have[name])
    return found


def _compare(want: TopicState, have: TopicState) -> Iterable[Drift]:
    pairs = {
        "partitions": (str(want.partitions), str(have.partitions)),
        "replication": (str(want.replication), str(have.replication)),
        **{name: (value, have.settings.get(name, "")) for name, value in want.settings.items()},
    }
    return [Drift(want.name, name, *pair) for name, pair in pairs.items() if pair[0] != pair[1]]
