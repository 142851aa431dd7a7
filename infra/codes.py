"""Code maps: read from a CSV, the local codes that have none, and what they may be. Pure but for the reading."""

# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from infra import tables
from stream_processors.codes import Row
from stream_processors.names import words

REQUIRED: Final = frozenset({"system", "local_code", "national_system", "national_code", "valid_from"})
OPTIONAL: Final = frozenset({"facility", "valid_to", "rule_id", "version"})
COLUMNS: Final = ("facility", "system", "local_code", "national_code", "valid_from", "valid_to", "rule_id", "version")
"""Of the table `code_maps`."""
FOREVER: Final = date(2149, 6, 6)
"""The last day of ClickHouse's `Date`."""
_LONGEST: Final = 255


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row left out."""

    row: int
    column: str


def read(path: Path, version: int) -> Iterator[Row | Wrong]:
    """The rows of a map. `version` is of rows that give none: a later import wins. Raises tables.WrongTable."""
    for number, row in tables.read(path, REQUIRED, OPTIONAL):
        yield _row(number, {name: text.strip() for name, text in row.items()}, version)


def _row(number: int, row: Mapping[str, str], version: int) -> Row | Wrong:
    for name in ("local_code", "system", "national_system", "national_code"):
        if not 0 < len(row[name]) <= _LONGEST:
            return Wrong(number, name)
    facility = row.get("facility", "")
    if facility and not (len(facility) == 5 and facility.isascii() and facility.isalnum()):
        return Wrong(number, "facility")
    said = row.get("version") or str(version)
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        return Wrong(number, "version")
    since, until = _day(row["valid_from"]), _day(row.get("valid_to") or FOREVER.isoformat())
    if since is None:
        return Wrong(number, "valid_from")
    if until is None or until < since:
        return Wrong(number, "valid_to")
    rule = row.get("rule_id") or "import"
    return Row(facility, row["system"], row["local_code"], row["national_system"], row["national_code"], since,
               until, rule[:_LONGEST], int(said))  # fmt: skip


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(1970, 1, 1) <= day <= FOREVER else None


def stored(row: Row) -> list[Any]:
    """A row for `code_maps`."""
    return [getattr(row, name) for name in COLUMNS]


# What has no map

_NATIONAL_DEPARTMENT: Final = r"^K([0-5][0-9]|60|99)"
_SOURCES: Final[tuple[str, ...]] = (
    # Results: the view knows what is mapped, by the worker or at query time.
    "SELECT toString(facility) AS facility, ifNull(toString(test_system), '') AS system, "
    "ifNull(toString(test_code), '') AS local_code, ifNull(any(test_name), '') AS name, ifNull(any(toString(unit)), '') AS unit, "
    "count() AS seen FROM lab_tests WHERE national_code = '' AND local_code != '' GROUP BY facility, system, local_code",
    # Drugs, from sources that do not write the national list.
    "SELECT toString(facility), 'drug', ifNull(toString(l.drug_code), '') AS code, ifNull(any(l.drug_name), ''), "
    "ifNull(any(toString(l.unit)), ''), count() FROM prescriptions ARRAY JOIN lines AS l "
    "WHERE source_format != 'insurance_xml' AND code != '' AND (facility, code) NOT IN "
    "(SELECT facility, local_code FROM code_maps WHERE system = 'drug') GROUP BY facility, code",
    "SELECT toString(facility), 'department', d, '', '', count() FROM encounters ARRAY JOIN departments AS d "
    f"WHERE d != '' AND NOT match(d, '{_NATIONAL_DEPARTMENT}') AND (facility, d) NOT IN "
    "(SELECT facility, local_code FROM code_maps WHERE system = 'department') GROUP BY facility, d",
)

UNMAPPED: Final = (
    "SELECT * FROM (" + " UNION ALL ".join(_SOURCES) + ") WHERE {facility:String} IN ('', facility) "
    "ORDER BY seen DESC, facility, system, local_code LIMIT {limit:UInt32}"
)
"""(facility, system, local_code, name, unit, seen): most seen first."""

NAMED: Final = (
    "SELECT national_code, ifNull(any(test_name), '') AS name, ifNull(any(toString(unit)), '') AS unit, count() AS seen "
    "FROM lab_tests WHERE national_code != '' AND test_name != '' GROUP BY national_code, lowerUTF8(test_name)"
)
"""National test codes and the names they are seen under."""

NATIONAL_TESTS: Final = "QD1227"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A national code that a local one may be. `score` between 0 and 1: words in common, less for another unit."""

    facility: str
    system: str
    local_code: str
    national_code: str
    name: str
    national_name: str
    score: float
    seen: int


def suggest(
    unmapped: Iterable[Mapping[str, Any]], named: Iterable[Mapping[str, Any]], least: float
) -> Iterator[Suggestion]:
    """For each unmapped test the best national code by name; a person decides."""
    known = [(row, frozenset(words(row["name"]))) for row in named]
    for row in unmapped:
        own = frozenset(words(row["name"]))
        if row["system"] in ("drug", "department") or not own:
            continue
        best = max(((_score(row, own, other, said), other) for other, said in known), key=lambda p: p[0], default=None)
        if best is not None and best[0] >= least:
            score, other = best
            yield Suggestion(row["facility"], row["system"], row["local_code"], other["national_code"], row["name"],
                             other["name"], round(score, 3), row["seen"])  # fmt: skip


def _score(row: Mapping[str, Any], own: frozenset[str], other: Mapping[str, Any], said: frozenset[str]) -> float:
    common = len(own & said) / len(own | said)
    same_unit = not row["unit"] or not other["unit"] or row["unit"].lower() == other["unit"].lower()
    return common if same_unit else common * 0.5
