"""The outbox: numbers without holes, retransmissions, folding, refusals, heartbeats, its bounds; all durable, all sealed."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from producers import outbox as room
from producers.adapter import MAX_PARTS, Receipt
from producers.archive import LARGEST_ON_KAFKA
from producers.event import Keys
from producers.outbox import Outbox, OutboxInUse, unpack
from runtime.clock import DAY_MS
from runtime.keyring import Keyring
from runtime.seal import SealKey, unseal, unseal_at_rest
from schemas import codec, registry, topics
from tests.lines import (
    FACILITY,
    FEED,
    KEYS,
    NOW,
    OTHER_FEED,
    BrokenDisk,
    Crash,
    incoming,
    line,
    opened,
    outbox,
    visit,
    waiting,
)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Outbox]:
    made = outbox(tmp_path)
    yield made
    made.close()


def take(box: Outbox, *lines: bytes, **given: Any) -> list[Receipt]:
    return box.take([incoming(raw, **given) for raw in lines])


def numbers(box: Outbox) -> list[tuple[int, int, int]]:
    """(sequence, part, parts) of what waits."""
    return [(told["sequence"], told["part"], told["parts"]) for told in (one.told for one in waiting(box.path))]


def pulse(box: Outbox, now: int = NOW) -> dict[str, Any]:
    (only,) = box.pulse([FEED], now)
    return only


# Numbers


def test_every_message_gets_the_next_number_and_every_outcome_a_part(box: Outbox) -> None:
    receipts = take(box, line("1", visit("A")), line("2", visit("B"), {"refuse": "charset"}), line("3"))
    assert [1, 2, 3] == [receipt.sequence for receipt in receipts]
    assert [(1, 1, 1), (2, 1, 2), (2, 2, 2)] == numbers(box)
    assert ("encounter",) == receipts[1].documents
    assert ["charset"] == [refusal.reason for refusal in receipts[1].refusals]
    assert [True, False, True] == [receipt.accepted for receipt in receipts]


def test_a_link_is_a_part_like_any_other(box: Outbox) -> None:
    merge = {"merge": "BN1", "into": "BN2", "corrected_at": NOW - 5}
    (receipt,) = take(box, line("1", visit("A", patient_number="BN2"), merge))
    assert ("encounter", "link") == receipt.documents
    document, link = (one.told for one in waiting(box.path))
    assert [(1, 1, 2), (1, 2, 2)] == numbers(box)
    assert (document["patient_key"], "merge", "lines.merge") == (link["into_key"], link["action"], link["rule"])
    assert (NOW - 5, NOW) == (link["version"] >> 20, link["linked_at"])
    assert (1, 2) == (pulse(box)["taken"], pulse(box)["documents"])
    assert receipt.sequence == take(box, line("1", visit("A", patient_number="BN2"), merge))[0].sequence


def test_a_link_that_cannot_be_made_costs_its_part_only(box: Outbox) -> None:
    (receipt,) = take(box, line("1", visit("A"), {"merge": ["no", "text"], "into": "BN2"}))
    assert (("encounter",), ["unforeseen"]) == (receipt.documents, [refusal.reason for refusal in receipt.refusals])
    assert [(1, 1, 2), (1, 2, 2)] == numbers(box)


def test_each_feed_counts_for_itself(box: Outbox) -> None:
    assert [1] == [one.sequence for one in take(box, line("1", visit("A")))]
    assert [1] == [one.sequence for one in take(box, line("1", visit("A")), feed=OTHER_FEED)]
    assert [2] == [one.sequence for one in take(box, line("2", visit("B")))]


def test_numbers_and_incarnation_go_on_after_a_restart(tmp_path: Path) -> None:
    first = outbox(tmp_path)
    take(first, line("1", visit("A")), line("2"))
    first.close()
    second = outbox(tmp_path)
    assert first.incarnation == second.incarnation
    assert [3] == [one.sequence for one in take(second, line("3", visit("C")))]
    assert [2, 1] == [pulse(second)[name] for name in ("documents", "without_document")]
    second.close()


def test_a_new_outbox_is_a_new_incarnation(tmp_path: Path) -> None:
    boxes = [outbox(tmp_path / name) for name in "ab"]
    assert 2 == len({box.incarnation for box in boxes})
    assert {16} == {len(box.incarnation) for box in boxes}
    for box in boxes:
        box.close()


def test_an_exception_in_the_middle_of_a_batch_leaves_no_hole(box: Outbox) -> None:
    take(box, line("1", visit("A")))
    with pytest.raises(Crash):
        take(box, line("2", visit("B")), line("3"), line("4", crash="now"), line("5", visit("C")))
    assert [(1, 1, 1)] == numbers(box)
    assert [1, 1, 0] == [pulse(box)[name] for name in ("taken", "documents", "without_document")]
    again = take(box, line("2", visit("B")), line("5", visit("C")))
    assert [2, 3] == [receipt.sequence for receipt in again]
    assert [False, False] == [receipt.retransmission for receipt in again]


def test_a_disk_that_fails_takes_nothing_and_numbers_go_on(box: Outbox) -> None:
    take(box, line("1", visit("A")))
    with BrokenDisk(box.path), pytest.raises(sqlite3.Error):
        take(box, line("2", visit("B")), line("3"))
    assert [2] == [receipt.sequence for receipt in take(box, line("3"))]
    assert [(1, 1, 1)] == numbers(box)


def test_two_processes_may_not_number_from_one_outbox(tmp_path: Path) -> None:
    first = outbox(tmp_path)
    with pytest.raises(OutboxInUse):
        outbox(tmp_path)
    first.close()
    outbox(tmp_path).close()


# Retransmissions


def test_the_same_again_gets_its_first_answer_and_no_number(box: Outbox) -> None:
    raw = line("1", visit("A"), {"refuse": "charset", "place": "line"})
    (first,) = take(box, raw)
    (again,) = take(box, raw, at=NOW + 5)
    assert again == Receipt(1, first.refusals, first.documents, retransmission=True)
    assert "line" == again.refusals[0].place
    assert [(1, 1, 2), (1, 2, 2)] == numbers(box)
    assert [1, 1] == [pulse(box)[name] for name in ("taken", "retransmissions")]


def test_twice_in_one_batch_is_a_retransmission_too(box: Outbox) -> None:
    first, again = take(box, line("1"), line("1"))
    assert (1, "none", False) == (first.sequence, first.silence, first.retransmission)
    assert (1, "none", True) == (again.sequence, again.silence, again.retransmission)


@pytest.mark.parametrize(
    "other",
    [
        {"raw": line("1", visit("B"))},
        {"origin": ("there",)},
        {"origin": ("here", "2")},
        {"feed": OTHER_FEED},
    ],
    ids=["bytes", "sender", "place", "feed"],
)
def test_other_bytes_or_another_sender_is_another_message(box: Outbox, other: dict[str, Any]) -> None:
    given: dict[str, Any] = {"raw": line("1", visit("A"))}
    box.take([incoming(**given)])
    (receipt,) = box.take([incoming(**(given | other))])
    assert not receipt.retransmission
    assert 2 == len(waiting(box.path))


def test_what_looks_like_our_separator_makes_no_retransmission(box: Outbox) -> None:
    one = incoming(b"2\x1fb", origin=("x", "1"))
    other = incoming(b"b", origin=("x\x1f1", "2"))
    assert [1, 2] == [receipt.sequence for receipt in box.take([one, other])]


def test_after_seven_days_it_is_a_new_message(box: Outbox) -> None:
    raw = line("1", visit("A"))
    take(box, raw)
    box.purge(NOW + 7 * DAY_MS)
    assert [True] == [receipt.retransmission for receipt in take(box, raw)]
    box.purge(NOW + 7 * DAY_MS + 1)
    assert [2] == [receipt.sequence for receipt in take(box, raw)]


# Folding


def said(box: Outbox) -> list[str]:
    return [opened(one.record)[1].get("said", "") for one in waiting(box.path)]


def test_what_was_said_before_is_folded_in(box: Outbox) -> None:
    take(box, line("1", visit("A"), about="A", say="fever"))
    take(box, line("2", visit("B"), about="B", say="cough"), line("3", visit("A"), about="A", say="rash"))
    assert ["fever", "cough", "fever rash"] == said(box)


def test_each_feed_folds_for_itself(box: Outbox) -> None:
    take(box, line("1", visit("A"), about="A", say="fever"))
    take(box, line("2", visit("A"), about="A", say="rash"), feed=OTHER_FEED)
    assert ["fever", "rash"] == said(box)


def test_a_message_that_says_nothing_new_keeps_what_is_known(box: Outbox) -> None:
    take(
        box,
        line("1", about="A", say="fever"),
        line("2", visit("A"), about="A"),
        line("3", visit("A"), about="A", say="x"),
    )
    assert ["fever", "fever x"] == said(box)


def test_what_is_said_in_a_batch_that_fails_was_not_said(box: Outbox) -> None:
    with pytest.raises(Crash):
        take(box, line("1", about="A", say="fever"), line("2", crash="now"))
    take(box, line("3", visit("A"), about="A", say="rash"))
    assert ["rash"] == said(box)


def test_a_retransmission_is_not_said_twice(box: Outbox) -> None:
    take(box, *[line("1", visit("A"), about="A", say="fever")] * 3)
    take(box, line("2", visit("A"), about="A", say="rash"))
    assert ["fever", "fever rash"] == said(box)


def test_state_is_kept_45_days_after_the_last_change(box: Outbox) -> None:
    take(box, line("1", about="A", say="fever"))
    take(box, line("2", about="A", say="rash"), at=NOW + 10 * DAY_MS)
    box.purge(NOW + 55 * DAY_MS)
    take(box, line("3", visit("A"), about="A", say="x"), at=NOW + 11 * DAY_MS)
    box.purge(NOW + 56 * DAY_MS + 1)
    take(box, line("4", visit("A"), about="A", say="y"))
    assert ["fever rash x", "y"] == said(box)


def test_state_under_a_key_that_was_rotated_is_lost_not_an_error(tmp_path: Path) -> None:
    first = outbox(tmp_path)
    take(first, line("1", about="A", say="fever"))
    first.close()
    rotated = Keys(SealKey.make("01001-2", FACILITY, b"n" * 32), KEYS.pseudonym)
    second = outbox(tmp_path, keys={FACILITY: rotated})
    take(second, line("2", visit("A"), about="A", say="rash"))
    record = waiting(second.path)[0].record
    sealed = dict(record.headers)["seal"]
    inside = registry.SEALED.decode(unseal(rotated.seal, sealed, record.value[codec.FRAME_BYTES :]))
    assert {"said": "rash"} == inside["narrative"]
    second.close()


# Versions and parts


def versions(box: Outbox) -> list[int]:
    return [one.told["version"] for one in waiting(box.path)]


def test_the_same_document_told_again_gets_a_higher_version(box: Outbox) -> None:
    for id_ in "123":
        take(box, line(id_, visit("A")))  # all taken in one millisecond
    take(box, line("4", visit("A")), at=NOW - 60_000)  # the clock was set back
    made = versions(box)
    assert sorted(set(made)) == made


def test_a_correction_time_is_not_raised(box: Outbox) -> None:
    take(box, line("1", visit("A", corrected_at=NOW)), line("2", visit("A", corrected_at=NOW - 5_000)))
    first, second = versions(box)
    assert (NOW, NOW - 5_000) == (first >> 20, second >> 20)
    take(box, line("3", visit("A")), at=NOW - 60_000)
    assert versions(box)[2] == first + 1


def test_a_document_told_twice_in_one_message_is_told_once_as_it_was_last(box: Outbox) -> None:
    tell = [
        visit("A", body={"main_diagnosis": "J18"}),
        {"refuse": "charset"},
        visit("B"),
        visit("A", body={"main_diagnosis": "J19"}),
    ]
    (receipt,) = take(box, line("1", *tell))
    assert (("encounter", "encounter"), 1) == (receipt.documents, len(receipt.refusals))
    assert [(1, 1, 3), (1, 2, 3), (1, 3, 3)] == numbers(box)
    assert "J19" == waiting(box.path)[0].told["main_diagnosis"]


def test_as_many_parts_as_may_be_and_no_more(box: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.total.MAX_PARTS", 3)
    assert MAX_PARTS >= 1_000
    three, four = take(
        box,
        line("1", *(visit(str(n)) for n in range(3)), about="A", say="fever"),
        line("2", *(visit(str(n)) for n in range(4)), about="A", say="rash"),
    )
    assert (3, 0) == (len(three.documents), len(three.refusals))
    assert ((), ["too_large"], "4 parts") == (
        four.documents, [refusal.reason for refusal in four.refusals], four.refusals[0].detail,
    )  # fmt: skip


def test_what_is_too_large_is_refused_with_its_original(tmp_path: Path) -> None:
    box = outbox(tmp_path, limit=topics.ENRICHMENT_ROOM + 2_000)
    small, large = take(box, line("1", visit("A")), line("2", visit("B", narrative={"note": "x" * 2_000})))
    assert small.accepted
    assert ["too_large"] == [refusal.reason for refusal in large.refusals]
    assert ["received.encounter", "rejected"] == [one.record.topic for one in waiting(box.path)]
    box.close()


# What a translator may do wrong


@pytest.mark.parametrize(
    "bad",
    [
        {"raise": "CANARY"},
        {"tell": [visit("B", kind="nothing of ours")]},
        {"tell": [visit("B", body={"treatment_days": "CANARY"})]},
        {"tell": [visit("B", body={"treatment_days": 1 << 40})]},
        {"tell": [visit("B", body={"insured": "CANARY"})]},
        {"tell": [visit("B", body={"procedures": [["CANARY"]]})]},
        {"tell": [visit("B", body={"diagnoses": [{"code": "CANARY"}]})]},
        {"tell": [visit("B", body={"discharge_diagnosis": 5})]},
        {"tell": [visit("B", narrative={"note": None})]},
        {"tell": [visit("B", identity={"full_name": 5})]},
        {"tell": [visit("B", occurred_at="CANARY")]},
        {"tell": [visit("B", no_such_field="CANARY")]},
        {"tell": [{"visit_number": "B"}]},
        {"tell": [visit("B") | {"number": None}]},
        {"tell": [visit("B") | {"number": ["a", "b"]}]},
        {"tell": [visit("B") | {"visit_number": 7}]},
        {"tell": [{"refuse": "no reason of ours"}]},
        {"tell": "CANARY"},
    ],
    ids=str,
)
def test_a_translators_fault_costs_one_message(box: Outbox, bad: dict[str, Any], logged: Callable[[], str]) -> None:
    before, failed, after = take(box, line("1", visit("A")), line("2", **bad), line("3", visit("C")))
    assert (True, True) == (before.accepted, after.accepted)
    assert (2, ["unforeseen"]) == (failed.sequence, [refusal.reason for refusal in failed.refusals])
    assert [(1, 1, 1), (2, 1, 1), (3, 1, 1)] == numbers(box)
    record = waiting(box.path)[1].told
    assert line("2", **bad) == unseal(
        KEYS.seal, record["original"], f"{FEED.adapter_id}.{box.incarnation}.2.1".encode()
    )
    assert "CANARY" not in logged() + str(record | {"original": b""}) + repr(failed)


def test_one_bad_document_costs_its_part_only(box: Outbox) -> None:
    (receipt,) = take(box, line("1", visit("A"), visit("B", body={"treatment_days": "x"}), visit("C")))
    assert (2, 1) == (len(receipt.documents), len(receipt.refusals))
    assert ["received.encounter", "rejected", "received.encounter"] == [one.record.topic for one in waiting(box.path)]


def test_a_place_is_bounded_and_can_be_written(box: Outbox) -> None:
    (receipt,) = take(box, line("1", {"refuse": "charset", "place": "x" * 1_000}))
    assert 200 == len(receipt.refusals[0].place) == len(waiting(box.path)[0].told["place"])


# Originals


def test_a_large_original_lies_in_the_archive_sealed(box: Outbox, tmp_path: Path) -> None:
    raw = line("1", {"refuse": "charset"}, more="x" * LARGEST_ON_KAFKA)
    take(box, line("0", {"refuse": "charset"}), raw)
    small, large = (one.told for one in waiting(box.path))
    assert (None, None) == (small["original_place"], large["original"])
    name = f"{FEED.adapter_id}.{box.incarnation}.2.1"
    assert f"archive/{name}.sealed" == large["original_place"]
    assert raw == unseal_at_rest(KEYS.seal, name.encode(), (tmp_path / large["original_place"]).read_bytes())
    assert len(raw) == large["original_size"]
    assert [f"{name}.sealed"] == [path.name for path in (tmp_path / "archive").iterdir()]


def test_the_translator_may_name_a_part_of_the_message_as_the_original(box: Outbox) -> None:
    take(box, line("1", {"refuse": "charset", "original": "only this"}))
    record = waiting(box.path)[0].told
    assert b"only this" == unseal(KEYS.seal, record["original"], f"{FEED.adapter_id}.{box.incarnation}.1.1".encode())


# Delivery and heartbeats


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


# Bounds


def test_a_full_outbox_refuses_until_a_tenth_is_free(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    note = {"narrative": {"note": "x" * 60_000}}
    take(box, *(line(str(n), visit(str(n), **note)) for n in range(20)))
    box.close()
    box = outbox(tmp_path, max_bytes=box_size(tmp_path) - 1)

    assert [Receipt(None, full=True)] == take(box, line("30", visit("A")))
    assert not take(box, line("30", visit("A")))[0].accepted
    ids = [one.id for one in waiting(box.path)]
    box.take([], ids[:1])  # below the limit, but no tenth is free
    assert [True] == [receipt.full for receipt in take(box, line("30", visit("A")))]
    assert 20 == pulse(box)["taken"]
    box.take([], ids[:3])
    assert [21] == [receipt.sequence for receipt in take(box, line("30", visit("A")))]
    assert [22] == [receipt.sequence for receipt in take(box, line("31", visit("A")))]
    box.close()


def box_size(folder: Path) -> int:
    box = outbox(folder)
    try:
        return box.size()
    finally:
        box.close()


def test_even_a_full_outbox_lets_go_of_what_was_delivered(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    take(box, line("1", visit("A")))
    box.close()
    box = outbox(tmp_path, max_bytes=1)
    (one,) = waiting(box.path)
    receipts = box.take([incoming(line("2", visit("B")))], [one.id])
    assert ([True], []) == ([receipt.full for receipt in receipts], waiting(box.path))
    box.close()


def test_the_file_gives_back_what_it_no_longer_needs(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    take(box, *(line(str(n), visit(str(n), narrative={"note": "x" * 60_000})) for n in range(30)))
    before = pages(box.path)
    box.take([], [one.id for one in waiting(box.path)])
    box.purge(NOW)
    assert pages(box.path) < before / 4
    box.close()


def pages(path: Path) -> int:
    db = sqlite3.connect(path)
    try:
        found: int = db.execute("PRAGMA page_count").fetchone()[0]
    finally:
        db.close()
    return found


def test_every_commit_is_told_to_the_publisher(box: Outbox) -> None:
    assert not box.stored.is_set()
    take(box, line("1", visit("A")))
    assert box.stored.is_set()


# At rest


CANARIES = ("Trần Thị Canary", "001190987654", "12 ngõ Canary", "SOT-CANARY", "file-CANARY.lines", "VISIT-CANARY")


def test_nothing_of_a_person_lies_unsealed(tmp_path: Path) -> None:
    """Neither in the file, nor in its log, nor in the archive; state, originals, keys and names included."""
    name, number, address, note, file, visit_number = CANARIES
    person = {"full_name": name, "citizen_id": number, "address": address, "visit_number": visit_number}
    told = visit(
        visit_number, identity=person, narrative={"note": note}, patient_number=number,
        body={"discharge_diagnosis": f"{name} {number}"},
    )  # fmt: skip
    box = outbox(tmp_path)
    box.take(
        [
            incoming(line(f"m-{note}", told, about=visit_number, say=note), origin=(file, "1")),
            incoming(line(note, told | {"refuse": "charset"}, more=note * 20_000), origin=(file, "2")),
            incoming(line(note, {"refuse": "charset"}, note=note, person=person), origin=(file, "3")),
            incoming(b"not even JSON: " + note.encode(), origin=(file, "4")),
            incoming(line(note, **{"raise": note}), origin=(file, "5")),
            incoming(line(note, note=note), origin=(file, "6")),
        ]
    )
    lying = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"outbox.sqlite", "outbox.sqlite-wal"} < {path.name for path in lying}
    assert any(path.suffix == ".sealed" for path in lying)
    for path in lying:
        data = path.read_bytes() + path.name.encode()
        for canary in CANARIES:
            assert canary.encode() not in data, (path.name, canary)
    box.close()


# Its forms


def test_headers_come_out_as_they_were_put_in() -> None:
    for headers in ([], [("seal", b"")], [("seal", b"\0" * 300), ("trace", b"x"), ("other", bytes(range(256)))]):
        assert headers == unpack(room._pack(headers))


def test_no_secret_shows(box: Outbox) -> None:
    ring = Keyring({}, {})
    assert "kkkk" not in f"{KEYS!r} {box!r} {ring!r} {incoming(line('1'))!r}"


def test_a_commit_is_on_the_disk_when_it_returns(box: Outbox) -> None:
    """No test can cut the power; `kill -9` alone would not tell."""
    found = [box._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "auto_vacuum")]
    assert ["wal", 2, 2] == found
