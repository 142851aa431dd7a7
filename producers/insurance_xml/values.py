"""The value forms of the insurance XML (QĐ 130/4750/3176, general notes): text -> value. Pure; None for what is no value.

Times are given without a zone and mean Asia/Ho_Chi_Minh, +07:00 the year round since 1975.
"""

import math
import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final, Literal

Precision = Literal["day", "minute", "second"]

_EPOCH: Final = datetime(1970, 1, 1) + timedelta(hours=7)  # noqa: DTZ001 - local time, the zone is in the difference
_DIGITS: Final = frozenset((8, 12, 14))
_PLAIN: Final = re.compile(r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})\Z", re.ASCII)
_COMMA: Final = re.compile(r"([+-]?\d{1,30}),(\d{1,30})\Z", re.ASCII)
_INTEGER: Final = re.compile(r"[+-]?\d{1,19}\Z", re.ASCII)
_INT64: Final = 1 << 63
_WIDE: Final = Context(prec=80, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Birth:
    """A birth date as far as it is known. `date` is `YYYYMMDD`, None where only the year (and month) are."""

    year: int
    date: str | None = field(default=None, repr=False)


def datetime12(text: str) -> tuple[int, Precision] | None:
    """`yyyymmddHHMM` (also `yyyymmdd`, `yyyymmddHHMMSS`) -> (epoch milliseconds UTC, how fine it was written).

    A date is its local midnight. The hour 24 and the second 60 are no times here.
    """
    text = text.strip()
    if len(text) not in _DIGITS or not (text.isascii() and text.isdigit()):
        return None
    hour, minute, second = int(text[8:10] or 0), int(text[10:12] or 0), int(text[12:14] or 0)
    try:
        local = datetime(int(text[:4]), int(text[4:6]), int(text[6:8]), hour, minute, second)  # noqa: DTZ001
    except ValueError:
        return None
    since = local - _EPOCH
    precision: Precision = "day" if len(text) == 8 else "minute" if len(text) == 12 else "second"
    return (since.days * 86_400 + since.seconds) * 1000, precision


def birth(text: str) -> Birth | None:
    """NGAY_SINH: `yyyymmddHHMM` with `0000` for an unknown hour and for an unknown day and month; also `yyyymmdd`, `yyyy`.

    An impossible day or month is no date at all; a month whose day is unknown (`yyyymm00`) keeps only the year.
    """
    text = text.strip()
    if len(text) not in (4, 6, 8, 12, 14) or not (text.isascii() and text.isdigit()):
        return None
    year, month, day = int(text[:4]), int(text[4:6] or 0), int(text[6:8] or 0)
    if year == 0 or (month == 0 and day != 0) or month > 12:
        return None
    if day == 0:
        return Birth(year)
    try:
        date(year, month, day)
    except ValueError:
        return None
    return Birth(year, text[:8])


def thousandths(text: str) -> int | None:
    """A quantity or an amount -> thousandths of its unit, half up (away from zero), within int64.

    The mark is a dot. A comma is one only where it cannot part thousands: `0,125` and `12,5` are read, `1,250` is not.
    """
    number_text = _with_dot(text.strip())
    if number_text is None:
        return None
    scaled = int((Decimal(number_text) * 1000).to_integral_value(ROUND_HALF_UP, _WIDE))
    return scaled if -_INT64 <= scaled < _INT64 else None


def number(text: str) -> float | None:
    """A laboratory value that is a plain number, such as `5.4` or `1,2`; None for `<0.01`, `Âm tính`, `1/80`, `1,250`."""
    number_text = _with_dot(text.strip())
    value = float(number_text) if number_text is not None else math.nan
    return value if math.isfinite(value) else None


def integer(text: str) -> int | None:
    """A whole number of int64. Codes are no numbers: `01` keeps its zero only as text."""
    text = text.strip()
    value = int(text) if _INTEGER.match(text) else None
    return value if value is not None and -_INT64 <= value < _INT64 else None


def multi(text: str) -> tuple[str, ...]:
    """The values of a `;` list, trimmed, without empty ones. Use `multi_aligned` where positions correspond."""
    return tuple(value for value in multi_aligned(text) if value)


def multi_aligned(text: str) -> tuple[str, ...]:
    """As `multi`, keeping empty places: MA_THE_BHYT, MA_DKBD, GT_THE_TU and GT_THE_DEN correspond by position."""
    return tuple(value.strip() for value in text.split(";")) if text.strip() else ()


def _with_dot(text: str) -> str | None:
    """The number with a dot, None where it is none or may be read in two ways.

    Three digits after the only comma may be thousands, unless nothing but zero stands before it.
    """
    if _PLAIN.match(text):
        return text
    parts = _COMMA.match(text)
    if parts is None:
        return None
    whole, fraction = parts[1], parts[2]
    if len(fraction) == 3 and whole.lstrip("+-").strip("0"):
        return None
    return f"{whole}.{fraction}"
