"""A mapping and a heading -> a plan: what to do with each cell of a row. Built once a file; `translate` runs it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from producers.history_csv import values
from producers.history_csv.mapping import Cell, Cells, Mapping, MappingError, load
from producers.history_csv.values import Bad, Convert
from schemas.fields import Field
from schemas.kinds import KINDS

Take = Callable[[Sequence[str]], Any]
"""A row's cells -> the value, None where it is empty; Bad or Unknown where it is none."""


class Unknown(Bad):
    """A code that the mapping's table does not have."""


class Missing(Exception):
    """Columns that the mapping asks for and the file does not have."""

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__(", ".join(columns))
        self.columns = columns


@dataclass(frozen=True, slots=True)
class Step:
    """One field: its name, the column to name where its value is bad, how it is taken, whether a constant."""

    name: str
    column: str
    take: Take = field(repr=False)
    constant: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of a row. Numbers are offsets of cells."""

    mapping: Mapping
    width: int
    document: tuple[int, ...]
    visit: int | None
    patient: int | None
    facility: int | None
    nulls: frozenset[str]
    header: tuple[Step, ...]
    body: tuple[Step, ...]
    lines: tuple[tuple[str, tuple[Step, ...], bool], ...]
    """List, its steps, whether a line needs a number."""
    identity: tuple[Step, ...]
    narrative: tuple[Step, ...]
    extra: tuple[tuple[int, str], ...]
    """Columns that nobody asked for: sealed, and counted as unmapped."""


@lru_cache(maxsize=64)
def ready(path: Path) -> Mapping:
    """The mapping of a file, read once a process, its constants tried. MappingError with every mistake."""
    return checked(load(path))


def checked(mapping: Mapping) -> Mapping:
    try:
        plan(mapping, mapping.used())
    except Bad:
        raise MappingError("a constant is not of the type of its field") from None
    return mapping


def plan(mapping: Mapping, heading: Sequence[str]) -> Plan:
    """Raises Missing with every column that is not there (or stands there twice)."""
    names = [name.strip() for name in heading]
    while names and not names[-1]:
        names.pop()
    places = {name: at for at, name in enumerate(names)}
    wrong = [name for name in mapping.used() if names.count(name) != 1]
    if wrong:
        raise Missing(wrong)

    def place(name: str | None) -> int | None:
        return None if name is None else places[name]

    maker = _Maker(mapping, places)
    table = {one.name: one for one in KINDS[mapping.kind]}
    used = {*mapping.used(), *mapping.ignored}
    return Plan(
        mapping,
        len(names),
        tuple(places[name] for name in mapping.document),
        place(mapping.visit),
        place(mapping.patient),
        place(mapping.facility),
        frozenset(mapping.nulls),
        tuple(maker.header()),
        maker.steps(mapping.fields, table),
        tuple((name, maker.steps(cells, _inner(table[name])), "line" in _inner(table[name]) and "line" not in cells) for name, cells in mapping.lines.items()),
        tuple(maker.identity()),
        maker.steps(mapping.narrative, {}),
        tuple((at, name) for name, at in places.items() if name not in used),
    )  # fmt: skip


def _inner(record: Field) -> dict[str, Field]:
    return {line.name: line for line in record.lines}


class _Maker:
    def __init__(self, mapping: Mapping, places: dict[str, int]) -> None:
        self._mapping, self._places = mapping, places
        self._comma = mapping.decimal == ","
        self._nulls = frozenset(mapping.nulls)

    def steps(self, cells: Cells, table: dict[str, Field]) -> tuple[Step, ...]:
        return tuple(
            self._step(name, cell, table[name].type if name in table else "string") for name, cell in cells.items()
        )

    def header(self) -> list[Step]:
        mapping = self._mapping
        times = {
            "occurred_at": mapping.occurred_at,
            "recorded_at": mapping.recorded_at,
            "corrected_at": mapping.corrected_at,
        }
        found = [self._step(name, cell, "millis") for name, cell in times.items() if cell is not None]
        texts = {"status": mapping.status, "sensitivity": mapping.sensitivity}
        return found + [self._step(name, cell, "string") for name, cell in texts.items() if cell is not None]

    def identity(self) -> list[Step]:
        return [
            self._step(name, cell, "birth" if name == "birth" else "string")
            for name, cell in self._mapping.identity.items()
        ]

    def _step(self, name: str, cell: Cell, kind: str) -> Step:
        convert = self._convert(kind, cell)
        if cell.codes:
            convert = _coded(cell, convert)
        if kind == "strings":
            convert = _several(cell.split, convert)
        if cell.constant is not None:
            value = convert(cell.constant)
            return Step(name, name, lambda _: value, constant=True)
        offsets = [self._places[column] for column in cell.sources]
        return Step(name, cell.sources[0], self._take(offsets, convert))

    def _convert(self, kind: str, cell: Cell) -> Convert:
        if kind in ("millis", "date", "birth"):
            read = values.moments(cell.dates or self._mapping.dates)
            return {"millis": values.millis, "date": values.day, "birth": values.yyyymmdd}[kind](read)
        made: dict[str, Convert] = {
            "int": values.whole(32, self._comma),
            "long": values.whole(64, self._comma),
            "double": values.double(self._comma),
            "thousandths": values.thousandths(self._comma),
            "bool": values.boolean,
        }
        return made.get(kind, values.text)

    def _take(self, offsets: list[int], convert: Convert) -> Take:
        nulls = self._nulls
        if len(offsets) == 1:
            (at,) = offsets

            def take_one(cells: Sequence[str]) -> Any:
                text = cells[at].strip()
                return convert(text) if text and text not in nulls else None

            return take_one

        def take_several(cells: Sequence[str]) -> Any:
            texts = [text for at in offsets if (text := cells[at].strip()) and text not in nulls]
            return convert(" ".join(texts)) if texts else None

        return take_several


def _several(sign: str | None, convert: Convert) -> Convert:
    if sign is None:
        return lambda text: [convert(text)]
    return lambda text: [convert(piece) for part in text.split(sign) if (piece := part.strip())]


def _coded(cell: Cell, convert: Convert) -> Convert:
    codes, otherwise = cell.codes, cell.otherwise

    def coded(text: str) -> Any:
        found = codes.get(text)
        if found is not None:
            return convert(found)
        if otherwise == "refuse":
            raise Unknown
        return convert(text) if otherwise == "keep" else None

    return coded
