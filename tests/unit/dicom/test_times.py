"""Dates and times of DICOM."""

import pytest

from producers.dicom.times import day, millis

NOON = 1_795_410_000_000
"""2026-11-23 12:00 in Hanoi."""


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        ("20261123120000", "", NOON),
        ("20261123120000", "+0700", NOON),
        ("20261123050000", "+0000", NOON),
        ("20261122230000", "-0600", NOON),
        ("2026112312", "", NOON),
        ("202611231200", "", NOON),
        ("20261123120000.123456", "", NOON + 123),
        ("2026.11.2312:00:00", "", NOON),
        ("20261123", "", NOON - 12 * 3_600_000),
        ("20261123nonsense", "", NOON - 12 * 3_600_000),
        ("20261123250000", "", NOON - 12 * 3_600_000),
        ("20261123115960", "", NOON - 1000),
        ("20261123120000", "nonsense", NOON),
        ("20261123120000", "+9900", NOON),
        ("20261340", "", None),
        ("00010101", "", None),
        ("99991231", "", None),
        ("", "", None),
        ("2026", "", None),
        ("２０２６１１２３", "", None),
    ],
)
def test_moments(moment: str, zone: str, expected: int | None) -> None:
    assert expected == millis(moment, zone)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("19850312", "19850312"), ("1985.03.12", "19850312"), ("1985", "1985"), ("19850000", "1985"), ("198503", "1985"), ("00000000", ""), ("", ""), ("12/03/1985", ""), ("1985031", "")],
)  # fmt: skip
def test_days(text: str, expected: str) -> None:
    assert expected == day(text)
