"""Cells -> values by type."""

import pytest

from producers.history_csv import values
from producers.history_csv.values import Bad, Convert

NOON = 1_448_254_800_000
"""2015-11-23 12:00 in Hanoi."""


@pytest.mark.parametrize(
    ("text", "formats", "expected"),
    [
        ("2015-11-23T12:00:00", ["iso"], NOON),
        ("2015-11-23T05:00:00Z", ["iso"], NOON),
        ("2015-11-23 12:00:00.250", ["iso"], NOON + 250),
        ("2015-11-23", ["iso"], NOON - 12 * 3_600_000),
        ("23/11/2015 12:00", ["iso", "%d/%m/%Y %H:%M"], NOON),
        ("3/1/15", ["%d/%m/%y"], 1_420_218_000_000),
        ("23/11/2015 12:00 CH", ["%d/%m/%Y %I:%M %p"], NOON),
        ("23/11/2015 12:00 SA", ["%d/%m/%Y %I:%M %p"], NOON - 12 * 3_600_000),
        ("201511231200", ["%Y%m%d%H%M"], NOON),
        ("100% 23/11/2015", ["100%% %d/%m/%Y"], NOON - 12 * 3_600_000),
    ],
)
def test_times(text: str, formats: list[str], expected: int) -> None:
    assert expected == values.millis(values.moments(formats))(text)


@pytest.mark.parametrize("text", ["31/02/2015", "23/11/2015 25:00", "x", "0001-01-01", "9999-01-01", "２３/11/2015"])
def test_no_times(text: str) -> None:
    with pytest.raises(Bad):
        values.millis(values.moments(["iso", "%d/%m/%Y", "%d/%m/%Y %H:%M"]))(text)


def test_days_and_births() -> None:
    read = values.moments(["%d/%m/%Y"])
    assert 16_762 == values.day(read)("23/11/2015")
    assert "19850312" == values.yyyymmdd(read)("12/03/1985")
    assert "1985" == values.yyyymmdd(read)("1985")


@pytest.mark.parametrize(
    ("convert", "text", "expected"),
    [
        (values.whole(32, False), "12", 12),
        (values.whole(32, False), "-12.0", -12),
        (values.whole(32, True), "1.200", 1200),
        (values.whole(64, False), "9000000000", 9_000_000_000),
        (values.double(False), "1.5e3", 1500.0),
        (values.double(True), "1.234,5", 1234.5),
        (values.thousandths(False), "12", 12_000),
        (values.thousandths(False), "12.5", 12_500),
        (values.thousandths(False), "-12.5", -12_500),
        (values.thousandths(False), "0.0005", 1),
        (values.thousandths(False), ".5", 500),
        (values.thousandths(True), "1.250.000,5", 1_250_000_500),
        (values.boolean, "Có", True),
        (values.boolean, "0", False),
    ],
)
def test_numbers(convert: Convert, text: str, expected: object) -> None:
    assert expected == convert(text)


@pytest.mark.parametrize(
    ("convert", "text"),
    [
        (values.whole(32, False), "3000000000"),
        (values.whole(32, False), "1.5"),
        (values.whole(32, False), "١٢"),
        (values.double(False), "nan"),
        (values.double(False), "1e999"),
        (values.thousandths(False), "1,5"),
        (values.thousandths(False), "1" * 29),
        (values.thousandths(False), "²"),
        (values.boolean, "maybe"),
    ],
)
def test_no_numbers(convert: Convert, text: str) -> None:
    with pytest.raises(Bad):
        convert(text)
