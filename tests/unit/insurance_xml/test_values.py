"""The value forms of the insurance XML."""

from datetime import UTC, datetime

import pytest

from producers.insurance_xml.values import Birth, birth, datetime12, integer, multi, multi_aligned, number, thousandths


def ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1000  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ((ms(2026, 11, 23, 1, 15), "minute"), "202611230815"),
        ((ms(2026, 11, 22, 17), "minute"), " 202611230000 "),
        ((ms(2026, 11, 22, 17), "day"), "20261123"),
        ((ms(2026, 11, 23, 1, 15, 59), "second"), "20261123081559"),
        ((ms(1959, 12, 31, 17), "day"), "19600101"),
        ((ms(2024, 2, 28, 17), "day"), "20240229"),
        (None, "20230229"),
        (None, "202613010815"),
        (None, "202611232400"),
        (None, "202611230860"),
        (None, "00000101"),
        (None, ""),
        (None, "2026"),
        (None, "2026112308"),
        (None, "2026-11-23"),
        (None, "23/11/2026"),
        (None, "٢٠٢٦١١٢٣"),
        (None, "+2026112"),
        (None, "2026112308150000"),
    ],
)
def test_datetime12(expected: tuple[int, str] | None, text: str) -> None:
    assert expected == datetime12(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (Birth(1985, "19850312"), "198503120000"),
        (Birth(2026, "20261120"), "202611200745"),
        (Birth(1985, "19850312"), "19850312"),
        (Birth(1950), "195000000000"),
        (Birth(1950), "19500000"),
        (Birth(1950), "1950"),
        (Birth(1950), "195003000000"),
        (Birth(1950), "195003"),
        (None, "195000120000"),
        (None, "195013010000"),
        (None, "195002300000"),
        (None, "000000000000"),
        (None, ""),
        (None, "12/03/1985"),
    ],
)
def test_birth(expected: Birth | None, text: str) -> None:
    assert expected == birth(text)


def test_a_birth_date_is_not_in_a_repr() -> None:
    assert "19850312" not in repr(birth("19850312"))


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (0, "0"),
        (2_500, "2.5"),
        (2_500, " 2.500 "),
        (1, "0.0005"),
        (0, "0.00049"),
        (-1, "-0.0005"),
        (2_675, "2.675"),
        (3, "0.0025"),
        (1_234_567_890_120, "1234567890.12"),
        (500, ".5"),
        (5_000, "5."),
        (5_000, "+5"),
        (12_500, "12,5"),
        (125, "0,125"),
        (1_250_000, "1250"),
        (9_223_372_036_854_775_807, "9223372036854775.807"),
        (-9_223_372_036_854_775_808, "-9223372036854775.808"),
        (None, "9223372036854775.808"),
        (None, "1,250"),
        (None, "1,250.5"),
        (None, "1.250,5"),
        (None, "1.250.000"),
        (None, "1 250"),
        (None, "1e3"),
        (None, "NaN"),
        (None, "Infinity"),
        (None, "1_000"),
        (None, "٥"),
        (None, ""),
        (None, "."),
        (None, "-"),
        (None, "9" * 1_000_000),
    ],
)
def test_thousandths(expected: int | None, text: str) -> None:
    assert expected == thousandths(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (5.4, "5.4"),
        (1.2, "1,2"),
        (0.125, "0,125"),
        (-3.0, "-3"),
        (None, "1,250"),
        (None, "<0.01"),
        (None, "> 100"),
        (None, "1/80"),
        (None, "Âm tính"),
        (None, "5.4 mmol/L"),
        (None, "nan"),
        (None, "1e5"),
        (None, ""),
    ],
)
def test_number(expected: float | None, text: str) -> None:
    assert expected == number(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (7, "7"),
        (1, "01"),
        (-2, " -2 "),
        (2**63 - 1, str(2**63 - 1)),
        (None, str(2**63)),
        (None, "1.0"),
        (None, ""),
        (None, "x"),
    ],
)
def test_integer(expected: int | None, text: str) -> None:
    assert expected == integer(text)


def test_multi() -> None:
    assert ("J18.9", "I10") == multi(" J18.9 ;I10; ;")
    assert () == multi(" ; ")
    assert () == multi("")


def test_multi_aligned_keeps_places() -> None:
    assert ("20260101", "", "20270101") == multi_aligned("20260101;; 20270101")
    assert () == multi_aligned(" ")
