"""Code maps: a facility's own codes -> the national lists. Pure; Redis is asked by `stores`.

A map is of one facility (or of all, facility empty) and one system of codes: the name that the source gives with the
code (OBX-3.3), or, where it gives none, the list it can only be of: `drug`, `service`, `supply`, `department`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

import orjson

from runtime.clock import day_of

PREFIX: Final = b"codes:"
MAPS: Final = PREFIX + b"maps"
"""Set of all maps there are, `facility:system` each."""

ROOM: Final = 12_000
"""Bytes of mapped codes in one event, at most: the rest is mapped at query time."""

_LINES: Final[Mapping[str, tuple[str, tuple[tuple[str, str, str], ...]]]] = {
    # kind -> (array, (code field, system field, else this system) ...)
    "observation": ("results", (("test_code", "test_system", ""), ("alternate_code", "alternate_system", ""))),
    "prescription": ("lines", (("drug_code", "", "drug"),)),
    "service": ("lines", (("service_code", "", "service"), ("supply_code", "", "supply"))),
}
_FIELDS: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "observation": (
        ("order_code", "order_system", ""),
        ("order_alternate_code", "order_alternate_system", ""),
    ),
    "imaging": (("procedure_code", "procedure_system", ""),),
}
_DEPARTMENTS: Final = frozenset({"encounter", "discharge"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a map, valid from `valid_from` to `valid_to` (both included)."""

    facility: str
    system: str
    local_code: str
    national_system: str
    national_code: str
    valid_from: date
    valid_to: date
    rule_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A code of an event that may be mapped."""

    place: str
    system: str
    code: str


def key(facility: str, system: str) -> bytes:
    """The Redis hash of a map."""
    return PREFIX + name(facility, system)


def name(facility: str, system: str) -> bytes:
    """What stands for a map in the set of maps."""
    return f"{facility}:{system}".encode("utf-8", "surrogatepass")


def pack(rows: Sequence[Row]) -> bytes:
    """The value of one local code: all its rows."""
    return orjson.dumps(
        [
            [
                day_of(row.valid_from),
                day_of(row.valid_to),
                row.national_system,
                row.national_code,
                row.rule_id,
                row.version,
            ]
            for row in rows
        ]
    )


def wanted(event: Mapping[str, Any], maps: Collection[bytes]) -> list[Wanted]:
    """The codes of an event for which there is a map. Costs nothing where a facility has none."""
    if not maps:
        return []
    facility = event["facility"]
    there: dict[str, bool] = {}

    def mapped(system: str) -> bool:
        known = there.get(system)
        if known is None:
            known = there[system] = name(facility, system) in maps or name("", system) in maps
        return known

    return [found for found in _codes(event) if found.system and found.code and mapped(found.system)]


def _codes(event: Mapping[str, Any]) -> Iterator[Wanted]:
    kind = event["kind"]
    for field, system, otherwise in _FIELDS.get(kind, ()):
        yield Wanted(field, (event[system] if system else None) or otherwise, event[field] or "")
    array, fields = _LINES.get(kind, ("", ()))
    for number, line in enumerate(event[array] if array else (), 1):
        for field, system, otherwise in fields:
            code = line[field]
            if code:
                yield Wanted(f"{array}[{number}].{field}", (line[system] if system else None) or otherwise, code)
    if kind in _DEPARTMENTS:
        for number, code in enumerate(event["departments"], 1):
            yield Wanted(f"departments[{number}]", "department", code)


@lru_cache(maxsize=50_000)
def _rows(packed: bytes) -> list[list[Any]]:
    rows: list[list[Any]] = orjson.loads(packed)
    return sorted(rows, key=lambda row: (row[0], row[5]), reverse=True)


def choose(packed: bytes | None, day: int) -> tuple[str, str, str] | None:
    """(national system, code, rule) in force on a day: the row that began last, the highest version of those."""
    if packed is None:
        return None
    return next(((row[2], row[3], row[4]) for row in _rows(packed) if row[0] <= day <= row[1]), None)


def mapped(
    facility: str, asked: Sequence[Wanted], found: Mapping[tuple[bytes, bytes], bytes | None], day: int
) -> list[dict[str, str]]:
    """`mapped_codes` of an event; the facility's own map comes before the city's. `found` is by (map, local code)."""
    made: list[dict[str, str]] = []
    room = ROOM
    for one in asked:
        code = one.code.encode("utf-8", "surrogatepass")
        for owner in (facility, ""):
            chosen = choose(found.get((key(owner, one.system), code)), day)
            if chosen is not None:
                row = dict(zip(("place", "system", "code", "rule"), (one.place, *chosen), strict=True))
                room -= sum(len(text.encode()) + 2 for text in row.values())
                if room < 0:
                    return made
                made.append(row)
                break
    return made


def asked_of(facility: str, wanted_: Sequence[Wanted], maps: Collection[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """(map, local code) to look up."""
    for one in wanted_:
        code = one.code.encode("utf-8", "surrogatepass")
        for owner in (facility, ""):
            if name(owner, one.system) in maps:
                yield key(owner, one.system), code
