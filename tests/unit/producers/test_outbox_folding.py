"""The outbox: what a source said before is folded into what it says now."""

from pathlib import Path

import pytest

from producers.event import Keys
from producers.outbox import Outbox
from runtime.clock import DAY_MS
from runtime.seal import SealKey, unseal
from schemas import codec, registry
from tests.lines import FACILITY, KEYS, NOW, OTHER_FEED, Crash, line, opened, outbox, visit, waiting
from tests.unit.producers.boxes import take


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
