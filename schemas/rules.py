"""The rules of quality as data: what each asks, of which documents, from when, and in Vietnamese and English what is
wrong and how to mend it. The rows are in `schemas/rulebook/*.yaml`; a row names a check (a function of
`stream_processors.checks`) and its parameters.

A `block` rule rejects the document; a `warn` rule lowers its quality and travels with it; a `shadow` rule is only
counted, so that a new rule can be watched before it speaks. A facility's group may have another mode.

What needs several documents is asked of the store, after they are in: there `block` can only warn.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final, Literal, get_args

import yaml

from schemas.kinds import KINDS

Mode = Literal["shadow", "warn", "block"]
Dimension = Literal["correct", "complete", "clean", "live"]
Scope = Literal["document", "visit", "person"]

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class RuleError(ValueError):
    """A row of the rule book is wrong; says which and what."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `since` and `until` (inclusive) are compared with the document's date: its end of visit, else when it
    happened. `each` names the array whose lines are asked one by one; `formats` empty means every source format;
    `always` rules are asked of cancelled documents too. A rule of scope `visit` sees all documents of a visit, one of
    scope `person` all visits of a person.
    """

    id: str
    dimension: Dimension
    mode: Mode
    kinds: tuple[str, ...]
    vi: str
    en: str
    mend_vi: str
    mend_en: str
    source: str
    owner: str
    check: str
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)
    scope: Scope = "document"
    each: str = ""
    formats: tuple[str, ...] = ()
    groups: Mapping[str, Mode] = field(default_factory=dict, hash=False)
    since: date = date.min
    until: date = date.max
    always: bool = False

    def mode_of(self, group: str) -> Mode:
        """Its mode for a group of facilities."""
        return self.groups.get(group, self.mode)


_NAMES: Final = {"with": "parameters", "from": "since", "to": "until"}
_FIELDS: Final = frozenset(Rule.__slots__)


def _kinds(said: Any) -> tuple[str, ...]:
    return tuple(KINDS) if said == "all" else tuple(said)


def _row(raw: Mapping[str, Any]) -> Rule:
    """A Rule of a row as it is written in the file. RuleError names the row."""
    name = str(raw.get("id", "a row without an id"))
    given = {_NAMES.get(key, key): value for key, value in raw.items()}
    wrong = sorted(set(given) - _FIELDS)
    if wrong:
        raise RuleError(f"{name}: unknown {', '.join(wrong)}")
    given["kinds"] = _kinds(given.get("kinds", ()))
    given["formats"] = tuple(given.get("formats", ()))
    try:
        rule = Rule(**given)
    except TypeError as error:
        raise RuleError(f"{name}: {str(error).removeprefix('Rule.__init__() ')}") from None
    fault = _fault(rule)
    if fault:
        raise RuleError(f"{name}: {fault}")
    return rule


def _fault(rule: Rule) -> str:
    if rule.dimension not in get_args(Dimension):
        return f"dimension is one of {', '.join(get_args(Dimension))}"
    if any(mode not in get_args(Mode) for mode in (rule.mode, *rule.groups.values())):
        return f"mode is one of {', '.join(get_args(Mode))}"
    if rule.scope not in get_args(Scope):
        return f"scope is one of {', '.join(get_args(Scope))}"
    if not rule.kinds or set(rule.kinds) - set(KINDS):
        return f"kinds are of {', '.join(KINDS)}"
    if not all(text.strip() for text in (rule.vi, rule.en, rule.mend_vi, rule.mend_en, rule.source, rule.owner)):
        return "vi, en, mend_vi, mend_en, source and owner are not empty"
    if rule.since > rule.until:
        return "`from` is after `to`"
    for kind in rule.kinds:
        if rule.each and not any(f.name == rule.each and f.type == "record" for f in KINDS[kind]):
            return f"{kind} has no lines `{rule.each}`"
    return ""


def parse(text: str) -> list[Rule]:
    """The rules of one file: `defaults`, and `rules` that may leave out what the defaults say. Raises RuleError."""
    try:
        read = yaml.load(text, _LOADER)  # noqa: S506 - a safe loader, in C where there is one
    except yaml.YAMLError as error:
        raise RuleError(f"not YAML: {error}") from None
    if not isinstance(read, dict) or not isinstance(read.get("rules"), list):
        raise RuleError("a mapping with a list `rules` is expected")
    defaults = read.get("defaults") or {}
    return [_row(defaults | row) for row in read["rules"]]


def book(rules: Iterable[Rule]) -> dict[str, Rule]:
    """By id; RuleError where one is given twice."""
    found: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in found:
            raise RuleError(f"{rule.id}: given twice")
        found[rule.id] = rule
    return found


def load(folder: Traversable) -> dict[str, Rule]:
    """The rules of a folder's `.yaml` files, in the order of their names. RuleError names file and row."""
    found: list[Rule] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".yaml"):
            try:
                found += parse(entry.read_text(encoding="utf-8"))
            except RuleError as error:
                raise RuleError(f"{entry.name}: {error}") from None
    return book(found)


RULES: Final[dict[str, Rule]] = load(files("schemas") / "rulebook")
"""Every rule by id, those not in force any more or not yet included."""
