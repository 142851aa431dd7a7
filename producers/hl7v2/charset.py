"""From bytes to NFC text: what MSH-18 declares, byte-order marks, and the legacy Vietnamese encodings.

HL7 table 0211 names the character sets; `windows-1258`, `TCVN3` and `VNI` are not in it, yet senders declare them, or
the feed's configuration does for senders that declare nothing.
"""

import codecs
import re
import unicodedata
from typing import Final

from producers.adapter import Refusal

UTF_8: Final = "UNICODE UTF-8"
HEAD: Final = 8_192
"""MSH-18 is looked for in this many first bytes."""

_NAMES: Final[dict[str, str]] = {
    "ASCII": "utf-8",  # written by many senders of UTF-8; pure ASCII is UTF-8 too
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "UNICODE UTF-16": "utf-16",
    "UTF-16": "utf-16",
    "UNICODE UTF-32": "utf-32",
    "UTF-32": "utf-32",
    "ISO-8859-1": "latin-1",
    "LATIN-1": "latin-1",
    "WINDOWS-1252": "cp1252",
    "WINDOWS-1258": "cp1258",
    "CP1258": "cp1258",
    "TCVN3": "tcvn3",
    "TCVN": "tcvn3",
    "TCVN-3": "tcvn3",
    "TCVN 5712": "tcvn3",
    "ABC": "tcvn3",
    "VNI": "vni",
    "VNI-WIN": "vni",
    "VNI-WINDOWS": "vni",
} | {f"8859/{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 15)} | {"8859/1": "latin-1"}  # fmt: skip

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_TCVN3_HIGH: Final = "\u00a0ĂÂÊÔƠƯĐăâêôơưđẰ\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịòỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ"
"""0xA0 to 0xFF of TCVN 5712:1993; 0x80 to 0x9F are not used."""
_TCVN3: Final = {0xA0 + place: char for place, char in enumerate(_TCVN3_HIGH)}

_VNI_MARKS: Final[dict[str, str]] = {
    "ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323",
    "â": "\u0302", "á": "\u0302\u0301", "à": "\u0302\u0300", "å": "\u0302\u0309", "ã": "\u0302\u0303",
    "ä": "\u0302\u0323",
    "ê": "\u0306", "é": "\u0306\u0301", "è": "\u0306\u0300", "ú": "\u0306\u0309", "ü": "\u0306\u0303",
    "ë": "\u0306\u0323",
}  # fmt: skip
"""VNI writes a letter and then a mark, itself a letter of windows-1252."""
_VNI_LETTERS: Final[dict[str, str]] = {"í": "í", "ì": "ì", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "ô": "ơ", "ö": "ư", "î": "ỵ", "ñ": "đ"}  # fmt: skip
_VNI_MARK: Final = _VNI_MARKS | {mark.upper(): tones for mark, tones in _VNI_MARKS.items()}
_VNI_LETTER: Final = _VNI_LETTERS | {own.upper(): letter.upper() for own, letter in _VNI_LETTERS.items()}
_VNI: Final = re.compile(f"([aAeEoOuUyYôÔöÖ])([{''.join(_VNI_MARK)}])|([{''.join(_VNI_LETTER)}])")


def decode(raw: bytes, declared: str = "", default: str = UTF_8) -> str | Refusal:
    """The text, in NFC and without a byte-order mark, or a Refusal `charset`. Never raises.

    A byte-order mark decides, then `declared` (MSH-18), then `default` (the feed's). Bytes that are valid UTF-8 are
    read so even where ASCII or ISO 8859-1 is declared: text of ISO 8859-1 is never valid UTF-8 by chance, and senders
    that leave the declaration at its default are common.
    """
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return _decode(raw[len(mark) :], name)
    if raw[:2] in (b"M\0", b"F\0", b"B\0"):
        return _decode(raw, "utf-16-le")
    if raw[:2] in (b"\0M", b"\0F", b"\0B"):
        return _decode(raw, "utf-16-be")
    asked = (declared or default).strip().upper()
    name_ = _NAMES.get(asked)
    if name_ is None:
        return Refusal("charset", "MSH-18", "not a known character set")
    if name_ == "latin-1":
        text = _decode(raw, "utf-8")
        if isinstance(text, str):
            return text
    return _decode(raw, name_)


def _decode(raw: bytes, name: str) -> str | Refusal:
    try:
        if name == "tcvn3":
            text = _tcvn3(raw)
        elif name == "vni":
            text = _vni(raw)
        else:
            text = raw.decode(name)
    except UnicodeError as error:
        at = error.start if isinstance(error, UnicodeDecodeError) else 0
        return Refusal("charset", "MSH-18", f"byte {at} is not {name}")
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _tcvn3(raw: bytes) -> str:
    text = raw.decode("latin-1")
    for at, char in enumerate(text):
        if "\x80" <= char <= "\x9f":
            raise UnicodeDecodeError("tcvn3", raw, at, at + 1, "not used")
    return text.translate(_TCVN3)


def _vni(raw: bytes) -> str:
    return _VNI.sub(_vni_letter, raw.decode("cp1252"))


def _vni_letter(match: re.Match[str]) -> str:
    base, mark, single = match.groups()
    if single:
        return _VNI_LETTER[single]
    return _VNI_LETTER.get(base, base) + _VNI_MARK[mark]
