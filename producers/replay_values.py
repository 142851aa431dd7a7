"""A value that a person writes into a file of rules -> as a document holds it. Pure."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from schemas.fields import Field

_HANOI: Final = ZoneInfo("Asia/Ho_Chi_Minh")
_EPOCH: Final = date(1970, 1, 1)


class Wrong(ValueError):
    """The value is not of the field's type; says which is wanted, not what was written."""


def value_of(row: Field, said: Any) -> Any:
    """Raises Wrong. Texts must be texts: YAML reads 01 as 1, so a code wants quotes."""
    made = _MAKERS[row.type](said)
    if made is None:
        raise Wrong(f"{row.name}: {_WANTED[row.type]}")
    return made


def _text(said: Any) -> str | None:
    return said if isinstance(said, str) else None


def _whole(said: Any) -> int | None:
    return said if isinstance(said, int) and not isinstance(said, bool) else None


def _double(said: Any) -> float | None:
    return float(said) if isinstance(said, int | float) and not isinstance(said, bool) else None


def _thousandths(said: Any) -> int | None:
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    try:
        scaled = Decimal(str(said)) * 1000
    except InvalidOperation:
        return None
    return int(scaled) if scaled.is_finite() and scaled == scaled.to_integral_value() else None


def _millis(said: Any) -> int | None:
    try:
        when = datetime.fromisoformat(said) if isinstance(said, str) else said
    except ValueError:
        return None
    if not isinstance(when, datetime):
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=_HANOI)
    return round(aware.astimezone(UTC).timestamp() * 1000)


def _date(said: Any) -> int | None:
    try:
        day = date.fromisoformat(said) if isinstance(said, str) else said
    except ValueError:
        return None
    return (day - _EPOCH).days if isinstance(day, date) and not isinstance(day, datetime) else None


def _strings(said: Any) -> list[str] | None:
    return list(said) if isinstance(said, list) and all(isinstance(each, str) for each in said) else None


_MAKERS: Final[dict[str, Callable[[Any], Any]]] = {
    "string": _text,
    "code": _text,
    "int": _whole,
    "long": _whole,
    "double": _double,
    "bool": lambda said: said if isinstance(said, bool) else None,
    "millis": _millis,
    "date": _date,
    "thousandths": _thousandths,
    "strings": _strings,
    "bytes": lambda _said: None,
    "record": lambda _said: None,
}
_WANTED: Final = {
    "string": "a text in quotes",
    "code": "a text in quotes",
    "int": "a whole number",
    "long": "a whole number",
    "double": "a number",
    "bool": "true or false",
    "millis": "a time such as 2026-11-23T08:30 (Hanoi where it names no zone)",
    "date": "a date such as 2026-11-23",
    "thousandths": "a number of at most three decimals",
    "strings": "a list of texts in quotes",
    "bytes": "cannot be written here",
    "record": "cannot be written here",
}
