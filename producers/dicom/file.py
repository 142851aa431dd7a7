"""A DICOM file (PS3.10) or the data set of a C-STORE -> raw elements. Never raises on any bytes; OSError of a file passes.

Real files lack the preamble or the whole meta header, or are written otherwise than they declare: the bytes are believed
before the declaration, and what was guessed must then have a valid study and class UID.
"""

import os
import re
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Final

from producers.adapter import Refusal
from producers.dicom.bounds import LIMITS, Limits
from producers.dicom.elements import VRS, Broken, Fetch, Raw, Syntax, Walk, Wanted

_MAGIC: Final = b"DICM"
_PREAMBLE: Final = 128
_META_FIRST, _META_LAST = 0x00020000, 0x0002FFFF
TRANSFER_SYNTAX: Final = 0x00020010
MEDIA_CLASS, MEDIA_INSTANCE = 0x00020002, 0x00020003
_META: Final[Wanted] = {TRANSFER_SYNTAX: None, MEDIA_CLASS: None, MEDIA_INSTANCE: None, 0x00020000: None}
IMPLICIT: Final = b"1.2.840.10008.1.2"
BIG_ENDIAN: Final = b"1.2.840.10008.1.2.2"
_DEFLATED: Final = frozenset((b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.4.95"))
UID: Final = re.compile(r"[0-2](?:\.[0-9]+)+")
HEAD: Final = 16 << 10
"""Bytes of a refused file that are kept, sealed, at most; never from pixel data on."""
_PIXEL_DATA: Final = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10")
_BEGINNING: Final = re.compile(rb"\x02\0\0\0UL\x04\0|\x08\0[\0-\x18]\0(?:CS|UI|UL|DA)", re.DOTALL)
"""First elements as they are written explicitly: looked for where neither preamble nor meta header say where to begin."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the pixel data. `size` is the data set's, pixel data included, meta header not."""

    raw: Raw = field(repr=False)
    size: int
    too_long: tuple[int, ...] = ()
    guessed: bool = False
    """There was no meta header: the caller must look for proof that this is DICOM."""


def read_path(path: Path, wanted: Wanted, limits: Limits = LIMITS) -> Header | Refusal:
    """A file; only what is needed of it is read."""
    with path.open("rb", buffering=0) as file:
        number = file.fileno()
        return read(lambda at, count: os.pread(number, count, at), os.fstat(number).st_size, wanted, limits)


def read_bytes(data: bytes, wanted: Wanted, limits: Limits = LIMITS) -> Header | Refusal:
    return read(lambda at, count: data[at : at + count], len(data), wanted, limits)


def read_dataset(stream: BytesIO, transfer_syntax: str, wanted: Wanted, limits: Limits = LIMITS) -> Header | Refusal:
    """A data set without preamble and meta header, as C-STORE brings it; its pixel data is not copied."""

    def fetch(at: int, count: int) -> bytes:
        stream.seek(at)
        return stream.read(count)

    try:
        return _dataset(fetch, stream.getbuffer().nbytes, 0, transfer_syntax.encode(), wanted, limits)
    except Broken as broken:
        return Refusal(broken.reason, "", broken.detail)


def read(fetch: Fetch, size: int, wanted: Wanted, limits: Limits) -> Header | Refusal:
    """What `fetch` gives, `size` bytes in all."""
    guessed = False
    try:
        start = _start(fetch)
        meta: Raw = {}
        at = _likely_start(fetch) if start is None else start
        if start is not None or fetch(at, 2) == b"\x02\0":
            meta, at = Walk(fetch, size, False, limits).read(at, True, _META, _META_FIRST, _META_LAST)
        guessed = not meta
        header = _dataset(fetch, size, at, _text(meta.get(TRANSFER_SYNTAX)), wanted, limits)
    except Broken as broken:
        return Refusal("dicom_not_dicom" if guessed else broken.reason, "", broken.detail)
    for tag in (MEDIA_CLASS, MEDIA_INSTANCE):
        if tag in meta:
            header.raw[tag] = meta[tag]
    return Header(header.raw, header.size, header.too_long, guessed)


def head(data: bytes) -> bytes:
    """The beginning of a refused file, for whoever must find out: no pixel data, and no more than HEAD."""
    cuts = [at for at in (data.find(mark, 0, HEAD + 4) for mark in _PIXEL_DATA) if at >= 0]
    return data[: min([HEAD, *cuts])]


def head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return head(file.read(HEAD + 4))


def is_uid(text: str | None) -> bool:
    """PS3.5 chapter 9, but leading zeros in a component are let pass: vendors write them."""
    return text is not None and len(text) <= 64 and UID.fullmatch(text) is not None


def _start(fetch: Fetch) -> int | None:
    """Where the meta header begins; None where nothing says that there is one."""
    beginning = fetch(0, _PREAMBLE + 4)
    if beginning[_PREAMBLE:] == _MAGIC:
        return _PREAMBLE + 4
    return 4 if beginning.startswith(_MAGIC) else None


def _likely_start(fetch: Fetch) -> int:
    found = _BEGINNING.search(fetch(0, 2 * _PREAMBLE))
    return found.start() if found else 0


def _text(value: object) -> bytes:
    return value.strip(b" \0") if isinstance(value, bytes) else b""


def _dataset(fetch: Fetch, size: int, at: int, syntax: bytes, wanted: Wanted, limits: Limits) -> Header:
    length = size - at
    if syntax in _DEFLATED:
        data = _inflate(fetch(at, limits.inflated), limits)
        fetch, size, at = (lambda place, count: data[place : place + count]), len(data), 0
    how = _syntax(fetch(at, 6), syntax)
    walk = Walk(fetch, size, how.big, limits)
    raw, stopped = walk.read(at, how.explicit, wanted, 0, max(wanted))
    walk.check_rest(stopped, how.explicit)
    return Header(raw, length, tuple(walk.too_long))


def _syntax(first: bytes, declared: bytes) -> Syntax:
    """How the data set is written: a VR after the first tag is seen, and small groups come first in either order."""
    explicit = first[4:6] in VRS if len(first) == 6 else declared != IMPLICIT
    big = declared == BIG_ENDIAN or (not declared and first[:1] == b"\0" and first[1:2] not in (b"", b"\0"))
    return Syntax(explicit, big)


def _inflate(packed: bytes, limits: Limits) -> bytes:
    """Raw deflate, or with a zlib header as some write it; what is beyond the bound is not unpacked."""
    for bits in (-zlib.MAX_WBITS, zlib.MAX_WBITS):
        try:
            return zlib.decompressobj(bits).decompress(packed, limits.inflated)
        except zlib.error:
            continue
    raise Broken("dicom_structure", "not deflated as declared")
