"""The outbox: versions and parts, translators at fault, and the originals of what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from producers.adapter import MAX_PARTS
from producers.archive import LARGEST_ON_KAFKA
from producers.outbox import Outbox
from runtime.seal import unseal, unseal_at_rest
from schemas import topics
from tests.lines import FEED, KEYS, NOW, line, outbox, visit, waiting
from tests.unit.producers.boxes import numbers, take

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
