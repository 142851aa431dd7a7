"""The envelope `GIAMDINHHS` (QĐ 130/4750/3176): bytes -> HOSO -> parts -> rows. Pure; never raises on any bytes.

`Splitter` takes a file in chunks and gives each HOSO once it is complete, unparsed; no more than one is held. `read`,
`iter_dossiers` and `read_dossier` stand on it.
"""

import binascii
import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from producers.insurance_xml.bounds import Limits, Problem
from producers.insurance_xml.part import Part, Row, read_part
from producers.insurance_xml.split import BITE, Splitter
from producers.insurance_xml.tables import FIELDS
from producers.insurance_xml.target import Piece, Sheet

__all__ = [
    "Dossier", "Envelope", "Limits", "Part", "Problem", "Row", "Sheet", "Splitter",
    "iter_dossiers", "open_sheet", "read", "read_dossier",
]  # fmt: skip

_BLANKS: Final = b" \t\r\n"
DEFAULT: Final = Limits()


@dataclass(frozen=True, slots=True)
class Dossier:
    """One HOSO. `index` counts from 1; `parts` in the order sent, a table sent twice is there twice.

    A part that cannot be read is a problem with its place (`HOSO[1]/XML2`), and the others stand. `raw` are the
    canonical bytes of the element: UTF-8, no declaration, comments or CDATA; the same content gives the same bytes.
    """

    index: int
    parts: tuple[Part, ...]
    problems: tuple[Problem, ...] = ()
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A whole file. `created` is NGAYLAP as written (`yyyymmdd`), `declared_count` SOLUONGHOSO.

    `problems` are those that leave the dossiers standing: `xml_count`, `xml_no_dossier`.
    """

    facility: str
    created: str | None
    declared_count: int | None
    dossiers: tuple[Dossier, ...]
    signature_present: bool
    problems: tuple[Problem, ...] = ()


def read(raw: bytes, limits: Limits = DEFAULT) -> Envelope | Problem:
    """The whole file, or why it is none. A file that ends early is a Problem, whatever came before its end."""
    splitter = Splitter(limits)
    dossiers = [open_sheet(sheet, limits) for sheet in _sheets(splitter, raw)]
    if splitter.problem is not None:
        return splitter.problem
    if not splitter.facility:
        return Problem("xml_no_facility", "GIAMDINHHS/THONGTINDONVI/MACSKCB")
    return Envelope(
        splitter.facility,
        splitter.created,
        splitter.declared_count,
        tuple(dossiers),
        splitter.signature_present,
        splitter.remarks(),
    )


def iter_dossiers(source: bytes | Iterable[bytes], limits: Limits = DEFAULT) -> Iterator[Dossier | Problem]:
    """Each HOSO as it is completed, then what is wrong with the file: last a fatal Problem, if there is one.

    Holds one dossier at a time. Use `Splitter` where the facility is wanted with them, or the parts are not.
    """
    splitter = Splitter(limits)
    for sheet in _sheets(splitter, source):
        yield open_sheet(sheet, limits)
    if splitter.problem is not None:
        yield splitter.problem
        return
    if not splitter.facility:
        yield Problem("xml_no_facility", "GIAMDINHHS/THONGTINDONVI/MACSKCB")
    yield from splitter.remarks()


def read_dossier(raw: bytes, limits: Limits = DEFAULT, index: int = 1) -> Dossier | Problem:
    """One HOSO element on its own, such as `Dossier.raw` or `Sheet.raw`; the result has the same `raw`."""
    splitter = Splitter(limits, root="HOSO", index=index)
    sheets = list(_sheets(splitter, raw))
    if splitter.problem is not None:
        return splitter.problem
    return open_sheet(sheets[0], limits)


def open_sheet(sheet: Sheet, limits: Limits = DEFAULT) -> Dossier:
    """Decode and parse the parts of one HOSO."""
    parts: list[Part] = []
    problems: list[Problem] = list(sheet.problems)
    for number, piece in enumerate(sheet.pieces, 1):
        read_one = _open_piece(piece, f"HOSO[{sheet.index}]", number, limits)
        if isinstance(read_one, Part):
            parts.append(read_one)
        else:
            problems.append(read_one)
    return Dossier(sheet.index, tuple(parts), tuple(problems), sheet.raw)


def _open_piece(piece: Piece, dossier: str, number: int, limits: Limits) -> Part | Problem:
    table = piece.table.strip().upper()
    if table not in FIELDS:
        return Problem("xml_part_type", f"{dossier}/FILEHOSO[{number}]")
    place = f"{dossier}/{table}"
    if piece.content is None:
        return Problem("too_large", place)
    content = piece.content.strip()
    if not content:
        return Problem("part_empty", place)
    if content.startswith("<"):
        return read_part(table, content.encode(), limits, place)
    decoded = _base64(content)
    return Problem("base64", place) if decoded is None else read_part(table, decoded, limits, place)


def _base64(content: str) -> bytes | None:
    """Strict but for blanks and missing padding: a letter outside the alphabet is a fault, not something to skip."""
    try:
        data = content.encode("ascii")
    except UnicodeEncodeError:
        return None
    with contextlib.suppress(binascii.Error):
        return binascii.a2b_base64(data, strict_mode=True)
    with contextlib.suppress(binascii.Error):
        data = data.translate(None, _BLANKS)
        return binascii.a2b_base64(data + b"=" * (-len(data) % 4), strict_mode=True)
    return None


def _sheets(splitter: Splitter, source: bytes | Iterable[bytes]) -> Iterator[Sheet]:
    for chunk in _chunks(source) if isinstance(source, bytes) else source:
        yield from splitter.feed(chunk)
        if splitter.problem is not None:
            return
    yield from splitter.close()


def _chunks(raw: bytes) -> Iterator[bytes]:
    for start in range(0, len(raw), BITE):
        yield raw[start : start + BITE]
