"""Small readers that translating shares: bounded codes, times, numbers, and what is left of a segment."""

import math
import re
from collections.abc import Collection, Iterator
from typing import Final

from producers.hl7v2.datatypes import Timestamp, timestamp
from producers.hl7v2.message import NULL, Segment

LONGEST_CODE: Final = 100
"""A code stands in clear; what is longer is text in the wrong place and stays sealed."""
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?")


def code(text: str) -> str | None:
    """A code to stand in clear, None where there is none or it cannot be one."""
    return text if 0 < len(text) <= LONGEST_CODE else None


def number(text: str) -> float | None:
    """NM (2A.3.42): decimal point, no separators; None if it is no number or not finite."""
    if _NUMBER.fullmatch(text) is None:
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def time(segment: Segment | None, n: int) -> Timestamp | None:
    """A DTM, or the first component of the older TS."""
    return timestamp(segment.text(n)) if segment is not None else None


def millis(segment: Segment | None, n: int) -> int | None:
    found = time(segment, n)
    return found.millis if found else None


def to_the_second(segment: Segment | None, n: int) -> int | None:
    """Only a time given to the second tells which of two corrections came later."""
    found = time(segment, n)
    return found.millis if found and found.precision == "second" else None


def line(segment: Segment) -> str:
    """The segment as it stands, without name: what is not mapped is sealed so."""
    return segment.separators.field.join(segment.fields[1:])


def left(segment: Segment, used: Collection[int]) -> Iterator[tuple[str, str]]:
    """(`PV1-7`, raw text) of the fields that are not `used`; an empty text where the source deletes one (`""`)."""
    for n, value in enumerate(segment.fields):
        if n and value and n not in used:
            yield f"{segment.name}-{n}", "" if value == NULL else value
