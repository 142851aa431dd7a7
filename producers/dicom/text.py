"""DICOM text -> NFC: Specific Character Set (PS3.3 C.12.1.1.2), code extensions, and what senders do instead.

Vietnamese is right under ISO_IR 192 only. Senders that leave the declaration at ISO_IR 100, or leave it out, write UTF-8
(valid UTF-8 is never Latin-1 by chance) or an old set, which the feed must name. Text that fits nothing is left out
rather than shown as nonsense.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from pydicom.charset import CODES_TO_ENCODINGS, python_encoding

from producers.hl7v2 import vietnamese

LEGACY: Final = ("tcvn3", "vni", "windows-1258")
_LATIN: Final = frozenset(("iso8859", "latin_1"))
_KEEPS_ESCAPE: Final = frozenset(("iso2022_jp", "iso2022_jp_2", "iso_ir_58"))
_ESCAPE: Final = re.compile(rb"(\x1b(?:\$[()-]?[@-Z]|[(-/][@-Z]))")
_SPACES: Final = re.compile(r"\s+")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_REPLACEMENT: Final = "\ufffd"


class Charset:
    """The character sets of one data set. `legacy` is what the feed says its sender writes without declaring it."""

    __slots__ = ("_legacy", "_names")

    def __init__(self, declared: bytes, legacy: str | None = None) -> None:
        terms = declared.decode("latin-1").replace("\0", "").split("\\")
        self._names = [_codec(term) for term in terms] or ["iso8859"]
        self._legacy = legacy

    def decode(self, value: bytes) -> str | None:
        """NFC without padding; None where the bytes are not of any set that is declared or configured."""
        if value.isascii() and b"\x1b" not in value:
            return _CONTROL.sub(" ", value.decode("ascii").strip(" \0")) if value else ""
        text = self._decode(value)
        if text is None or _REPLACEMENT in text:
            return None
        return unicodedata.normalize("NFC", _CONTROL.sub(" ", text.strip(" \0")))

    def _decode(self, value: bytes) -> str | None:
        first = self._names[0]
        if len(self._names) == 1 and b"\x1b" not in value:
            if first not in _LATIN:
                return _strict(value, first)
            return _strict(value, "utf-8") or self._undeclared(value)
        return _extended(value, first)

    def _undeclared(self, value: bytes) -> str | None:
        if self._legacy in (vietnamese.TCVN3, vietnamese.VNI):
            read = vietnamese.decode(value, self._legacy)
            return read if isinstance(read, str) else None
        if self._legacy is not None:
            return _strict(value, "cp1258")
        return None if vietnamese.looks_legacy(value) is not None else _strict(value, "cp1252")


def _codec(term: str) -> str:
    """Python's codec; senders write `ISO IR 100` and `ISO-IR 100` too. What is unknown counts as not declared."""
    term = term.strip()
    known = python_encoding.get(term) or python_encoding.get(re.sub(r"\AISO[ _-]IR[ _-]", "ISO_IR ", term))
    return known or "iso8859"


def _strict(value: bytes, codec: str) -> str | None:
    try:
        return value.decode(codec)
    except (UnicodeError, LookupError):
        return None


def _extended(value: bytes, first: str) -> str | None:
    """Code extensions: the first set holds until an escape sequence, and again after each of the delimiters."""
    pieces = _ESCAPE.split(value)
    out = [_strict(pieces[0], first)]
    for escape, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        codec = CODES_TO_ENCODINGS.get(escape)
        if codec is None:
            return None
        out += _switched(escape, piece, codec, first)
    return "".join(text or "" for text in out) if None not in out else None


def _switched(escape: bytes, piece: bytes, codec: str, first: str) -> Sequence[str | None]:
    """A piece after an escape sequence, up to the delimiter that ends its reign."""
    at = min((place for place in map(piece.find, (b"^", b"=", b"\\", b"\r", b"\n")) if place >= 0), default=-1)
    if escape == b"\x1b$B" or codec == "iso2022_jp_2":  # two bytes a character: any of them may look like a delimiter
        at = -1
    inside, rest = (piece, b"") if at < 0 else (piece[:at], piece[at:])
    read = _strict(escape + inside, codec) if codec in _KEEPS_ESCAPE else _strict(inside, codec)
    return (read, _strict(rest, first)) if rest else (read,)


def line(text: str) -> str:
    """One line: a short text has no line breaks to keep."""
    return _SPACES.sub(" ", text).strip()


def name(value: str) -> str:
    """PN (PS3.5 6.2.1) as a Vietnamese name: family, middle, given (họ, đệm, tên), one blank between; "" if none.

    Assumption: senders write `họ^tên^đệm`, or the whole name in the first component, or `họ^đệm tên`; all three read
    the same. Of the groups the alphabetic one counts, but where it has lost its marks and the ideographic one is
    alphabetic too, that one was meant to keep them.
    """
    groups = [_components(group) for group in value.split("\\")[0].split("=")[:3]]
    spoken = [group for group in groups if group]
    if not spoken:
        return ""
    first = spoken[0]
    if len(groups) > 1 and groups[1] and groups[0].isascii() and _is_latin(groups[1]):
        return groups[1]
    return first


def _components(group: str) -> str:
    parts = [*group.split("^"), "", ""]
    return " ".join(" ".join((parts[0], parts[2], parts[1])).split())


def _is_latin(text: str) -> bool:
    return all(unicodedata.name(char, "").startswith("LATIN") for char in text if char.isalpha())
