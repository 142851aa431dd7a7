"""The outbox: what is sent again as it was gets its first answer and no number."""

from typing import Any

import pytest

from producers.adapter import Receipt
from producers.outbox import Outbox
from runtime.clock import DAY_MS
from tests.lines import NOW, OTHER_FEED, incoming, line, visit, waiting
from tests.unit.producers.boxes import numbers, pulse, take


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
