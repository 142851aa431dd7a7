"""The outbox: numbers without holes, one for every message, whatever fails; its forms on disk."""

import sqlite3
from pathlib import Path

import pytest

from producers import outbox as room
from producers.outbox import Outbox, OutboxInUse, unpack
from runtime.keyring import Keyring
from tests.lines import KEYS, NOW, OTHER_FEED, BrokenDisk, Crash, incoming, line, outbox, visit, waiting
from tests.unit.producers.boxes import numbers, pulse, take

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
