"""The number of a part as people quote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.numbers import PartNumber, history_adapter, is_history, is_replay, parse, replay_adapter


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("01003.HIS/a0b1/17/2", PartNumber("01003.HIS", "a0b1", 17, 2)),
        ("/received.encounter/3/177/1", PartNumber("", "received.encounter/3", 177, 1)),
        (" 01003.HIS/a0b1/17/2\n", PartNumber("01003.HIS", "a0b1", 17, 2)),
    ],
)
def test_a_number_is_read_and_written(text: str, number: PartNumber) -> None:
    assert number == parse(text)
    assert text.strip() == str(number)


@pytest.mark.parametrize(
    "text", ["", "17", "a/b/c/d", "01003.HIS/a0b1/17", "a b/c/1/1", "x/y/1/-1", "x/y/" + "9" * 30 + "/1"]
)
def test_what_is_no_number(text: str) -> None:
    assert parse(text) is None


@given(st.text(max_size=60))
def test_any_text_gives_a_number_that_is_written_alike_or_none(text: str) -> None:
    found = parse(text)
    assert found is None or found == parse(str(found))


def test_the_replay_adapter_of_a_facility() -> None:
    assert "replay.01003" == replay_adapter("01003")
    assert [True, True, False, False] == [is_replay(x) for x in ("replay.01003", "replay", "replayer", "01003.replay")]


def test_the_history_of_a_feed_is_named_once() -> None:
    assert "01003.OLD.backfill" == history_adapter("01003.OLD") == history_adapter("01003.OLD.backfill")
    assert [True, False, False] == [is_history(x) for x in ("01003.OLD.backfill", "01003.backfill.OLD", "01003.OLD")]
