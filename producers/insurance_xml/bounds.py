"""What the reader of the insurance XML allows, and how it says that something is wrong."""

from dataclasses import dataclass
from typing import Final

from lxml import etree

_ERROR_NAMES: Final = {code: name for name, code in vars(etree.ErrorTypes).items() if isinstance(code, int)}
_TOO_MUCH: Final = (etree.ErrorTypes.ERR_RESOURCE_LIMIT, etree.ErrorTypes.ERR_NAME_TOO_LONG)

_TOO_BIG: Final = ("CData section too big", "Comment too big")


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds, each inclusive; sizes in bytes. What exceeds one becomes a `Problem`."""

    file: int = 100 << 20
    dossier: int = 12 << 20
    """One HOSO as it is written. A larger one could not become events anyway (`topics.MAX_EVENT_BYTES`)."""
    part: int = 20 << 20
    """One part, decoded."""
    field: int = 64 << 10
    """The text of one field, as UTF-8."""
    depth: int = 32
    dossiers: int = 5_000
    elements: int = 5_000_000
    """Elements of the envelope, parts in base64 or CDATA not counted: it is the time they take that is bounded."""
    parts: int = 64
    """FILEHOSO of one HOSO; there are sixteen tables."""
    rows: int = 20_000
    fields: int = 300
    markup: int = 2_500_000
    """Tags and attributes of one part. 20,000 rows of 47 fields have 1.9 million tags; a tree takes 120 bytes each."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong. `reason` is of `schemas.reasons`; `place` such as `HOSO[1]/XML2`, counted from 1.

    `detail` holds positions and counts, never a word of the message.
    """

    reason: str
    place: str = ""
    detail: str = ""


def not_well_formed(error: etree.XMLSyntaxError, place: str) -> Problem:
    """libxml2's own text may quote the message, so only its position and the name of the error are kept."""
    message = error.msg or ""
    if message.startswith("Excessive depth"):
        return Problem("xml_too_deep", place)
    if error.code in _TOO_MUCH or message.startswith(_TOO_BIG):
        return Problem("too_large", place)
    line, column = error.position
    name = _ERROR_NAMES.get(error.code or 0, "")
    return Problem("xml_not_well_formed", place, f"line {line}, column {column} {name}".rstrip())
