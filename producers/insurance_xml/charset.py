"""Which bytes are which letters. The bytes are believed before the declaration.

.NET senders declare `utf-16` over UTF-8 bytes, because they wrote to a string first. And a parser that believes any
declaration can be led around the check for a DOCTYPE (UTF-7). So the parser is always told `utf-8`, and what is
plainly something else is transcoded before it.
"""

import codecs
import re
from typing import Final

HEAD: Final = 256
"""Bytes that decide, after leading blanks; an XML declaration is shorter."""

_DECLARED: Final = re.compile(rb"\A<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_SINGLE_BYTE: Final = {
    b"windows-1258": "cp1258",
    b"cp1258": "cp1258",
    b"windows-1252": "cp1252",
    b"iso-8859-1": "cp1252",  # as browsers do: what is called Latin-1 is Windows-1252
}


def of(head: bytes) -> str:
    """The codec of a document that begins so: `utf-8` unless a byte-order mark, zero bytes or a declaration say else.

    UTF-16 without a mark is known by the zero byte beside its first `<`.
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head[1:2] == b"\0" and head[:1] != b"\0":
        return "utf-16-le"
    if head[:1] == b"\0" and head[1:2] not in (b"", b"\0"):
        return "utf-16-be"
    declared = _DECLARED.match(head[: 2 * HEAD].lstrip())
    return _SINGLE_BYTE.get(declared[1].lower(), "utf-8") if declared else "utf-8"


def to_utf8(raw: bytes) -> bytes | None:
    """The whole document as UTF-8 without mark and leading blanks; None where it is not of its codec.

    Bytes that are UTF-8 already are not checked here, the XML parser does.
    """
    codec = of(raw[: 2 * HEAD])
    if codec == "utf-8":
        return raw.removeprefix(codecs.BOM_UTF8).lstrip()
    try:
        return raw.decode(codec).encode().lstrip()
    except UnicodeError:
        return None
