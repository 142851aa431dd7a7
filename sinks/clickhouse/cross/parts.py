"""The parts of which the queries are made: which visits, their encounters, their other documents. Pure text.

Everything that a rule names (fields, kinds) is looked up in the field table before it stands in a query; every value is
bound. `Asked` collects both.
"""
# ruff: noqa: S608 (names put into SQL are of the field table; values are bound)

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from schemas.fields import Field
from schemas.kinds import KINDS
from schemas.rules import Rule, RuleError

AROUND_DAYS: Final = 45
"""Documents of one visit stand under dates not further apart: the adapter's state reaches no further."""

OLDEST: Final = date(1970, 1, 1)
NEWEST: Final = date(2149, 6, 6)
"""What ClickHouse's `Date` holds."""

_FOUND: Final = "facility, kind, document_date, document_id, source_system, visit_key, sensitivity, place"
FOUND: Final = tuple(_FOUND.split(", "))
"""The columns of what a query finds."""


@dataclass(frozen=True, slots=True)
class Visits:
    """Which visits are asked: a query of (facility, visit_key), or all that stand in the days. `parameters` are its own."""

    sql: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def among(self, facility: str = "facility", visit: str = "visit_key") -> str:
        """As a condition that begins with AND."""
        return f" AND ({facility}, {visit}) IN ({self.sql})" if self.sql else ""


@dataclass(slots=True)
class Asked:
    """One query in the making."""

    rule: Rule
    visits: Visits
    parameters: dict[str, Any] = field(default_factory=dict)

    def bind(self, type_: str, value: Any) -> str:
        """A place for a value."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"{{{name}:{type_}}}"

    def field(self, kind: str, name: str) -> Field:
        """A field of a kind that is stored. RuleError where there is none."""
        return _stored(self.rule, KINDS.get(kind, ()), name, kind)

    def line(self, kind: str, name: str) -> str:
        """The array of a line's field, one element a line."""
        lines = _stored(self.rule, KINDS.get(kind, ()), "lines", kind).lines
        return f"lines.{_stored(self.rule, lines, name, f'{kind}.lines').name}"

    def is_one_of(self, expression: str, values: Collection[str]) -> str:
        """True or false, never null."""
        return f"ifNull({expression} IN {self.bind('Array(String)', [str(v) for v in values])}, false)"

    def when(self, alias: str, values: Mapping[str, Collection[str]], *, negated: bool = False) -> str:
        """Conditions on the encounter, each beginning with AND."""
        no = "NOT " if negated else ""
        named = {f"{alias}.{self.field('encounter', name).name}": said for name, said in values.items()}
        return "".join(f" AND {no}{self.is_one_of(name, said)}" for name, said in named.items())


def _stored(rule: Rule, fields: Iterable[Field], name: str, where: str) -> Field:
    found = next((each for each in fields if each.name == name and not each.sealed), None)
    if found is None:
        raise RuleError(f"{rule.id}: {where} has no field `{name}` in the store")
    return found


def encounters(asked: Asked, *names: str, reach: int = 0, also: str = "") -> str:
    """The finished, active encounters of the days (and `reach` more around) and of the visits asked, with these fields and
    what is `also` shown. Dated as the rule is."""
    rule = asked.rule
    shown = "".join(f", {asked.field('encounter', name).name}" for name in dict.fromkeys(names))
    formats = f" AND source_format IN {asked.bind('Array(String)', list(rule.formats))}" if rule.formats else ""
    since, until = max(rule.since, OLDEST), min(rule.until, NEWEST)
    return f"""SELECT facility, source_system, assumeNotNull(visit_key) AS visit, document_date, document_id, version, partial,
    sensitivity, adapter_id, incarnation, sequence{shown}{also}
  FROM encounter_current FINAL
  WHERE document_date BETWEEN {{first:Date}} - {reach} AND {{last:Date}} + {reach} AND visit_key IS NOT NULL AND status = 'active'
    AND ifNull(visit_state = 'finished', false){formats}
    AND toDate(ifNull(discharged_at, captured_at), 'Asia/Ho_Chi_Minh')
      BETWEEN {asked.bind("Date", since.isoformat())} AND {asked.bind("Date", until.isoformat())}{asked.visits.among()}"""


def documents(kind: str, shown: str) -> str:
    """The active documents of a kind that belong to the visits of `e`, with these expressions."""
    return f"""SELECT facility, source_system, assumeNotNull(visit_key) AS visit, '{kind}' AS kind, document_date,
    document_id, version, partial, sensitivity{shown}
  FROM {kind}_current FINAL
  WHERE document_date BETWEEN {{first:Date}} - {AROUND_DAYS} AND {{last:Date}} + {AROUND_DAYS} AND status = 'active'
    AND (facility, visit_key) IN (SELECT facility, visit FROM e)"""


HEARD: Final = """SELECT facility, adapter_id, incarnation, sequence, count() AS present, max(parts) AS told,
    groupUniqArrayIf(toString(kind), outcome = 'rejected' OR rank = 0) AS lacking
  FROM ledger_numbers FINAL
  WHERE (facility, adapter_id, incarnation, sequence) IN (SELECT facility, adapter_id, incarnation, sequence FROM e)
  GROUP BY facility, adapter_id, incarnation, sequence"""
"""What the ledger knows of the message that told of the encounter: its parts, and of which kinds some are not stored. A number
that is not in it any more is frozen, and only numbers all of whose parts are in are frozen: so it is joined from the left."""

OF_MESSAGE: Final = "h.facility = e.facility AND h.adapter_id = e.adapter_id AND h.incarnation = e.incarnation AND h.sequence = e.sequence"
OF_VISIT: Final = "d.facility = e.facility AND d.source_system = e.source_system AND d.visit = e.visit"


def whole(asked: Asked, kinds: Collection[str], latest: str = "") -> str:
    """All parts of the encounter's message are known, and of these kinds none is missing in the store, unless it came
    later: `latest` maps a kind to the version of its newest document in the visit."""
    wanted = asked.bind("Array(String)", [*kinds, ""])
    later = f" AND {latest}[k] <= e.version" if latest else ""
    return f"h.present >= h.told AND NOT arrayExists(k -> has({wanted}, k){later}, h.lacking)"


def blamed(alias: str, kind: str, place: str) -> str:
    """The columns of what is found: the document at fault and where."""
    return (
        f"SELECT {alias}.facility AS facility, {kind} AS kind, {alias}.document_date AS document_date,\n"
        f"  {alias}.document_id AS document_id, {alias}.source_system AS source_system, {alias}.visit AS visit_key,\n"
        f"  {alias}.sensitivity AS sensitivity, {place} AS place"
    )
