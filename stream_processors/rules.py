"""The rule book compiled: for each (kind, active, source format, span of days, group of facilities) a plan that asks
only what is to be asked, made once.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from runtime.clock import DAY_MS, day_of, local_day
from schemas import catalogues, codes
from schemas.kinds import KINDS
from schemas.rules import RULES, Mode, Rule, RuleError
from stream_processors.checks import icd10, person
from stream_processors.checks.register import Check, Event, Identity, LineCheck, Narrative, make

Failure = tuple[str, Mode, str]
"""(rule id, its mode here, place of the first fault)."""

_Names = tuple[tuple[str, Mode], ...]
_REMEMBERED: Final = 20_000
_PERSONS: Final = 8_192
_FEW: Final = frozenset({"code", "string", "int", "thousandths", "bool"})
"""Types of fields that have few values in practice. What was found of a line's codes and amounts is remembered."""

_NO_GROUPS: Final[Mapping[str, str]] = {}


class Plan:
    """The checks of one kind, format, span and group."""

    __slots__ = ("_checks", "_lines", "_person")

    def __init__(
        self, rules: Sequence[Rule], kind: str, day: date, group: str, persons_known: "dict[_Names, _OfPerson]"
    ) -> None:
        self._checks: list[tuple[str, Mode, Check]] = []
        arrays: dict[str, _Lines] = {}
        persons: list[tuple[str, Mode, Check]] = []
        for rule in rules:
            made, mode = make(rule, day), rule.mode_of(group)
            if rule.each:
                arrays.setdefault(rule.each, _Lines(kind, rule.each)).add(rule, mode, made)
            elif rule.check in person.OF_THE_PERSON:
                persons.append((rule.id, mode, made))
            else:
                self._checks.append((rule.id, mode, made))
        # No check of the person depends on the day: plans that ask the same share what they remember.
        names = tuple((id_, mode) for id_, mode, _ in persons)
        self._person = persons_known.setdefault(names, _OfPerson(persons))
        self._lines = [array.compiled() for array in arrays.values()]

    def __call__(self, event: Event, identity: Identity, narrative: Narrative) -> list[Failure]:
        """What fails: of the person, of the document, of its lines, each in the order of the rule book."""
        failures = [*self._person(event, identity)]
        for id_, mode, check in self._checks:
            place = check(event, identity, narrative)
            if place is not None:
                failures.append((id_, mode, place))
        for lines in self._lines:
            lines(event, failures)
        return failures


class _OfPerson:
    """The checks that see the person and the day of capture only. A visit's documents tell of one person, one after
    another: what was found is remembered for the last few thousand."""

    __slots__ = ("checks",)

    def __init__(self, checks: Sequence[tuple[str, Mode, Check]]) -> None:
        self.checks = checks

    def __call__(self, event: Event, identity: Identity) -> Sequence[Failure]:
        if not self.checks:
            return ()
        try:
            said = _of_identity(identity)
        except KeyError:
            said = tuple(identity.get(name) for name in person.OF_IDENTITY)
        return _found(self, said, event["sex"], event["birth_year"], event["captured_at"] // DAY_MS)


_of_identity: Final = itemgetter(*person.OF_IDENTITY)


@lru_cache(maxsize=_PERSONS)
def _found(
    plan: _OfPerson, said: Sequence[str | None], sex: str | None, year: int | None, day: int
) -> Sequence[Failure]:
    event = {"sex": sex, "birth_year": year, "captured_at": day * DAY_MS}
    identity = dict(zip(person.OF_IDENTITY, said, strict=True))
    return tuple((id_, mode, place) for id_, mode, check in plan.checks if (place := check(event, identity, {})))


class _Lines:
    """The line checks of one array, gathered and then run in one pass."""

    def __init__(self, kind: str, array: str) -> None:
        self._array = array
        lines = next(field.lines for field in KINDS[kind] if field.name == array)
        self._types = {field.name: field.type for field in lines}
        self._checks: list[tuple[str, Mode, LineCheck]] = []
        self._coded: list[tuple[str, Mode, LineCheck]] = []
        self._fields: dict[str, None] = {}

    def add(self, rule: Rule, mode: Mode, check: LineCheck) -> None:
        names = [name for name in _texts(rule.parameters) if name in self._types]
        if all(self._types[name] in _FEW for name in names):
            self._coded.append((rule.id, mode, check))
            self._fields |= dict.fromkeys(names)
        else:
            self._checks.append((rule.id, mode, check))

    def compiled(self) -> Callable[[Event, list[Failure]], None]:
        array, checks = self._array, tuple(self._checks)
        coded = self._of_codes()

        def run(event: Event, failures: list[Failure]) -> None:
            for number, line in enumerate(event[array], 1):
                for id_, mode, field in coded(line):
                    _add(failures, id_, mode, f"{array}[{number}].{field}")
                for id_, mode, check in checks:
                    place = check(line)
                    if place is not None:
                        _add(failures, id_, mode, f"{array}[{number}].{place}")

        return run

    def _of_codes(self) -> Callable[[Event], Sequence[Failure]]:
        if not self._coded:
            return lambda _: ()
        fields, checks = tuple(self._fields), tuple(self._coded)

        @lru_cache(maxsize=_REMEMBERED)
        def found(values: Sequence[Any]) -> Sequence[Failure]:
            line = dict(zip(fields, values, strict=True))
            return tuple((id_, mode, place) for id_, mode, check in checks if (place := check(line)) is not None)

        if len(fields) == 1:
            return lambda line: found((line[fields[0]],))
        get = itemgetter(*fields)
        return lambda line: found(get(line))


def _texts(parameters: Any) -> Iterator[str]:
    """Every text among a rule's parameters, names of fields among them."""
    if isinstance(parameters, str):
        yield parameters
    elif isinstance(parameters, Mapping):
        for name, value in parameters.items():
            yield from _texts(name)
            yield from _texts(value)
    elif isinstance(parameters, Iterable):
        for value in parameters:
            yield from _texts(value)


def _add(failures: list[Failure], id_: str, mode: Mode, place: str) -> None:
    """The first line at fault stands for all."""
    if all(known != id_ for known, _, _ in failures):
        failures.append((id_, mode, place))


class Rulebook:
    """Rules, and to which group a facility belongs (no group: the rule's own mode)."""

    def __init__(self, rules: Iterable[Rule], groups: Mapping[str, str] = _NO_GROUPS) -> None:
        self.rules: Final = {rule.id: rule for rule in rules}
        self._groups = groups
        self._days = _changes(self.rules.values())
        self._starts = [day_of(day) for day in self._days]
        self._plans: dict[tuple[str, bool, str, int, str], Plan] = {}
        self._persons: dict[_Names, _OfPerson] = {}
        self._documents = [rule for rule in self.rules.values() if rule.scope == "document"]
        self._visits = [rule for rule in self.rules.values() if rule.scope == "visit"]

    def __call__(self, event: Event, identity: Identity, narrative: Narrative) -> list[Failure]:
        """What fails in one document. Total: a document of the schema never raises."""
        day = local_day(event.get("discharged_at") or event["occurred_at"] or event["captured_at"])
        span = bisect_right(self._starts, day)
        group = self._groups.get(event["facility"], "")
        key = (event["kind"], event["status"] == "active", event["source_format"], span, group)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._compile(*key)
        return plan(event, identity, narrative)

    def _compile(self, kind: str, active: bool, format_: str, span: int, group: str) -> Plan:
        day = self._days[span - 1] if span else date.min
        rules = [
            rule
            for rule in self._documents
            if kind in rule.kinds
            and (active or rule.always)
            and (not rule.formats or format_ in rule.formats)
            and rule.since <= day <= rule.until
        ]
        return Plan(rules, kind, day, group, self._persons)

    def forget_persons(self) -> None:
        """What is remembered of persons goes."""
        _found.cache_clear()

    def check(self) -> None:
        """Make every check once; RuleError names the first rule that cannot be made. Those of a person are the store's."""
        for rule in (*self._documents, *self._visits):
            make(rule, max(rule.since, date(2000, 1, 1)))

    def of_visit(self, documents: Mapping[str, Event], narratives: Mapping[str, Narrative]) -> list[Failure]:
        """What fails among the active documents of one visit (kind -> document). Nothing where no encounter, told as
        finished, is among them."""
        visit = documents.get("encounter")
        if visit is None or visit["status"] != "active" or visit["visit_state"] != "finished":
            return []
        day = date.fromordinal(local_day(visit["discharged_at"] or visit["captured_at"]) + date(1970, 1, 1).toordinal())
        group = self._groups.get(visit["facility"], "")
        return [
            (rule.id, rule.mode_of(group), place)
            for rule in self._visits
            if rule.since <= day <= rule.until and (place := make(rule, day)(documents, narratives)) is not None
        ]


def _changes(rules: Iterable[Rule]) -> list[date]:
    """The first day of each span in which nothing changes, oldest first."""
    days = {*codes.changes(), *catalogues.changes(), icd10.TT_06_2026}
    for rule in rules:
        days |= {rule.since} if rule.since > date.min else set()
        days |= {date.fromordinal(rule.until.toordinal() + 1)} if rule.until < date.max else set()
    return sorted(days)


BOOK: Final = Rulebook(RULES.values())
"""The house's own rules, every facility in no group."""

__all__ = ["BOOK", "Failure", "Plan", "RuleError", "Rulebook"]
