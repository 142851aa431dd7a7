"""Rules that mend a rejected message, from a file: in its own bytes, and in the documents that it says. Pure.

    source:
      - {replace: "|2.9.1|", with: "|2.5|"}
    rules:
      - {kinds: [encounter], field: main_diagnosis, replace: {J189: J18.9}}
      - {field: lines.drug_code, replace_from: codes.csv}
      - {field: identity.birth, default: "19800101"}
      - {field: narrative.note, clear: true}

A field is one of the field table (lines by name), `identity.X`, `narrative.X`, `occurred_at`, `recorded_at` or `status`.
Numbers that name a document, its visit or its patient are not mended here: they decide which document it is.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from producers.adapter import Document
from producers.replay_values import Wrong, value_of
from schemas.fields import Field as Row
from schemas.fields import walk
from schemas.kinds import KINDS
from schemas.sealed import IDENTITY

MOST_BYTES: Final = 4 << 20
"""Of a file of rules, or of codes."""
MOST_CODES: Final = 100_000
_NAMES: Final = ("patient_number", "visit_number")
_HEADER: Final = {
    "occurred_at": Row("occurred_at", "millis", "", ""),
    "recorded_at": Row("recorded_at", "millis", "", ""),
    "status": Row("status", "code", "", ""),
}
_STATUSES: Final = ("active", "cancelled", "entered_in_error")
_TEXT: Final = Row("text", "string", "", "")


class MendError(ValueError):
    """The file of rules is wrong; says where, never a value."""


class _Source(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    find: str = Field(alias="replace", min_length=1, max_length=10_000)
    put: str = Field(alias="with", max_length=10_000)


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid")

    field: str = Field(min_length=1, max_length=200)
    kinds: list[str] = Field(default_factory=lambda: list(KINDS), min_length=1)
    default: Any = None
    replace: dict[Any, Any] | None = None
    replace_from: str | None = None
    clear: bool = False

    @model_validator(mode="after")
    def _one_thing(self) -> "_Rule":
        asked = [self.default is not None, self.replace is not None, self.replace_from is not None, self.clear]
        if sum(asked) != 1:
            raise ValueError("one of default, replace, replace_from, clear")
        if unknown := sorted(set(self.kinds) - set(KINDS)):
            raise ValueError(f"kinds are of {', '.join(KINDS)}; not {', '.join(unknown)}")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    source: list[_Source] = Field(default_factory=list, max_length=100)
    rules: list[_Rule] = Field(default_factory=list, max_length=1_000)


Change = Callable[[Any], Any]
"""The value as it stands -> as it shall stand."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, ready: `change` of the value at `path` in documents of these kinds."""

    kinds: frozenset[str]
    path: tuple[str, ...]
    change: Change = field(repr=False)

    def __call__(self, document: Document) -> Document:
        """The document, mended; the same object where the rule changes nothing."""
        if document.kind not in self.kinds:
            return document
        first, *rest = self.path
        if first in _HEADER:
            now = self.change(getattr(document, first))
            return document if now == getattr(document, first) else replace(document, **{first: now})
        if first in ("identity", "narrative"):
            held: Mapping[str, Any] = getattr(document, first)
            made = _changed(held, [".".join(rest)], self.change)
            if first == "narrative":
                made = {name: text for name, text in made.items() if text is not None}
            changed: dict[str, Any] = {first: made}
            return document if made == held else replace(document, **changed)
        made = _changed(document.body, list(self.path), self.change)
        return document if made == document.body else replace(document, body=made)


def _changed(held: Mapping[str, Any], path: list[str], change: Change) -> dict[str, Any]:
    """A copy with the value at `path` changed; in each line, where the path leads through lines."""
    name, *rest = path
    value = held.get(name)
    made = dict(held)
    if rest:
        if value:
            made[name] = [_changed(line, rest, change) for line in value]
    else:
        now = change(value)
        if now is not None or name in held:
            made[name] = now
    return made


@dataclass(frozen=True, slots=True)
class Mend:
    """What a file of rules asks."""

    source: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)
    rules: tuple[Rule, ...] = field(default=(), repr=False)

    def bytes_of(self, raw: bytes) -> bytes:
        """A message's own bytes, mended."""
        for find, put in self.source:
            raw = raw.replace(find, put)
        return raw

    def document(self, document: Document) -> tuple[Document, tuple[int, ...]]:
        """The document, mended, and which rules changed it (from 0)."""
        used = []
        for at, rule in enumerate(self.rules):
            made = rule(document)
            if made is not document:
                used.append(at)
            document = made
        return document, tuple(used)


NOTHING: Final = Mend()


def load(path: Path) -> Mend:
    """The rules of a file, or MendError with every mistake. Files that it names are read beside it."""
    try:
        read = yaml.safe_load(_bounded(path).decode())
        made = _File.model_validate(read if read is not None else {})
    except OSError as error:
        raise MendError(f"cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise MendError("not YAML in UTF-8") from None
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise MendError("; ".join(lines)) from None
    rules = tuple(_ready(rule, at, path.parent) for at, rule in enumerate(made.rules, 1))
    return Mend(tuple((one.find.encode(), one.put.encode()) for one in made.source), rules)


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        body = file.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise MendError(f"{path.name}: more than {MOST_BYTES} bytes")
    return body


def _ready(rule: _Rule, at: int, folder: Path) -> Rule:
    place = f"rules.{at}"
    row, path, kinds = _row(rule, place)
    try:
        return Rule(frozenset(kinds), path, _change(rule, row, folder))
    except Wrong as error:
        raise MendError(f"{place}: {error}") from None


def _row(rule: _Rule, place: str) -> tuple[Row, tuple[str, ...], Iterable[str]]:
    """The field table's row of the field, its path, and the kinds that have it."""
    first, _, rest = rule.field.partition(".")
    if rule.field in _HEADER:
        return _HEADER[rule.field], (rule.field,), rule.kinds
    if (first == "identity" and rest in set(IDENTITY) - set(_NAMES)) or (first == "narrative" and rest):
        return _TEXT, (first, rest), rule.kinds
    found = {
        kind: row
        for kind in rule.kinds
        for path, row in walk(KINDS[kind])
        if path == rule.field and not row.sealed and row.type != "record"
    }
    row = next(iter(found.values()), None)
    if row is None:
        raise MendError(f"{place}: {rule.field}: no such field (a sealed one is narrative.X or identity.X)")
    if len({each.type for each in found.values()}) > 1:
        raise MendError(f"{place}: {rule.field}: of several types, name the kind")
    if lacking := sorted(set(rule.kinds) - set(found)) if "kinds" in rule.model_fields_set else []:
        raise MendError(f"{place}: {rule.field}: not a field of {', '.join(lacking)}")
    return row, tuple(rule.field.split(".")), found


def _change(rule: _Rule, row: Row, folder: Path) -> Change:
    if rule.clear:
        if row.name == "status":
            raise Wrong("a document has a status")
        return lambda _value: [] if row.type == "strings" else None
    if rule.default is not None:
        stands = _allowed(row, value_of(row, rule.default))
        return lambda value: value if value not in (None, "", []) else stands
    pairs = rule.replace if rule.replace is not None else dict(_codes(folder, str(rule.replace_from)))
    known = {_one(row, old): _allowed(row, _one(row, new)) for old, new in pairs.items()}
    if row.type == "strings":
        return lambda value: [known.get(each, each) for each in value] if value else value
    return lambda value: known.get(value, value)


def _one(row: Row, said: Any) -> Any:
    """A single value: for a list of texts one of them."""
    return value_of(_TEXT if row.type == "strings" else row, said)


def _allowed(row: Row, value: Any) -> Any:
    if row is _HEADER["status"] and value not in _STATUSES:
        raise Wrong(f"status is one of {', '.join(_STATUSES)}")
    return value


def _codes(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    """Old and new code, the first two columns of a CSV file in UTF-8 without a heading."""
    if Path(name).name != name:
        raise Wrong("replace_from is the name of a file beside this one")
    try:
        text = _bounded(folder / name).decode("utf-8-sig")
    except OSError as error:
        raise Wrong(f"{name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Wrong(f"{name} is not UTF-8") from None
    for number, cells in enumerate(csv.reader(text.splitlines()), 1):
        if len(cells) < 2 or number > MOST_CODES:
            raise Wrong(f"{name}: line {number}: two columns, at most {MOST_CODES} lines")
        yield cells[0], cells[1]
