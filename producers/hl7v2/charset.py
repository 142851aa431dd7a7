"""From bytes to NFC text: byte-order marks, what MSH-18 declares, the feed's default, legacy Vietnamese.

HL7 table 0211 names the character sets; `windows-1258`, `TCVN3` and `VNI` are not in it, yet senders declare them, or
the feed's configuration does for senders that declare nothing.
"""

import codecs
import unicodedata
from typing import Final

from producers.hl7v2 import vietnamese
from producers.hl7v2.bounds import Problem

_PLACE: Final = "MSH[1]-18"
_UTF_8: Final = "utf-8"
_LATIN_1: Final = "cp1252"
"""What senders of ISO 8859-1 really write: its superset of Windows."""

_NAMES: Final[dict[str, str]] = {
    "ASCII": _UTF_8,
    "US-ASCII": _UTF_8,
    "UNICODE": _UTF_8,
    "UNICODE UTF-8": _UTF_8,
    "UTF-8": _UTF_8,
    "UTF8": _UTF_8,
    "UNICODE UTF-16": "utf-16",
    "UTF-16": "utf-16",
    "UNICODE UTF-32": "utf-32",
    "UTF-32": "utf-32",
    "8859/1": _LATIN_1,
    "ISO-8859-1": _LATIN_1,
    "ISO8859-1": _LATIN_1,
    "LATIN1": _LATIN_1,
    "LATIN-1": _LATIN_1,
    "WINDOWS-1252": _LATIN_1,
    "CP1252": _LATIN_1,
    "WINDOWS-1258": "cp1258",
    "CP1258": "cp1258",
    "TCVN3": vietnamese.TCVN3,
    "TCVN": vietnamese.TCVN3,
    "TCVN-3": vietnamese.TCVN3,
    "TCVN5712": vietnamese.TCVN3,
    "TCVN 5712": vietnamese.TCVN3,
    "ABC": vietnamese.TCVN3,
    "VNI": vietnamese.VNI,
    "VNI-WIN": vietnamese.VNI,
    "VNI-WINDOWS": vietnamese.VNI,
    "ISO IR14": "shift_jis",
    "ISO IR87": "iso2022_jp",
    "ISO IR159": "iso2022_jp_1",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "CNS 11643-1992": "big5",
    "BIG-5": "big5",
} | {f"8859/{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 15)}

_BOMS: Final = (
    (codecs.BOM_UTF8, _UTF_8),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def known(name: str) -> bool:
    """Whether a feed may name this as its default."""
    return name.strip().upper() in _NAMES


def decode(raw: bytes, declared: str | None, default: str = _UTF_8) -> str | Problem:
    """The text, in NFC and without a byte-order mark, or a Problem `charset`. Never raises.

    A byte-order mark decides, then zero bytes (UTF-16), then `declared` (MSH-18), then `default` (the feed's). Bytes
    that are valid UTF-8 are read so whatever is declared: text of another set is never valid UTF-8 by chance, and
    senders that leave the declaration as it was delivered are common. What is declared as Latin-1 but shows the
    patterns of TCVN3, VNI or windows-1258 is a Problem: it would be read as nonsense.
    """
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return _strict(raw[len(mark) :], name)
    if len(raw) > 1 and raw[:2].count(0) == 1:
        return _strict(raw, "utf-16-le" if raw[1] == 0 else "utf-16-be")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        wrong = error.start
    else:
        return text if text.isascii() else unicodedata.normalize("NFC", text)
    asked = _NAMES.get((declared or "").strip().upper() or default.strip().upper())
    if asked is None:
        return Problem("charset", _PLACE, f"byte {wrong} is not utf-8, and the declared set is not known")
    if asked == _LATIN_1:
        legacy = vietnamese.looks_legacy(raw)
        if legacy is not None:
            return Problem("charset", _PLACE, f"byte {legacy} looks like TCVN3, VNI or windows-1258")
    return _strict(raw, asked)


def _strict(raw: bytes, name: str) -> str | Problem:
    if name in (vietnamese.TCVN3, vietnamese.VNI):
        read = vietnamese.decode(raw, name)
        return read if isinstance(read, str) else Problem("charset", _PLACE, f"byte {read} is not {name}")
    try:
        text = raw.decode(name)
    except UnicodeError as error:  # utf-16 without a whole number of units raises the base class
        at = error.start if isinstance(error, UnicodeDecodeError) else 0
        return Problem("charset", _PLACE, f"byte {at} is not {name}")
    return text if text.isascii() else unicodedata.normalize("NFC", text)
