"""The topics that should be against those that are."""

from dataclasses import replace

from infra import topics as plan
from infra.topics import Drift
from schemas import topics


def test_a_fresh_broker_misses_all() -> None:
    want = plan.wanted(3)
    assert set(topics.TOPICS) == {state.name for state in plan.missing(want, {})}
    assert {"missing"} == {one.found for one in plan.drift(want, {})}


def test_what_was_made_has_no_drift() -> None:
    want = plan.wanted(3)
    assert [] == plan.missing(want, want)
    assert [] == plan.drift(want, want)


def test_topics_of_others_are_not_ours() -> None:
    want = plan.wanted(1)
    other = replace(want["rejected"], name="other")
    assert [] == plan.drift(want, want | {"other": other})


def test_every_kind_of_drift_is_told() -> None:
    want = plan.wanted(3)
    was = want["rejected"]
    found = replace(was, partitions=7, replication=1, settings={**was.settings, "retention.ms": "1", "segment.ms": "2"})
    assert [
        Drift("rejected", "partitions", "6", "7"),
        Drift("rejected", "replication", "3", "1"),
        Drift("rejected", "retention.ms", str(30 * topics.DAY_MS), "1"),
        Drift("rejected", "segment.ms", str(topics.DAY_MS), "2"),
    ] == plan.drift(want, want | {"rejected": found})


def test_replicas_are_three_or_as_many_as_can_be() -> None:
    assert [1, 2, 3, 3] == [plan.wanted(brokers)["rejected"].replication for brokers in (1, 2, 3, 5)]
    assert 1 == plan.wanted(3, replication=1)["rejected"].replication


def test_with_three_replicas_a_write_needs_two() -> None:
    assert ["1", "1", "2"] == [plan.wanted(n)["outcomes"].settings["min.insync.replicas"] for n in (1, 2, 3)]


def test_the_promises_on_retention_are_kept() -> None:
    days = {name: int(state.settings["retention.ms"]) / topics.DAY_MS for name, state in plan.wanted(3).items()}
    assert {7.0} == {days[name] for name in topics.RECEIVED_TOPICS}
    assert {14.0} == {days[name] for name in (*topics.ACCEPTED_TOPICS, "outcomes", "heartbeats", "identity.links")}
    assert 30.0 == days["rejected"]
    assert {"delete"} == {state.settings["cleanup.policy"] for state in plan.wanted(3).values()}
