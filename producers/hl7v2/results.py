"""OBX and NTE as the lines of an observation and their sealed texts."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from producers.hl7v2 import coded
from producers.hl7v2.clear import code, left, millis, number
from producers.hl7v2.message import NULL, Segment

_TEXT: Final = frozenset(("TX", "FT", "ED", "RP", "XPN", "XCN", "XAD", "XTN", "XON", "CX", "PN", "CN", "AD", "TN"))
"""Free text, documents, and types that name people: sealed."""
_CODED: Final = frozenset(("CE", "CWE", "CNE", "CF"))
_USED: Final = frozenset((1, 2, 3, 5, 6, 7, 8, 11, 14, 16, 19))
_LONGEST: Final = 1_000
"""Characters of a value that may stand in clear; what is longer is a report."""

Line = dict[str, Any]


def read(segments: Sequence[Segment]) -> tuple[list[Line], dict[str, str], bool]:
    """(lines, narrative, whether a value was not of its type) of what follows an OBR.

    A note (NTE) after an OBX is that line's conclusion, one before the first OBX is of the order: `note`.
    """
    lines: list[Line] = []
    narrative: dict[str, str] = {}
    unreadable = False
    for segment in segments:
        if segment.name == "OBX":
            at = f"results[{len(lines) + 1}]"
            line, text, readable = _line(segment, len(lines) + 1)
            lines.append(line)
            unreadable = unreadable or not readable
            if text:
                narrative[f"{at}.description"] = text
            narrative |= {f"{at}.extra.{name}": value for name, value in _left(segment) if value}
        elif segment.name == "NTE":
            path = f"results[{len(lines)}].conclusion" if lines else "note"
            note = "\n".join(_texts(segment, 3))
            if note:
                narrative[path] = f"{narrative[path]}\n{note}" if path in narrative else note
    return lines, narrative, unreadable


def _line(obx: Segment, position: int) -> tuple[Line, str, bool]:
    """(line, sealed text, whether the value is of its type)."""
    given = obx.text(1)
    value, text, readable = _value(obx)
    return (
        {
            "line": int(given) if given.isascii() and given.isdecimal() and len(given) < 7 else position,
            **coded.of_result(obx.texts(3)),
            "value_text": value or None,
            "value_number": _number(obx, value),
            "unit": code(obx.text(6)),
            "reference_range": obx.text(7, 0, 0) or None,
            "abnormal": code(obx.text(8)),
            "status": code(obx.text(11)),
            "observed_at": millis(obx, 14),
            "resulted_at": millis(obx, 19),
            "reader": code(obx.text(16)),
        },
        text,
        readable,
    )


def _value(obx: Segment) -> tuple[str, str, bool]:
    """(value in clear, sealed text, whether it is of its type) of OBX-5 by OBX-2."""
    kind = obx.text(2)
    if kind in _TEXT:
        return "", "\n".join(_texts(obx, 5)), True
    if kind in _CODED or kind == "SN":
        parts = [(*obx.split(raw), "", "") for raw in obx.repetitions(5)]
        texts = [part[1] or part[0] for part in parts] if kind in _CODED else ["".join(part[:4]) for part in parts]
        value = "; ".join(filter(None, texts))
    else:
        value = "; ".join(_texts(obx, 5))
    if len(value) > _LONGEST:
        return "", value, kind != "NM"
    return value, "", kind != "NM" or not value or number(value) is not None


def _texts(segment: Segment, n: int) -> Iterator[str]:
    """Repetitions as text, without empty ones: component separators inside free text are its own."""
    for raw in segment.repetitions(n):
        text = "" if raw == NULL else segment.separators.unescaped(raw).strip()
        if text:
            yield text


def _number(obx: Segment, value: str) -> float | None:
    """Of NM, and of SN where it is one number without comparison (`>100` and `1:128` are none)."""
    kind = obx.text(2)
    if kind == "SN":
        plain = obx.text(5) in ("", "=") and not obx.text(5, 0, 3)
        return number(obx.text(5, 0, 2)) if plain and len(obx.repetitions(5)) == 1 else None
    return number(value) if kind in ("NM", "ST") else None


def _left(obx: Segment) -> list[tuple[str, str]]:
    found = list(left(obx, _USED))
    found += [(f"OBX-{n}", obx.field(n)) for n in (3, 6) if len(obx.components(n)) > 3]
    if obx.text(2) in _CODED:
        found.append(("OBX-5", obx.field(5)))
    if len(obx.components(16)) > 1:
        found.append(("OBX-16", obx.field(16)))
    if len(obx.repetitions(8)) > 1:
        found.append(("OBX-8", obx.field(8)))
    return found
