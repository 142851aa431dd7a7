"""Times, names, identifiers."""

import pytest

from producers.hl7v2 import person
from producers.hl7v2.clear import number
from producers.hl7v2.datatypes import Timestamp, full_name, identifiers, timestamp
from producers.hl7v2.message import Message, Segment, parse
from tests.unit.hl7v2.telling import msh, write

MIDNIGHT = 1_795_453_200_000
"""2026-11-24 00:00 in Hanoi."""


def row(line: str) -> Segment:
    made = parse(write(msh("ADT^A01"), line))
    assert isinstance(made, Message)
    return made.segments("PID")[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20261124", Timestamp(MIDNIGHT, "day")),
        ("202611241200", Timestamp(MIDNIGHT + 43_200_000, "minute")),
        ("20261124120001.5", Timestamp(MIDNIGHT + 43_201_500, "second")),
        ("20261123170000+0000", Timestamp(MIDNIGHT, "second")),
        ("2026112412-0500", Timestamp(MIDNIGHT + 86_400_000, "hour")),
        ("202611", Timestamp(MIDNIGHT - 23 * 86_400_000, "month")),
        ("2026-11-24", None),
        ("20261324", None),
        ("20261124+9900", None),
        ("", None),
        ("24/11/2026", None),
    ],
)
def test_times(text: str, expected: Timestamp | None) -> None:
    assert expected == timestamp(text)


@pytest.mark.parametrize("written", ["Nguyễn^An^Văn", "Nguyễn^Văn An", "Nguyễn Văn An", "Nguyễn&x^An^Văn^^Ông^BS"])
def test_names_read_the_same(written: str) -> None:
    assert "Nguyễn Văn An" == full_name(row(f"PID|||||{written}"), 5)


def test_identifiers_have_types_and_authorities() -> None:
    found = identifiers(row("PID|||A^^^BV&1.2&ISO^MR~^^^X^NI~B^^^&9.8&ISO^NI"), 3)
    assert [("A", "MR", "BV"), ("B", "NI", "9.8")] == [(one.value, one.type_code, one.authority) for one in found]
    assert "'A'" not in repr(found[0])


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("N1^^^CCCD^NI~M1^^^01003^MR", "M1"),
        ("M0^^^01004^MR~M1^^^01003^MR", "M1"),
        ("M0^^^01004^MR~M1^^^01005^MR", "M0"),
        ("P1^^^X^PI~N1^^^^NI", "P1"),
        ("X1", "X1"),
        ("N1^^^CCCD^NI", "N1"),
        ("", None),
        ('""', None),
    ],
)
def test_the_patient_number(field: str, expected: str | None) -> None:
    assert expected == person.patient_number(row(f"PID|||{field}"), "01003")


def test_older_senders_use_pid_2_and_pid_4() -> None:
    assert "E1" == person.patient_number(row("PID||E1||A1"), "01003")
    assert "A1" == person.patient_number(row("PID||||A1"), "01003")
    assert person.patient_number(None, "01003") is None


def test_identity_of_a_pid() -> None:
    said = person.said(
        row("PID|1||M1^^^01003^MR~012345678^^^CMND~C7654321^^^^PPN~GD1^^^^HC~GD2^^^^HC||A^B||198804151230+0700|f|||"
            "Số 1&Ngõ 2^Tổ 3^Phường X^Hà Nội^10000^VNM||^PRN^PH^^^024^1234567"), "01003"
    )  # fmt: skip
    assert {
        "patient_number": "M1",
        "citizen_id": "C7654321",
        "cards": "GD1;GD2",
        "full_name": "A B",
        "birth": "198804151230",
        "sex": "2",
        "address": "Số 1 Ngõ 2, Tổ 3, Phường X, Hà Nội, VNM",
        "phone": "0241234567",
    } == said


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7.20", 7.2), ("-1", -1.0), (".5", 0.5), ("+3.", 3.0), ("1e3", 1000.0), ("1,5", None), ("1e999", None),
     ("0x10", None), ("nan", None), ("", None), ("１", None)],
)  # fmt: skip
def test_numbers(text: str, expected: float | None) -> None:
    assert expected == number(text)
