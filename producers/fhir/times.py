"""date, dateTime and instant (R4 2.24.0.1) -> epoch milliseconds UTC, as finely as it was said.

A date has no zone: it is its midnight in Hanoi. A year or a month alone is no moment.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from runtime.clock import HANOI

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_DATE: Final = 10


def millis(text: Any) -> int | None:
    """None where there is no text, or no day in it."""
    if not isinstance(text, str) or len(text) < _DATE:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        if text[17:19] != "60":  # a leap second is told as the one before it
            return None
        return millis(f"{text[:17]}59{text[19:]}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=HANOI)
    return (moment - _EPOCH) // _MILLISECOND


def to_the_second(text: Any) -> int | None:
    """Only of a time of day: a date cannot tell which of two corrections came later."""
    return millis(text) if isinstance(text, str) and len(text) > _DATE else None


def start(period: Any) -> int | None:
    return millis(period.get("start")) if period else None


def end(period: Any) -> int | None:
    return millis(period.get("end")) if period else None


def compact(text: Any) -> str | None:
    """`1990-05-02` -> `19900502`; of `1990-05` and `1990` only the year is kept, as for births elsewhere."""
    if not isinstance(text, str) or not text[:4].isdigit():
        return None
    return text[:_DATE].replace("-", "") if len(text) >= _DATE else text[:4]
