"""A cell's text -> the value of a field, by the field's type. Pure; `Bad` for what is no such value."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

from runtime.clock import HANOI, day_of

Convert = Callable[[str], Any]


class Bad(Exception):
    """The text is not a value of its field. Says nothing of it."""


_YEARS: Final = range(1900, 2200)
"""What the store's time columns hold."""
_MS: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONG: Final = 1 << 63
_INT: Final = 1 << 31
_WHOLE: Final = re.compile(r"[+-]?\d{1,18}(?:\.0{1,9})?", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,3})?", re.ASCII)
_TRUE: Final = frozenset(("1", "true", "t", "yes", "y", "x", "có"))
_FALSE: Final = frozenset(("0", "false", "f", "no", "n", "không"))
_DIRECTIVES: Final = {
    "%Y": r"(?P<Y>\d{4})", "%y": r"(?P<y>\d{2})", "%m": r"(?P<m>\d{1,2})", "%d": r"(?P<d>\d{1,2})",
    "%H": r"(?P<H>\d{1,2})", "%I": r"(?P<H>\d{1,2})", "%M": r"(?P<M>\d{1,2})", "%S": r"(?P<S>\d{1,2})",
    "%f": r"(?P<f>\d{1,9})", "%p": r"(?P<p>AM|PM|SA|CH)", "%%": "%",
}  # fmt: skip
"""Of strptime. SA and CH are the Vietnamese AM and PM."""


def moments(formats: list[str]) -> Callable[[str], datetime]:
    """A reader of times that tries the formats in order; without a zone they are Hanoi's. `iso` is ISO 8601."""
    readers = [_iso if name == "iso" else _by_format(name) for name in formats]

    def read(text: str) -> datetime:
        for reader in readers:
            try:
                found = reader(text)
            except ValueError:
                continue
            if found is not None and found.year in _YEARS:
                return found
        raise Bad

    return read


def _iso(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=HANOI)


@lru_cache(maxsize=64)
def _by_format(name: str) -> Callable[[str], datetime | None]:
    """ValueError for a format that is none."""
    pattern = "".join(_piece(piece) for piece in re.findall(r"%.|[^%]+|%", name))
    compiled = re.compile(pattern, re.ASCII | re.IGNORECASE)
    twelve = "%I" in name

    def read(text: str) -> datetime | None:
        match = compiled.fullmatch(text)
        if match is None:
            return None
        found = match.groupdict()
        year = int(found["Y"]) if "Y" in found else _century(int(found.get("y") or 0))
        hour = int(found.get("H") or 0)
        if twelve:
            hour = hour % 12 + (12 if (found.get("p") or "").upper() in ("PM", "CH") else 0)
        micro = int((found.get("f") or "0")[:6].ljust(6, "0"))
        return datetime(
            year,
            int(found.get("m") or 1),
            int(found.get("d") or 1),
            hour,
            int(found.get("M") or 0),
            int(found.get("S") or 0),
            micro,
            HANOI,
        )

    return read


def _piece(piece: str) -> str:
    if piece.startswith("%"):
        if piece not in _DIRECTIVES:
            raise ValueError(f"{piece} is not a directive of a date format")
        return _DIRECTIVES[piece]
    return re.escape(piece)


def _century(two: int) -> int:
    """As POSIX has it: 69 is 1969, 68 is 2068."""
    return two + (1900 if two >= 69 else 2000)


def millis(read: Callable[[str], datetime]) -> Convert:
    """Epoch milliseconds UTC."""

    @lru_cache(maxsize=4096)
    def convert(text: str) -> int:
        return (read(text) - _EPOCH) // _MS

    return convert


def day(read: Callable[[str], datetime]) -> Convert:
    """Days since 1970-01-01 of Hanoi's calendar."""
    return lambda text: day_of(_local(read(text)))


def yyyymmdd(read: Callable[[str], datetime]) -> Convert:
    """A birth date as the identity has it; a year alone stays one."""

    def convert(text: str) -> str:
        if len(text) == 4 and text.isascii() and text.isdigit():
            return text
        return f"{_local(read(text)):%Y%m%d}"

    return convert


def _local(moment: datetime) -> date:
    return moment.astimezone(HANOI).date()


def whole(bits: int, comma: bool) -> Convert:
    bound = _INT if bits == 32 else _LONG

    def convert(text: str) -> int:
        text = _point(text, comma)
        if _WHOLE.fullmatch(text) is None:
            raise Bad
        number = int(text.partition(".")[0])
        if not -bound <= number < bound:
            raise Bad
        return number

    return convert


def double(comma: bool) -> Convert:
    def convert(text: str) -> float:
        text = _point(text, comma)
        if _NUMBER.fullmatch(text) is None:
            raise Bad
        found = float(text)
        if found in (float("inf"), float("-inf")):
            raise Bad
        return found

    return convert


def thousandths(comma: bool) -> Convert:
    """Thousandths of the unit, half up (away from zero)."""

    def convert(text: str) -> int:
        text = _point(text, comma)
        before, _, after = text.partition(".")
        if (
            len(after) <= 3
            and before.isdigit()
            and (after.isdigit() or not after)
            and text.isascii()
            and len(before) < 15
        ):
            return int(before) * 1000 + int(after.ljust(3, "0"))
        if _NUMBER.fullmatch(text) is None:
            raise Bad
        try:
            number = int((Decimal(text) * 1000).to_integral_value(ROUND_HALF_UP))
        except InvalidOperation:
            raise Bad from None
        if not -_LONG <= number < _LONG:
            raise Bad
        return number

    return convert


def _point(text: str, comma: bool) -> str:
    return text.replace(".", "").replace(",", ".") if comma else text


def boolean(text: str) -> bool:
    lower = text.lower()
    if lower in _TRUE:
        return True
    if lower in _FALSE:
        return False
    raise Bad


def text(text: str) -> str:
    return text
