"""DICOM text: declared sets, code extensions, what senders really write; names in Vietnamese order."""

from pathlib import Path

import pytest
from pydicom.data import get_charset_files

from producers.dicom import file
from producers.dicom.text import Charset, line, name
from tests.unit.dicom.files import oracle

NAME: str = "Nguyễn^Cấu^Thị Hư"
CHARSETS = sorted(Path(path) for path in get_charset_files() if not path.endswith(".txt"))


@pytest.mark.parametrize("path", CHARSETS, ids=lambda path: path.name)
def test_the_sets_of_the_standard(path: Path) -> None:
    raw = path.read_bytes()
    read = file.read_bytes(raw, {0x00080005: None, 0x00100010: None})
    assert isinstance(read, file.Header)
    declared, value = read.raw.get(0x00080005, b""), read.raw.get(0x00100010, b"")
    assert isinstance(declared, bytes)
    assert isinstance(value, bytes)
    assert str(oracle(raw).get("PatientName", "")) == (Charset(declared).decode(value) or "").rstrip("=")


@pytest.mark.parametrize("declared", [b"ISO_IR 192", b"ISO_IR 100", b"ISO_IR 6", b"", b"ISO IR 192 ", b"nonsense"])
def test_utf8_whatever_is_declared(declared: bytes) -> None:
    assert NAME == Charset(declared).decode(NAME.encode() + b" ")


def test_nfd_becomes_nfc() -> None:
    assert "Cấu" == Charset(b"ISO_IR 192").decode(b"Ca\xcc\x82\xcc\x81u")


@pytest.mark.parametrize(
    ("legacy", "value"),
    [("tcvn3", b"Nguy\xd4n^C\xcau"), ("vni", b"Nguye\xe3n^Ca\xe1u"), ("windows-1258", "Nguyê\u0303n^Câ\u0301u".encode("cp1258"))],
)  # fmt: skip
def test_old_sets_must_be_configured(legacy: str, value: bytes) -> None:
    assert "Nguyễn^Cấu" == Charset(b"", legacy).decode(value)
    assert "Nguyễn^Cấu" == Charset(b"ISO_IR 100", legacy).decode(value)


@pytest.mark.parametrize("value", [b"Ph\xb9m V\xa8n", "Phạm Văn Hư".encode("cp1258", "ignore") + b"\xf2\xcc"])
def test_what_fits_nothing_is_left_out(value: bytes) -> None:
    assert Charset(b"ISO_IR 100").decode(value) is None
    assert Charset(b"ISO_IR 192").decode(value) is None


def test_latin_1_is_read() -> None:
    assert "Müller^Zoë" == Charset(b"ISO_IR 100").decode(b"M\xfcller^Zo\xeb")


@pytest.mark.parametrize("value", [b"\x1b$B\xff\xff", b"\x1b", b"a\x1b$Q", b"\x1b$)C\xff", b"\xff\x1b(B"])
def test_broken_escapes_never_raise(value: bytes) -> None:
    for declared in (b"", b"ISO 2022 IR 6\\ISO 2022 IR 87", b"\\ISO 2022 IR 149", b"\xff\\\xfe"):
        Charset(declared).decode(value)


def test_controls_become_blanks() -> None:
    assert "a b\r\nc" == Charset(b"").decode(b"a\x07b\r\nc\0\0")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("NGUYEN^CAU^THI HU", "NGUYEN THI HU CAU"),
        ("NGUYEN THI HU CAU", "NGUYEN THI HU CAU"),
        ("NGUYEN^THI HU CAU", "NGUYEN THI HU CAU"),
        ("NGUYEN^CAU^THI HU^Mrs^PhD", "NGUYEN THI HU CAU"),
        ("NGUYEN^CAU=Nguyễn^Cấu", "Nguyễn Cấu"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada Tarou"),
        ("=山田^太郎", "山田 太郎"),
        ("A^B\\C^D", "A B"),
        ("^^^^", ""),
        ("", ""),
    ],
)
def test_names(written: str, expected: str) -> None:
    assert expected == name(written)


def test_one_line() -> None:
    assert "a b c" == line(" a\r\n b\t c ")
