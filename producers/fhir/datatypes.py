"""FHIR's data types as text, codes and numbers. Total on what has passed the shapes; None for what is not there."""

import math
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Context
from decimal import Decimal as Exact
from typing import Any, Final

from producers.fhir.json_text import Decimal

Element = Mapping[str, Any]
NONE: Final[Element] = {}
LONGEST_CODE: Final = 100
"""A code stands in clear; what is longer is text in the wrong place and stays sealed."""
_INT64: Final = 1 << 63
_WIDE: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_FAR: Final = 40


def code(text: Any) -> str | None:
    """A code to stand in clear, None where there is none or it cannot be one."""
    return text if isinstance(text, str) and 0 < len(text) <= LONGEST_CODE else None


def coding(concept: Element | None, systems: Iterable[str] = ()) -> Element:
    """The coding of `systems` if there is one, else the user's own choice, else the first with a code."""
    codings = [c for c in (concept or NONE).get("coding", ()) if c.get("code")]
    for system in systems:
        for found in codings:
            if found.get("system") == system:
                return found  # type: ignore[no-any-return]
    return next((c for c in codings if c.get("userSelected")), codings[0] if codings else NONE)


def text_of(concept: Element | None) -> str | None:
    """What a person reads: the text, else the display of a coding."""
    if not concept:
        return None
    found = concept.get("text") or next((c["display"] for c in concept.get("coding", ()) if c.get("display")), None)
    return found if isinstance(found, str) else None


def texts(concepts: Iterable[Element]) -> str | None:
    return "; ".join(filter(None, (text_of(concept) or coding(concept).get("code") for concept in concepts))) or None


def notes(annotations: Iterable[Element]) -> str | None:
    return "\n".join(note["text"] for note in annotations if note.get("text")) or None


def number_text(value: Any) -> str | None:
    """A number as the sender wrote it (kept state holds it as text already)."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else None


def number(value: Any) -> float | None:
    """None where it is none, or beyond what a double holds."""
    text = number_text(value)
    try:
        found = float(text) if text is not None else math.nan
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def thousandths(value: Any) -> int | None:
    """A quantity in thousandths of its unit, half up, within int64."""
    text, near = number_text(value), number(value)
    if text is None or near is None or abs(near) > _INT64:
        return None
    exact = Exact(text)
    if exact.adjusted() < -_FAR:
        return 0
    scaled = int((exact * 1000).to_integral_value(ROUND_HALF_UP, _WIDE))
    return scaled if -_INT64 <= scaled < _INT64 else None


def unit(quantity: Element) -> str | None:
    return code(quantity.get("unit")) or code(quantity.get("code"))


def quantity_text(quantity: Element | None) -> str | None:
    """`<0.40`: comparator and number as written, without the unit."""
    value = number_text((quantity or NONE).get("value"))
    return f"{(quantity or NONE).get('comparator', '')}{value}" if value is not None else None


def with_unit(quantity: Element | None) -> str | None:
    value = quantity_text(quantity)
    if value is None or quantity is None:
        return None
    return f"{value} {quantity.get('unit') or quantity.get('code') or ''}".rstrip()


def range_text(low: Element | None, high: Element | None) -> str | None:
    """`3.5-5.1`, `>=3.5`, `<=5.1`."""
    bottom, top = quantity_text(low), quantity_text(high)
    if bottom is not None and top is not None:
        return f"{bottom}-{top}"
    return f">={bottom}" if bottom is not None else f"<={top}" if top is not None else None


def ratio_text(ratio: Element) -> str | None:
    """`1:128`."""
    above, below = quantity_text(ratio.get("numerator")), quantity_text(ratio.get("denominator"))
    return f"{above or ''}:{below or ''}" if above is not None or below is not None else None


def first(elements: Any) -> Element:
    return elements[0] if elements else NONE


def many(elements: Any) -> list[Any]:
    """Elements that are a list in one release and single in the other."""
    return elements if isinstance(elements, list) else [] if elements is None else [elements]
