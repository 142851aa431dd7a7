"""What the doctor makes of what it was told."""

import pytest

from infra import topics as plan
from infra.doctor import broker, claims, machine, progress, register, schema
from infra.doctor.clocks import Reading, judge
from infra.doctor.finding import Finding, Level
from infra.topics import Drift
from producers.adapter import Feed
from runtime.admin import Acl
from runtime.facilities import sources
from stream_processors.state import RedisState


def levels(found: list[Finding]) -> dict[str, str]:
    """Subject -> level; what is not well says what to do, in both languages."""
    for one in found:
        assert one.vi
        assert one.en
        assert (one.level in (Level.ok, Level.unknown)) == (not one.mend_vi) == (not one.mend_en)
    return {one.subject: one.level.value for one in found}


def test_libraries_of_the_right_versions_are_well() -> None:
    assert {"libraries": "ok"} == levels(machine.libraries(["orjson>=3", "chdb>=1; extra == 'embedded'"]))


def test_each_library_that_is_wrong_is_named() -> None:
    found = machine.libraries(["orjson>=999", "livingdata-none>=1", "typer>0"])
    assert {"orjson": "failed", "livingdata-none": "failed"} == levels(found)


@pytest.mark.parametrize(("free", "level"), [(1 << 29, "failed"), (5 << 30, "warning"), (50 << 30, "ok")])
def test_room_on_a_disk(free: int, level: str) -> None:
    assert {"sink": level} == levels([machine.room("sink", free, 100 << 30)])


@pytest.mark.parametrize(
    ("theirs", "skew", "level"),
    [(1_000, 0, "ok"), (1_900, 0, "ok"), (4_500, 2_500, "warning"), (-29_500, -30_500, "failed")],
)
def test_a_clock_is_off_by_more_than_the_question_took(theirs: int, skew: int, level: str) -> None:
    reading = Reading("redis", theirs, 1_000, 2_000)
    assert (skew, {"redis": level}) == (reading.skew_ms, levels([judge(reading)]))


def test_topics_that_lose_records_fail_and_others_warn() -> None:
    found = broker.drift(
        [
            Drift("rejected", "topic", "present", "missing"),
            Drift("outcomes", "retention.ms", "1", "2"),
            Drift("heartbeats", "partitions", "6", "1"),
            Drift("accepted.service", "min.insync.replicas", "2", "1"),
        ],
        3,
    )
    assert {
        "missing": "failed", "outcomes": "failed", "heartbeats": "warning", "accepted.service": "failed",
    } == levels(found)  # fmt: skip


def test_topics_as_they_should_be_on_three_brokers_and_on_one() -> None:
    assert {"all": "ok"} == levels(broker.drift([], plan.MOST_REPLICAS))
    assert {"all": "ok", "replication": "warning"} == levels(broker.drift([], 1))


def acl(topic: str, principal: str = "User:worker", pattern: str = "LITERAL", operation: str = "WRITE") -> Acl:
    return Acl(topic, pattern, principal, operation, "ALLOW")


@pytest.mark.parametrize(
    ("acls", "level"),
    [
        (None, "warning"),
        ([], "ok"),
        ([acl("accepted.service")], "ok"),
        ([acl("accepted.", "User:*", "PREFIXED")], "failed"),
        ([acl("*", "User:*", operation="ALL")], "failed"),
        ([acl("accepted.service", "User:*", operation="READ"), acl("received.service", "User:*")], "ok"),
    ],
)
def test_only_some_may_write_what_is_accepted(acls: list[Acl] | None, level: str) -> None:
    assert {"accepted.*": level} == levels([broker.access(acls)])


def test_a_redis_that_may_forget_fails() -> None:
    well = RedisState("7.4", 10, 1, 0, "noeviction", True, 0)
    assert {"server": "ok", "maxmemory-policy": "ok"} == levels(claims.verdict(well))
    ill = RedisState("7.4", 10, 90, 100, "allkeys-lru", False, 0)
    assert {
        "server": "ok", "maxmemory-policy": "failed", "appendonly": "warning", "memory": "warning",
    } == levels(claims.verdict(ill))  # fmt: skip
    assert {"server": "ok"} == levels(claims.verdict(RedisState("managed", 10, 1, 0)))


def test_schemas_that_are_not_there_do_not_fit_or_are_loose() -> None:
    assert {"schemas": "ok"} == levels(schema.verdict(30, [], [], []))
    assert {"schemas": "failed", "compatibility": "failed", "level": "failed"} == levels(
        schema.verdict(30, ["a"], ["b"], ["c"])
    )


def test_feeds_that_nobody_expects_are_named() -> None:
    known = sources(
        [{"code": "01001", "name": "A", "systems": [{"system": "HIS", "dialect": "hl7v2", "kinds": ["service"]}]}]
    )
    his, lis = (Feed(f"01001.{name}", "01001", name, "hl7v2", "treatment", "law", {}) for name in ("HIS", "LIS"))
    assert {"facilities.yaml": "ok"} == levels(register.compare(known, [his]))
    found = register.compare(known, [his, lis])
    assert {"facilities.yaml": "ok", "feeds": "warning"} == levels(found)
    assert "01001.LIS" in found[1].en


@pytest.mark.parametrize(("seconds", "level"), [(None, "failed"), (5.0, "ok"), (100.0, "warning")])
def test_progress(seconds: float | None, level: str) -> None:
    assert {"sink": level} == levels([progress.judge("sink", seconds)])
