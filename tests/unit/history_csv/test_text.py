"""Blocks of bytes -> lines: every encoding, any cut, bad bytes cost their line."""

import codecs
import unicodedata

import pytest

from producers.history_csv.text import Line, lines

TEXT = "Mã,Tên\r\nBN-1,Nguyễn Thị Hư Cấu\nBN-2,Trần Văn Ảo"


def pieces(data: bytes, encoding: str = "utf-8", size: int = 5, longest: int = 1000) -> list[Line]:
    return list(lines((data[at : at + size] for at in range(0, len(data), size)), encoding, longest))


def vni(text: str) -> bytes:
    return text.replace("Mã", "Maõ").replace("Tên", "Teân").encode("cp1252")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "windows-1258"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-8"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16"),
        (unicodedata.normalize("NFD", TEXT).encode(), "utf-8"),
    ],
)
def test_whatever_the_encoding_and_the_cut(data: bytes, encoding: str, size: int) -> None:
    found = pieces(data, encoding, max(size, 4))
    assert TEXT == "".join(line.text for line in found)
    assert 3 == len(found)
    assert all(line.good for line in found)


def test_old_sets() -> None:
    assert [Line("Mã,Tên\n", True)] == pieces(b"M\xb7,T\xaan\n", "tcvn3")
    assert [Line("Mã,Tên\n", True)] == pieces(vni("Mã,Tên\n"), "vni")
    assert [Line("Mã\n", True)] == pieces("Ma\u0303\n".encode("cp1258"), "windows-1258")


def test_bad_bytes_cost_their_line() -> None:
    found = pieces(b"a,b\nc,\xff\xfe\nd,\xc3\xa9\n", size=100)
    assert [True, False, True] == [line.good for line in found]
    assert "d,é\n" == found[2].text


def test_bad_bytes_in_tcvn3_and_utf_16() -> None:
    assert [True, False] == [line.good for line in pieces(b"a\nb\x81\n", "tcvn3", size=100)]
    odd = "a\n".encode("utf-16-le") + b"\x00\xd8" + "\nb\n".encode("utf-16-le")
    assert [True, False, True] == [line.good for line in pieces(odd, "utf-16", size=100)]


def test_other_separators_end_no_line() -> None:
    assert ["a\x0bb\x85c\u2028d\re\n"] == [line.text for line in pieces("a\x0bb\x85c\u2028d\re\n".encode(), size=100)]


@pytest.mark.parametrize("size", [3, 16, 1000])
def test_a_line_without_end_is_cut_once(size: int) -> None:
    found = pieces(b"a,b\n" + b"x" * 5000 + b"\nc,d\n", size=size, longest=100)
    assert "a,b\n" == found[0].text
    assert "c,d\n" == found[-1].text
    assert len("".join(line.text for line in found)) <= 5000 + 8
    if size < 100:
        assert 3 == len(found)
        assert len(found[1].text) <= 100 + size


def test_nothing() -> None:
    assert [] == pieces(b"")
    assert [] == pieces(codecs.BOM_UTF8)
