"""A file in blocks -> lines of NFC text. What is not of the character set costs its line, not the file."""

import codecs
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from producers.hl7v2 import vietnamese

ENCODINGS: Final = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "windows-1258": "cp1258",
    "windows-1252": "cp1252",
    "iso-8859-1": "cp1252",  # as browsers do: what is called Latin-1 is Windows-1252
    "tcvn3": vietnamese.TCVN3,
    "vni": vietnamese.VNI,
}
"""What a mapping may name."""
_LEGACY: Final = (vietnamese.TCVN3, vietnamese.VNI)
_WIDE: Final = ("utf-16-le", "utf-16-be")


class Line(NamedTuple):
    """One physical line with its end. `good` is False where bytes of it are not of the character set."""

    text: str
    good: bool


def lines(blocks: Iterable[bytes], encoding: str, longest: int) -> Iterator[Line]:
    """The lines of a file. A byte-order mark decides, then `encoding`. Of a line longer than `longest` bytes (an even
    number) only so much is given, and no more is held."""
    codec = ENCODINGS[encoding]
    rest, begun, skipping = b"", False, False
    for block in blocks:
        rest += block
        if not begun:
            rest, codec = _begin(rest, codec)
            begun = True
        end = _last_line_end(rest, codec)
        if skipping and end:
            first = _first_line_end(rest, codec)
            rest, end, skipping = rest[first:], end - first, False
        if end:
            yield from _split(rest[:end], codec)
            rest = rest[end:]
        if len(rest) > longest:
            if not skipping:
                yield from _split(rest[:longest], codec)
            rest, skipping = rest[len(rest) & ~1 :], True
    if rest and not skipping:
        yield from _split(rest, codec)


def _begin(head: bytes, codec: str) -> tuple[bytes, str]:
    for mark, marked in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark):
            return head[len(mark) :], marked
    return head, "utf-16-le" if codec == "utf-16" else codec


def _last_line_end(data: bytes, codec: str) -> int:
    """The offset after the last line end, 0 without one."""
    if codec not in _WIDE:
        return data.rfind(b"\n") + 1
    sign = b"\n\0" if codec == "utf-16-le" else b"\0\n"
    at = data.rfind(sign)
    while at > 0 and at % 2:
        at = data.rfind(sign, 0, at)
    return at + 2 if at >= 0 and at % 2 == 0 else 0


def _first_line_end(data: bytes, codec: str) -> int:
    """The offset after the first line end; there is one."""
    if codec not in _WIDE:
        return data.index(b"\n") + 1
    sign = b"\n\0" if codec == "utf-16-le" else b"\0\n"
    at = data.index(sign)
    while at % 2:
        at = data.index(sign, at + 1)
    return at + 2


def _split(data: bytes, codec: str) -> Iterator[Line]:
    """Whole at first, which is nearly always enough; line by line where some of it is wrong."""
    text = _decode(data, codec)
    if text is not None:
        for line in _pieces(text):
            yield Line(line, True)
        return
    if codec in _WIDE:
        for line in _pieces(data.decode(codec, "replace")):
            yield Line(line, "\ufffd" not in line)
        return
    for raw in data.splitlines(keepends=True) if b"\r" not in data else _raw_pieces(data):
        good = _decode(raw, codec)
        yield Line(raw.decode("ascii", "replace"), False) if good is None else Line(good, True)


def _raw_pieces(data: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        end = data.find(b"\n", start) + 1 or len(data)
        yield data[start:end]
        start = end


def _pieces(text: str) -> Iterator[str]:
    """Lines with their ends; only a line feed ends one, as `str.splitlines` would not have it."""
    start = 0
    find = text.find
    while True:
        end = find("\n", start) + 1
        if not end:
            break
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]


def _decode(data: bytes, codec: str) -> str | None:
    if codec in _LEGACY:
        read = vietnamese.decode(data, codec)
        return read if isinstance(read, str) else None
    try:
        text = data.decode(codec)
    except UnicodeError:
        return None
    return text if text.isascii() else unicodedata.normalize("NFC", text)
