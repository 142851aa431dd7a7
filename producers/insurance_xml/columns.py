"""From rows to fields, driven by the field table: each field's `xml=` names its source, its type says how it is read.

Compiled once per table. What a row says and no field takes is not dropped: it is sealed in the narrative under
`extra.` and counted.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from producers.insurance_xml import values
from producers.insurance_xml.part import Row
from producers.insurance_xml.tables import FIELDS
from runtime.clock import local_day
from schemas.fields import Field

CODE_LENGTH: Final = 255
"""The longest clear text. No code of QĐ 3176 is longer; what is longer is prose, and prose is not for clear columns."""

MARK_UNREADABLE: Final = "M03"

_INT32: Final = 1 << 31
_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{0,39}\Z")


@dataclass(slots=True)
class Gathered:
    """What the rows of one document add beside its body.

    `narrative` is path -> text; in a path, lines count from 1. `unmapped` is `XML2.DU_PHONG` -> how often.
    """

    narrative: dict[str, str] = field(default_factory=dict, repr=False)
    unmapped: Counter[str] = field(default_factory=Counter)
    marks: set[str] = field(default_factory=set)


@lru_cache(maxsize=1 << 14)
def _millis(text: str) -> int | None:
    found = values.datetime12(text)
    return found[0] if found is not None else None


@lru_cache(maxsize=1 << 12)
def _date(text: str) -> int | None:
    """Days since 1970, of the local date (in the range of ClickHouse's Date)."""
    found = values.datetime12(text)
    days = local_day(found[0]) if found is not None else -1
    return days if 0 <= days < 1 << 16 else None


@lru_cache(maxsize=1 << 12)
def _int(text: str) -> int | None:
    """A whole number, also one written with decimals (`100.00`)."""
    value = values.integer(text)
    if value is None:
        scaled = values.thousandths(text)
        value = scaled // 1000 if scaled is not None and scaled % 1000 == 0 else None
    return value if value is not None and -_INT32 <= value < _INT32 else None


@lru_cache(maxsize=1 << 12)
def strings(text: str) -> list[str] | None:
    """The values of a `;` list in their places, without empty ones at its end; None where one is too long for a code."""
    found = list(values.multi_aligned(text)) if ";" in text else [text]
    while found and not found[-1]:
        found.pop()
    return found if all(len(value) <= CODE_LENGTH for value in found) else None


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "int": _int,
    "millis": _millis,
    "date": _date,
    "thousandths": lru_cache(maxsize=1 << 14)(values.thousandths),
    "strings": strings,
}
"""Clear types but for text. Their results are shared between documents and never changed."""

_ANY_LENGTH: Final = 1 << 62


def _seal(_: str) -> None:
    """Stands in a step for: into the narrative."""


def _skip(_: str) -> None:
    """Stands in a step for: not here."""


_Step = tuple[str, Callable[[str], Any] | None, int]
"""Name of the field, how its text is read (None: as it is), and its greatest length then."""

_ELSEWHERE: Final[_Step] = "elsewhere", _skip, 0
_NOWHERE: Final[_Step] = "", _skip, 0


def sources(field: Field) -> Iterator[tuple[str, str]]:
    """(table, field) of `xml="XML13.MA_CSKCB_DI, MA_NOI_DI"`; the table is "" where the field is of any."""
    table = ""
    for written in field.xml.split(","):
        named, _, name = written.strip().rpartition(".")
        table = named or table
        if name and name not in FIELDS:
            yield table, name


class Columns:
    """How a row of `table` fills a body, or a line of it.

    `elsewhere` are fields that somebody else takes; `like` is a table whose fields have the same names and meaning.
    """

    __slots__ = ("_more", "_numbers", "_plan", "rest", "table")

    def __init__(self, table: str, fields: Iterable[Field], elsewhere: Collection[str] = (), like: str = "") -> None:
        self.table: Final = table
        self._plan: dict[str, _Step] = dict.fromkeys(elsewhere, _ELSEWHERE)
        self._numbers: list[tuple[str, str]] = []
        self._more: list[tuple[str, str]] = []
        known, others = FIELDS[table], frozenset(elsewhere)
        for one in fields:
            names = [name for of, name in sources(one) if of in ("", table, like or table) and name in known]
            if names and one.type not in ("record", "bool") and not others.issuperset(names):
                self._add(one, names)
        self.rest: Final = tuple(sorted(known - self._plan.keys()))
        """Fields of the standard that nobody takes."""

    def _add(self, one: Field, names: list[str]) -> None:
        first, *others = names
        self._more += [(first, other) for other in others]
        if one.sealed:
            self._plan[first] = one.name, _seal, 0
        elif one.level == "masked":
            self._plan[first] = one.name, None, _ANY_LENGTH
        elif one.type == "double":
            self._numbers.append((one.name, first))
        elif one.type in ("string", "code"):
            self._plan[first] = one.name, None, CODE_LENGTH
        else:
            self._plan[first] = one.name, _READERS[one.type], 0

    def fill(self, row: Row, gathered: Gathered, prefix: str = "", repeated: Row | None = None) -> dict[str, Any]:
        """The fields the row fills; empty ones are left out.

        `prefix` begins the paths in the narrative (`lines[2].`). `repeated` is the XML1 row of the same HOSO: what an
        unmapped field only repeats from it is no loss.
        """
        body: dict[str, Any] = {}
        step_of = self._plan.get
        for source, text in (self._either(row) if self._more else row).items():
            if not text:
                continue
            name, read, length = step_of(source, _NOWHERE)
            if read is None:
                value = text if len(text) <= length else None
            elif read is _seal:
                gathered.narrative[prefix + name] = text
                continue
            elif read is not _skip:
                value = read(text)
            else:
                if not name:
                    self._left(source, text, gathered, prefix, repeated)
                continue
            if value is not None:
                body[name] = value
            else:
                gathered.marks.add(MARK_UNREADABLE)
                gathered.narrative[f"{prefix}extra.{source}"] = text
        for name, source in self._numbers:
            if (text := row.get(source, "")) and (number := values.number(text)) is not None:
                body[name] = number
        return body

    def _either(self, row: Row) -> Row:
        """A field with two spellings: the first that says something; another text in the second stays unmapped."""
        out: dict[str, str] | None = None
        for first, other in self._more:
            text = row.get(other)
            if text and (not row.get(first) or row[first] == text):
                out = dict(row) if out is None else out
                out[first] = text
                del out[other]
        return row if out is None else out

    def _left(self, source: str, text: str, gathered: Gathered, prefix: str, repeated: Row | None) -> None:
        if repeated is not None and repeated.get(source) == text:
            return
        gathered.narrative[f"{prefix}extra.{source}"] = text
        gathered.unmapped[f"{self.table}.{_named(source)}"] += 1


def keep_whole(table: str, rows: Iterable[Row], gathered: Gathered, prefix: str = "") -> None:
    """Seal rows that no field takes: `extra.XML9[1].HO_TEN_CON`. The standard's fields count by table."""
    for number, row in enumerate(rows, 1):
        gathered.unmapped[table] += 1
        for name, text in row.items():
            if text and name != "MA_LK":
                gathered.narrative[f"{prefix}extra.{table}[{number}].{name}"] = text


def _named(source: str) -> str:
    """A sender's own element name is counted under `?` unless it looks like one of the standard's."""
    return source if _NAME.match(source) else "?"
