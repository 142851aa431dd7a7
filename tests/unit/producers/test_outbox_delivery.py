"""The outbox: what the broker has leaves it, and heartbeats tell of the rest."""

import pytest

from producers import outbox as room
from producers.outbox import Outbox
from schemas import registry, topics
from tests.lines import FEED, NOW, OTHER_FEED, line, visit, waiting
from tests.unit.producers.boxes import pulse, take


def test_what_the_broker_has_leaves_the_outbox(box: Outbox) -> None:
    take(box, line("1", visit("A")), line("2", visit("B")), line("3", visit("C")))
    first, second, third = waiting(box.path)
    box.take([], [second.id])
    assert [first.id, third.id] == [one.id for one in waiting(box.path)]
    assert (3, 0, 2) == tuple(pulse(box)[name] for name in ("taken", "acknowledged", "outbox_depth"))
    box.take([], [first.id])
    assert 2 == pulse(box)["acknowledged"]
    box.take([], [third.id])
    assert (3, 0, 0) == tuple(pulse(box)[name] for name in ("acknowledged", "outbox_depth", "outbox_age"))
    assert [] == waiting(box.path)


def test_ids_are_not_given_twice(box: Outbox) -> None:
    """The publisher reads on from an id: one given again would be passed over."""
    take(box, line("1", visit("A")))
    (first,) = waiting(box.path)
    box.take([], [first.id])
    take(box, line("2", visit("B")))
    assert waiting(box.path)[0].id > first.id


def test_a_heartbeat_is_of_the_ledgers_schema_and_tells_the_feed(box: Outbox) -> None:
    take(box, line("1", visit("A"), {"refuse": "charset"}), at=NOW - 4_000)
    made = pulse(box)
    _, schema = registry.latest(topics.HEARTBEATS)
    assert made == schema.decode(schema.encode(made))
    assert {
        "adapter_id": "01001.his", "incarnation": box.incarnation, "facility": "01001", "source_system": "HIS",
        "source_format": "lines", "at": NOW, "taken": 1, "acknowledged": 0, "documents": 1, "rejected": 1,
        "outbox_depth": 2, "outbox_age": 4_000, "ended": False, "silent": [],
    }.items() <= made.items()  # fmt: skip


def test_a_feed_that_ended_says_so_when_nothing_of_it_waits(box: Outbox) -> None:
    take(box, line("1", visit("A")), line("2"))
    assert [False] == [made["ended"] for made in box.pulse([FEED], NOW, ended=True)]
    box.take([], [one.id for one in waiting(box.path)])
    assert [True] == [made["ended"] for made in box.pulse([FEED], NOW, ended=True)]
    assert [False] == [made["ended"] for made in box.pulse([FEED], NOW)]


def test_a_feed_that_took_nothing_beats_too(box: Outbox) -> None:
    take(box, line("1", visit("A")))
    _, other = box.pulse([FEED, OTHER_FEED], NOW)
    assert ("01001.lis", 0, 0) == (other["adapter_id"], other["taken"], other["acknowledged"])


def test_numbers_without_a_document_are_told_as_ranges(box: Outbox) -> None:
    take(box, line("1"), line("2"), line("3", visit("A")), line("4", silence="no_event"), line("5"), line("6"))
    assert [
        {"first": 1, "last": 2, "reason": "none"},
        {"first": 4, "last": 4, "reason": "no_event"},
        {"first": 5, "last": 6, "reason": "none"},
    ] == pulse(box)["silent"]
    assert (6, 2, 5) == tuple(pulse(box)[name] for name in ("taken", "acknowledged", "without_document"))


def test_silent_numbers_are_told_until_a_heartbeat_arrived(box: Outbox) -> None:
    take(box, line("1"), line("2"))
    assert pulse(box)["silent"] == pulse(box)["silent"]
    take(box, line("3"))
    box.forget_silent({FEED.adapter_id: 2})
    assert [{"first": 3, "last": 3, "reason": "none"}] == pulse(box)["silent"]
    box.forget_silent({OTHER_FEED.adapter_id: 3})
    assert 1 == len(pulse(box)["silent"])


def test_more_silent_numbers_than_one_heartbeat_carries_are_not_yet_acknowledged(
    box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MOST_SILENT", 3)
    take(box, *(line(str(n)) for n in range(5)))
    made = pulse(box)
    assert ([{"first": 1, "last": 3, "reason": "none"}], 3) == (made["silent"], made["acknowledged"])
    box.forget_silent({FEED.adapter_id: 3})
    made = pulse(box)
    assert ([{"first": 4, "last": 5, "reason": "none"}], 5) == (made["silent"], made["acknowledged"])


def test_the_largest_heartbeat_fits_into_a_record(box: Outbox) -> None:
    """Every other number silent, with the longest reason: still below Kafka's limit."""
    _, schema = registry.latest(topics.HEARTBEATS)
    line_ = {"first": 1 << 40, "last": 1 << 40, "reason": "r" * 24}
    assert len(schema.encode(pulse(box) | {"silent": [line_] * room.MOST_SILENT})) < 1_000_000
