"""The mapping file: which column becomes which field. Checked whole before a row is read; every mistake is told at once.

See docs/adapters/history_csv.md for the form.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from producers.history_csv.text import ENCODINGS
from producers.history_csv.values import moments
from schemas.fields import Field as TableField
from schemas.kinds import KINDS
from schemas.sealed import IDENTITY


class MappingError(ValueError):
    """Every mistake of a mapping file, one line each."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cell(_Strict):
    """Where a value comes from: a column, several joined by a blank, or always the same."""

    column: str | None = None
    columns: list[str] = Field(default_factory=list)
    constant: str | None = None
    codes: dict[str, str] = Field(default_factory=dict, description="what is written -> our code")
    otherwise: Literal["refuse", "keep", "empty"] = Field("refuse", description="a value that `codes` does not have")
    dates: list[str] = Field(default_factory=list, description="formats of this column alone")
    split: str | None = Field(None, min_length=1, max_length=3, description="sign between several values")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        """`COLUMN` is short for `{column: COLUMN}`, `[A, B]` for `{columns: [A, B]}`."""
        if isinstance(value, str):
            return {"column": value}
        return {"columns": value} if isinstance(value, list) else value

    @model_validator(mode="after")
    def _one_source(self) -> "Cell":
        if (self.column is not None) + bool(self.columns) + (self.constant is not None) != 1:
            raise ValueError("one of column, columns, constant is needed")
        return self

    @property
    def sources(self) -> list[str]:
        return [self.column] if self.column is not None else self.columns


Cells = dict[str, Cell]


class Mapping(_Strict):
    """A mapping file."""

    kind: str
    encoding: str = "utf-8"
    delimiter: str = Field(",", min_length=1, max_length=1)
    quote: Annotated[str, Field(min_length=1, max_length=1)] | None = '"'
    columns: list[str] = Field(default_factory=list, description="the columns of a file without a heading")
    nulls: list[str] = Field(default_factory=lambda: ["NULL", "null", r"\N"])
    dates: list[str] = Field(default_factory=lambda: ["iso"], description="formats, tried in order")
    decimal: Literal[".", ","] = "."
    bad_values: Literal["refuse", "empty"] = Field("refuse", description="empty: the document is marked M03")

    document: list[str] = Field(min_length=1, description="columns that together name the document")
    visit: str | None = None
    patient: str | None = None
    facility: str | None = Field(None, description="column whose MACSKCB must be the feed's")
    occurred_at: Cell | None = None
    recorded_at: Cell | None = None
    corrected_at: Cell | None = Field(None, description="the document's last date, where a column says it")
    status: Cell | None = None
    sensitivity: Cell | None = None

    fields: Cells = Field(default_factory=dict)
    lines: dict[str, Cells] = Field(default_factory=dict, description="one line of a list: list -> its fields")
    identity: Cells = Field(default_factory=dict)
    narrative: Cells = Field(default_factory=dict)
    ignored: list[str] = Field(default_factory=list, description="columns that need not be kept")

    @model_validator(mode="after")
    def _names(self) -> "Mapping":
        wrong = [f"kind: one of {', '.join(KINDS)}"] if self.kind not in KINDS else list(self._wrong_names())
        if self.encoding not in ENCODINGS:
            wrong.append(f"encoding: one of {', '.join(ENCODINGS)}")
        wrong += [
            f"dates: {why}"
            for formats in (self.dates, *(c.dates for c in self.cells()))
            if (why := _bad_format(formats))
        ]
        wrong += [f"columns: {name} stands there twice" for name in sorted({n for n in self.columns if self.columns.count(n) > 1})]  # fmt: skip
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _wrong_names(self) -> "list[str]":
        table = {field.name: field for field in KINDS[self.kind]}
        wrong = [f"fields.{name}: {why}" for name in self.fields if (why := _why_not(table.get(name)))]
        for name, cells in self.lines.items():
            field = table.get(name)
            if field is None or field.type != "record":
                wrong.append(f"lines.{name}: no list of {self.kind}")
                continue
            inner = {line.name: line for line in field.lines}
            wrong += [f"lines.{name}.{n}: {why}" for n in cells if (why := _why_not(inner.get(n)))]
        wrong += [f"identity.{name}: one of {', '.join(IDENTITY)}" for name in self.identity if name not in IDENTITY]
        return wrong

    def cells(self) -> list[Cell]:
        header = (self.occurred_at, self.recorded_at, self.corrected_at, self.status, self.sensitivity)
        cells = [*self.fields.values(), *self.identity.values(), *self.narrative.values()]
        cells += [cell for inner in self.lines.values() for cell in inner.values()]
        return cells + [cell for cell in header if cell is not None]

    def used(self) -> list[str]:
        """Every column that is asked for, once."""
        sources = (name for cell in self.cells() for name in cell.sources)
        names = [*self.document, self.visit, self.patient, self.facility, *sources]
        return list(dict.fromkeys(name for name in names if name is not None))


def _bad_format(formats: list[str]) -> str:
    try:
        moments(formats)
    except ValueError as error:
        return str(error)
    return ""


def _why_not(field: TableField | None) -> str:
    if field is None:
        return "no such field"
    if field.sealed:
        return "is sealed: put it under narrative"
    return "is a list: put it under lines" if field.type == "record" else ""


def load(path: Path) -> Mapping:
    """The mapping of a file. MappingError with every mistake; OSError where it cannot be opened."""
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise MappingError("not YAML") from None
    return of(read)


def of(read: Any) -> Mapping:
    """The same of what was read already."""
    try:
        return Mapping.model_validate(read)
    except ValidationError as error:
        told = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors(include_input=False)]
        raise MappingError("\n".join(told)) from None
