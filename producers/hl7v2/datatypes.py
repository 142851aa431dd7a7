"""Data types of HL7 v2 (chapter 2A) that need reading: times, names and identifiers."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final, Literal

from producers.hl7v2.message import Segment

Precision = Literal["year", "month", "day", "hour", "minute", "second"]

VIETNAM: Final = timezone(timedelta(hours=7))
"""Asia/Ho_Chi_Minh: one zone, no summer time."""

_DTM: Final = re.compile(
    r"([0-9]{4})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:\.([0-9]{1,9}))?)?)?)?)?)?"
    r"(?:([+-])([0-9]{2})([0-9]{2}))?"
)
_PRECISIONS: Final[tuple[Precision, ...]] = ("year", "month", "day", "hour", "minute", "second")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_LAST_ZONE: Final = 14


@dataclass(frozen=True, slots=True)
class Timestamp:
    """Epoch milliseconds UTC of the beginning of what was said, and how exactly it was said."""

    millis: int
    precision: Precision


@lru_cache(maxsize=4096)
def timestamp(text: str) -> Timestamp | None:
    """DTM (2A.3.22) `YYYY[MM[DD[HH[MM[SS[.S+]]]]]][+/-ZZZZ]`; without a zone it is Vietnam's. None if it is no time.

    Fractions below the millisecond are cut.
    """
    found = _DTM.fullmatch(text)
    if found is None:
        return None
    parts = [int(part) for part in found.groups()[:6] if part is not None]
    zone = VIETNAM
    if found[8]:
        hours, minutes = int(found[9]), int(found[10])
        if hours > _LAST_ZONE or minutes > 59:
            return None
        offset = timedelta(hours=hours, minutes=minutes)
        zone = timezone(-offset if found[8] == "-" else offset)
    year, month, day, hour, minute, second = (*parts, *(0, 1, 1, 0, 0, 0)[len(parts) :])
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
    fraction = int((found[7] or "0")[:3].ljust(3, "0"))
    return Timestamp((moment - _EPOCH) // _MILLISECOND + fraction, _PRECISIONS[len(parts) - 1])


def full_name(segment: Segment, n: int, rep: int = 0) -> str:
    """XPN (2A.3.86) as a Vietnamese name: family, middle, given (họ, đệm, tên), one blank between; empty if none.

    Assumption: senders write `họ^tên^đệm`, or the whole name in the first component, or `họ^đệm tên`; all three read
    the same. Prefixes, suffixes and degrees are not part of the name.
    """
    family, given, middle, *_ = (*segment.texts(n, rep), "", "", "")
    return " ".join(f"{family} {middle} {given}".split())


@dataclass(frozen=True, slots=True)
class Identifier:
    """One repetition of a CX (2A.3.14): the number, its type (HL7 table 0203, such as `MR`, `HC`), who gave it."""

    value: str = field(repr=False)
    type_code: str = ""
    authority: str = ""


def identifiers(segment: Segment, n: int) -> tuple[Identifier, ...]:
    """All repetitions with a number. The authority (HD) is its namespace, else its universal id."""
    known: tuple[Identifier, ...] | None = segment.memo.get(n)
    if known is not None:
        return known
    found = []
    for raw in segment.repetitions(n):
        value, _, _, authority, kind, *_ = (*segment.split(raw), "", "", "", "", "")
        if value:
            found.append(Identifier(value, kind, authority or _universal_id(segment, raw)))
    made = segment.memo[n] = tuple(found)
    return made


def _universal_id(segment: Segment, raw: str) -> str:
    signs = segment.separators
    components = raw.split(signs.component)
    parts = components[3].split(signs.subcomponent) if len(components) > 3 and signs.subcomponent else []
    return signs.unescaped(parts[1]).strip() if len(parts) > 1 else ""
