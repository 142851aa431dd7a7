"""Files of messages and batches."""

import pytest

from producers.hl7v2.batch import split
from producers.hl7v2.bounds import Limits, Problem
from tests.unit.hl7v2.telling import adt, pid

ONE, TWO = adt("A01", pid(), control_id="M1"), adt("A01", pid(), control_id="M2")
FHS, BHS = b"FHS|^~\\&|HIS\r", b"BHS|^~\\&|HIS\r"


def told(raw: bytes) -> list[bytes | str]:
    return [found.reason if isinstance(found, Problem) else found for found in split(raw)]


def test_messages_one_after_another_in_any_framing() -> None:
    expected = [ONE.strip(), TWO.strip()]
    assert expected == told(ONE + TWO)
    assert expected == told(b"\x0b" + ONE + b"\x1c\r\x0b" + TWO + b"\x1c\r")
    assert expected == told(b"\xef\xbb\xbf" + ONE + b"\r\n\r\n" + TWO)
    assert expected == told((ONE + TWO).decode().encode("utf-16"))


@pytest.mark.parametrize("trailer", [b"BTS|2\rFTS|1", b"BTS|2", b"BTS||\rFTS|", b"BTS\rFTS", b"BTS| 2 |x", b""])
def test_counts_that_agree_or_promise_nothing(trailer: bytes) -> None:
    assert [ONE.strip(), TWO.strip()] == told(FHS + BHS + ONE + TWO + trailer)


def test_two_batches() -> None:
    assert [ONE.strip(), TWO.strip()] == told(FHS + BHS + ONE + b"BTS|1\r" + BHS + TWO + b"BTS|1\rFTS|2")
    assert [ONE.strip(), "hl7_batch_count", TWO.strip()] == told(BHS + ONE + b"BTS|2\r" + BHS + TWO + b"BTS|1\r")


@pytest.mark.parametrize("trailer", [b"BTS|3", b"BTS|x", b"FTS|7"])
def test_counts_that_differ_are_told_with_their_line(trailer: bytes) -> None:
    *_, problem = split(FHS + BHS + ONE + TWO + trailer)
    assert isinstance(problem, Problem)
    assert ("hl7_batch_count", trailer) == (problem.reason, problem.original)


def test_loose_lines_are_problems_with_their_bytes() -> None:
    before, after, message = split(b"junk\r" + FHS + b"more\r" + ONE)
    assert isinstance(before, Problem)
    assert isinstance(after, Problem)
    assert ("hl7_no_msh", "byte 1", b"junk") == (before.reason, before.place, before.original)
    assert ("hl7_segment_name", "byte 19", b"more") == (after.reason, after.place, after.original)
    assert ONE.strip() == message


def test_nothing_and_too_much() -> None:
    assert [] == told(b"")
    assert [] == told(b"\r\n\x1c\r")
    assert ["too_large"] == [f.reason for f in split(ONE, Limits(file=10)) if isinstance(f, Problem)]
    (large, small) = split(ONE + adt("A01"), Limits(message=len(ONE) - 2))
    assert isinstance(large, Problem)
    assert ("too_large", ONE.strip()) == (large.reason, large.original)
    assert adt("A01").strip() == small


def test_names_that_only_begin_like_a_header_begin_nothing() -> None:
    assert [ONE.strip() + b"\rMSHX|1"] == told(ONE + b"MSHX|1")
