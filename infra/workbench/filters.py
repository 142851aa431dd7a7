"""Which rejections are meant: by number, or by facility, reason, rule, stage, kind, state and time. Pure.

Values go to ClickHouse as parameters, never into the text of a query.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from schemas.numbers import PartNumber, parse

HANOI: Final = ZoneInfo("Asia/Ho_Chi_Minh")
_AGO: Final = re.compile(r"([0-9]{1,6})([mhd])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Filters:
    """Empty means all. `since` and `until` are of `rejected_at`, UTC; `numbers` names parts one by one."""

    facility: str = ""
    reason: str = ""
    rule: str = ""
    stage: str = ""
    kind: str = ""
    states: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    numbers: tuple[PartNumber, ...] = ()

    def where(self) -> tuple[str, Mapping[str, Any]]:
        """A condition on `rejected_parts` and its parameters."""
        terms, values = ["1"], dict[str, Any]()
        for name in ("facility", "reason", "stage", "kind"):
            if value := getattr(self, name):
                terms.append(f"{name} = {{{name}:String}}")
                values[name] = value
        if self.rule:
            terms.append("has(rules, {rule:String})")
            values["rule"] = self.rule
        if self.states:
            terms.append("state IN {states:Array(String)}")
            values["states"] = list(self.states)
        for name, sign in (("since", ">="), ("until", "<")):
            if (moment := getattr(self, name)) is not None:
                terms.append(f"rejected_at {sign} {{{name}:DateTime64(3, 'UTC')}}")
                values[name] = moment
        if self.numbers:
            terms.append("number IN {numbers:Array(String)}")
            values["numbers"] = [str(number) for number in self.numbers]
        return " AND ".join(terms), values


def moment(text: str, now: datetime) -> datetime:
    """`30m`, `2h`, `3d` ago, or an ISO date or time (Hanoi, where it names no zone), in UTC. ValueError for others."""
    try:
        ago = _AGO.fullmatch(text)
        if ago is not None:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        said = datetime.fromisoformat(text)
        return (said if said.tzinfo else said.replace(tzinfo=HANOI)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]}: 30m, 2h, 3d, or a date or time such as 2026-11-23T08:30") from None


def _utc(value: datetime) -> datetime:
    """ClickHouse's times come without a zone, and are UTC."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def local(value: datetime) -> str:
    """A time as people in Hanoi read it."""
    return _utc(value).astimezone(HANOI).strftime("%Y-%m-%d %H:%M:%S")


def millis(value: datetime) -> int:
    """Epoch milliseconds of a time of ClickHouse."""
    return round(_utc(value).timestamp() * 1000)


def numbers(texts: Sequence[str]) -> tuple[PartNumber, ...]:
    """Part numbers as people quote them. ValueError names the first text that is none."""
    found = []
    for text in texts:
        number = parse(text)
        if number is None:
            raise ValueError(f"{text[:100]}: a number is adapter_id/incarnation/sequence/part")
        found.append(number)
    return tuple(found)
