"""Bytes to text, whatever senders declare."""

import unicodedata

import pytest

from producers.hl7v2.bounds import Problem
from producers.hl7v2.charset import decode, known

NAME = "MSH|Nguyễn Thị Hòa, Đặng Văn Ước"


def tcvn3(text: str) -> bytes:
    """TCVN3 of the letters these tests need."""
    table = {"ễ": 0xD4, "ị": 0xDE, "Đ": 0xA7, "ặ": 0xC6, "ă": 0xA8, "ò": 0xDF, "Ư": 0xA6, "ớ": 0xED}
    return bytes(table.get(char, ord(char) if ord(char) < 128 else 0x3F) for char in text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_marks_and_zero_bytes_decide(encoding: str) -> None:
    assert NAME == decode(NAME.encode(encoding), None)


@pytest.mark.parametrize(
    "declared", [None, "", "ASCII", "8859/1", "UNICODE", "unicode utf-8", "windows-1258", "TCVN3", "x"]
)
def test_valid_utf_8_is_read_so_whatever_is_declared(declared: str | None) -> None:
    assert NAME == decode(NAME.encode(), declared)


def test_text_comes_out_composed() -> None:
    assert NAME == decode(unicodedata.normalize("NFD", NAME).encode(), None)


def test_windows_1258_is_composed() -> None:
    raw = unicodedata.normalize("NFD", "Hoà").encode("cp1258", "replace")
    assert "Hoà" == decode(raw, "windows-1258")
    assert "Hoà" == decode(raw, None, "cp1258")


def test_tcvn3_and_vni() -> None:
    assert "Nguyễn" == decode(tcvn3("Nguyễn"), "TCVN3")
    assert "Nguyễn" == decode(tcvn3("Nguyễn"), None, "tcvn3")
    assert "Nguyễn" == decode(b"Nguye\xe3n", "VNI")


def test_latin_1_is_read_as_windows_writes_it() -> None:
    assert "Müller – Noël" == decode("Müller – Noël".encode("cp1252"), "8859/1")


def test_other_parts_of_8859() -> None:
    assert "Łódź" == decode("Łódź".encode("iso8859-2"), "8859/2")


@pytest.mark.parametrize(
    ("raw", "declared", "default"),
    [
        (b"Nguy\xd4n", None, "utf-8"),
        (b"Nguy\xd4n", "UNICODE UTF-8", "utf-8"),
        (b"Nguy\xd4n", "KLINGON", "utf-8"),
        (tcvn3("Đặng Văn"), "8859/1", "utf-8"),
        (b"\xff\xfeM\x00S", None, "utf-8"),
        (b"Nguye\x80n", "TCVN3", "utf-8"),
        (b"\x00M\xd8\x00", None, "utf-8"),
    ],
)
def test_what_cannot_be_read_is_a_problem_without_its_text(raw: bytes, declared: str | None, default: str) -> None:
    read = decode(raw, declared, default)
    assert isinstance(read, Problem)
    assert "charset" == read.reason
    assert "Nguy" not in repr(read)


@pytest.mark.parametrize("raw", [b"", b"\0", b"M", b"\xff", b"M\0S"])
def test_the_shortest_texts_are_read_or_refused(raw: bytes) -> None:
    assert isinstance(decode(raw, None), str | Problem)


def test_names_a_feed_may_use() -> None:
    assert known("tcvn3")
    assert known(" UTF-8 ")
    assert not known("klingon")
