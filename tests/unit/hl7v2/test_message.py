"""Reading a message: segments, fields, pieces, separators, escapes."""

import pytest

from producers.hl7v2.bounds import Problem
from producers.hl7v2.message import Message, check_envelope, header_of, parse
from tests.unit.hl7v2.telling import adt, msh, pid, segment, write


def good(raw: bytes | str) -> Message:
    made = parse(raw)
    assert isinstance(made, Message), made
    return made


def wrong(raw: bytes) -> str:
    made = parse(raw)
    found = made if isinstance(made, Problem) else check_envelope(made)
    assert found is not None
    return found.reason


def test_numbers_are_the_standards() -> None:
    made = good(write(msh("ADT^A01^ADT_A01"), "PID|1||A^1&x^^^MR~B|&s&t|a\\F\\b"))
    assert ("|", "^~\\&", "HIS") == (made.header[1], made.header[2], made.header[3])
    assert ("ADT", "A01", "M1", "2.5") == (made.code, made.trigger, made.control_id, made.version)
    (row,) = made.segments("PID")
    assert ("A", "x", "MR", "B", "") == (
        row.text(3), row.text(3, 0, 2, 2), row.text(3, 0, 5), row.text(3, 1), row.text(3, 2)
    )  # fmt: skip
    assert ("", "s", "t", "a|b") == (row.text(4), row.text(4, 0, 1, 2), row.text(4, 0, 1, 3), row.text(5))
    assert ["A", "1", "", "", "MR"] == row.texts(3)
    assert ("", [], []) == (row.text(99), row.repetitions(99), row.texts(99))


def test_unchanged_and_deleted_are_told_apart() -> None:
    (row,) = good(write(msh("ADT^A01"), 'PID|||""|a^""^c||""^x')).segments("PID")
    assert [None, "", "a", "", "c", ""] == [
        row.said(2), row.said(3), row.said(4), row.said(4, 0, 2), row.said(4, 0, 3), row.said(3, 0, 4)
    ]  # fmt: skip
    assert ("", "") == (row.text(3), row.text(4, 0, 2))


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r\n"])
def test_lines_end_in_any_way(end: str) -> None:
    raw = adt("A01", pid()).replace(b"\r", end.encode())
    assert ["MSH", "EVN", "PID"] == [row.name for row in good(raw)]


@pytest.mark.parametrize("before", [b"\x0b", b"\xef\xbb\xbf", b"\r\n ", b""])
def test_what_stands_around_a_message_is_left_out(before: bytes) -> None:
    assert 3 == len(good(before + adt("A01", pid()) + b"\x1c\r"))


def test_other_separators() -> None:
    made = good("MSH#/*!?#HIS#01003#####ADT/A01#M1#P#2.5\rPID#1##A/b?c*B#x!F!y!S!z")
    (row,) = made.segments("PID")
    assert ("A", "c", "B", "x#y/z") == (row.text(3), row.text(3, 0, 2, 2), row.text(3, 1), row.text(4))


def test_five_signs_before_2_7_and_messages_without_escapes() -> None:
    assert "\\" == good("MSH|^~\\&#|HIS||||||ADT^A01|1|P|2.5\r").separators.escape
    assert "a\\F\\b" == good("MSH|^~|HIS||||||ADT^A01|1|P|2.5\rPID|a\\F\\b").segments("PID")[0].text(1)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("\\F\\\\S\\\\T\\\\R\\\\E\\", "|^&~\\"),
        ("a\\.br\\b\\.sp2\\c", "a\nb\n\nc"),
        ("\\H\\đậm\\N\\", "đậm"),
        ("\\X416E\\", "An"),
        ("\\XC3A0\\", "à"),
        ("\\XFF\\", "\\XFF\\"),
        ("\\Zxy\\ 5\\6 C:\\dir", "\\Zxy\\ 5\\6 C:\\dir"),
    ],
)
def test_escapes(written: str, text: str) -> None:
    assert text == good(write(msh("ADT^A01"), f"ZXX|{written}")).segments("ZXX")[0].text(1)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "hl7_no_msh"),
        (b"PID|1", "hl7_no_msh"),
        (b"MSH", "hl7_bad_separators"),
        (b"MSH|^^\\&|a", "hl7_bad_separators"),
        (b"MSHA^~\\&Aa", "hl7_bad_separators"),
        (adt("A01", pid()).replace(b"ADT^A01", b""), "hl7_no_type"),
        (adt("A01", pid()).replace(b"ADT^A01", b"ADT^a-1"), "hl7_no_type"),
        (adt("A01", pid(), control_id=""), "hl7_no_control_id"),
        (adt("A01", pid(), control_id="x" * 200), "hl7_no_control_id"),
        (adt("A01", pid()).replace(b"|P|2.5", b"|X|2.5"), "hl7_processing_id"),
        (adt("A01", pid()).replace(b"|P|2.5", b"|P|3.0"), "hl7_version"),
        (adt("A01", pid()).replace(b"|P|2.5", b"|P|"), "hl7_version"),
        (adt("A01", pid(), "lower|1"), "hl7_segment_name"),
        (adt("A01", pid(), "PIDX|1"), "hl7_segment_name"),
        (adt("A01", pid()) + adt("A02", pid()), "hl7_segment_name"),
    ],
)
def test_what_is_refused_names_its_reason(raw: bytes, reason: str) -> None:
    assert reason == wrong(raw)


def test_every_version_is_taken() -> None:
    for version in ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.9"):
        assert check_envelope(good(write(msh("ADT^A01", version=version)))) is None
    assert check_envelope(good(adt("A01").replace(b"|P|2.5", b"|P^T|2.5.1^USA"))) is None
    assert check_envelope(good(adt("A01").replace(b"|P|2.5", b"||2.5"))) is None


def test_the_header_of_what_cannot_be_read() -> None:
    header = header_of(adt("A01") + b"PID|\xff\xfe")
    assert header is not None
    assert "M1" == header.control_id
    assert header_of(b"PID|1") is None
    assert header_of(b"MSH|") is None


def test_places() -> None:
    made = good(write(msh("ADT^A01"), segment("DG1", f1="1"), segment("DG1", f1="2"), "bad|x"))
    second, bad = made.segments("DG1")[1], made.segments("bad")[0]
    assert ["DG1[2]", "DG1[2]-3", "DG1[2]-3.1", "DG1[2]-3[2].1", "segment[4]"] == [
        second.place(), second.place(3), second.place(3, 1), second.place(3, 1, 1), bad.place(3)
    ]  # fmt: skip
