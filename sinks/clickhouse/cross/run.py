"""Asking the store for every rule that needs several documents, of the visits that have changed since it was last asked.

At least once, harmless by shape: what is found replaces what was found of the same document and rule, what no longer fails
is taken back, and how far a rule has looked (`rule_runs`) is written last. A run that breaks off is repeated. Two at once
do no harm.

A scheduler of our own and not ClickHouse's refreshable views: those ask for everything anew each time, want a replicated
database in a cluster, and know neither parameters nor the groups of facilities.
"""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours; values are bound)

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, Final, Protocol

import orjson

from schemas.rules import Rule
from sinks.clickhouse.cross import parts, questions
from sinks.clickhouse.cross.parts import Visits

LOOK_BACK_MS: Final = 10 * 60_000
"""How much of the past is looked at again: rows whose insert took long, parts of a message that came later."""

MOST_VISITS: Final = 200_000
"""Visits of one slice of days: what bounds the memory of a query."""

_GLOBAL: Final = "SETTINGS distributed_product_mode = 'global'"
"""In a cluster a subquery is asked once, not on every server of its own rows."""

_COLUMNS: Final = ", ".join(parts.FOUND)

_THIS_RUN: Final = (
    "FROM rule_visits WHERE run_at = fromUnixTimestamp64Milli({run_at:Int64}) "
    "AND after = fromUnixTimestamp64Milli({after:Int64})"
)
_OF_DOCUMENTS: Final = (
    f" AND ((facility, visit_key) IN (SELECT facility, visit_key {_THIS_RUN})"
    f" OR (facility, document_id) IN (SELECT facility, document_id {_THIS_RUN}))"
)
"""Issues of visits that changed, and of documents that changed: one may have moved to another visit."""


class Store(Protocol):
    """What is asked of ClickHouse (`client.ClickHouse`)."""

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]: ...
    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None: ...
    def insert_rows(self, table: str, columns: list[str], rows: list[list[Any]]) -> None: ...


@dataclass(frozen=True, slots=True)
class Run:
    """What one run did: rule -> issues it found; the visits it looked at, and those that it took back."""

    issues: Mapping[str, int]
    visits: int
    taken_back: int


@dataclass(frozen=True, slots=True)
class Runner:
    """`groups`: facility -> group, as the workers have it. Raises client.Away and RuleError."""

    store: Store
    rules: Sequence[Rule]
    groups: Mapping[str, str] = field(default_factory=dict)
    most_visits: int = MOST_VISITS

    def __call__(self, settle_seconds: int = 60, progress: Callable[[int, int], None] | None = None) -> Run:
        """Look at what was stored up to `settle_seconds` ago: younger visits may lack documents that are on their way."""
        progress = progress or _quiet
        run_at = int(self.store.rows("SELECT toUnixTimestamp64Milli(now64(3)) AS now")[0]["now"])
        until, known = run_at - settle_seconds * 1000, _known(self.store)
        asked = sorted(((self._after(rule, known), rule) for rule in self.rules), key=lambda each: each[0])
        visits = 0
        for after, of_same in groupby(asked, key=lambda each: each[0]):
            rules = [rule for _, rule in of_same]
            visits = max(visits, self._ask_all(rules, after, until, run_at, progress))
        found = {row["rule"]: int(row["n"]) for row in self._counted(run_at, "found")}
        back = sum(int(row["n"]) for row in self._counted(run_at, "NOT found"))
        self._remember(found, until, run_at)
        return Run({rule.id: found.get(rule.id, 0) for rule in self.rules}, visits, back)

    def _after(self, rule: Rule, known: Mapping[str, tuple[str, int]]) -> int:
        """From when on rows are new to the rule, ms; 0 where it is new or was changed."""
        print_, until = known.get(rule.id, ("", 0))
        return max(until - LOOK_BACK_MS, 0) if print_ == fingerprint(rule, self.groups) else 0

    def _ask_all(
        self, rules: Sequence[Rule], after: int, until: int, run_at: int, progress: Callable[[int, int], None]
    ) -> int:
        """Ask these rules of what was stored since `after`; gives the number of visits."""
        changed = self._changed(rules, after, until, run_at) if after else Visits()
        slices = list(self._slices(changed))
        persons = [rule for rule in rules if rule.scope == "person"]
        for done, (first, last, _) in enumerate(slices):
            progress(done, len(slices))
            days = {"first": first.isoformat(), "last": last.isoformat()}
            for rule in rules:
                self._ask(rule, changed, days, run_at)
            if persons and after:
                self._take_back(persons, _of_persons(changed), changed, days, run_at)
        if not after:
            self._take_back(rules, "", changed, {}, run_at)
        elif slices:
            self._take_back([rule for rule in rules if rule.scope == "visit"], _OF_DOCUMENTS, changed, {}, run_at)
        progress(len(slices), len(slices))
        return sum(visits for _, _, visits in slices)

    def _changed(self, rules: Iterable[Rule], after: int, until: int, run_at: int) -> Visits:
        """Write down once the visits of which a document was stored between two times, so that no query looks again."""
        kinds = sorted({"encounter", *(kind for rule in rules for kind in rule.kinds)})
        between = (
            "stored_at > fromUnixTimestamp64Milli({after:Int64}) "
            "AND stored_at <= fromUnixTimestamp64Milli({until:Int64}) AND visit_key IS NOT NULL"
        )
        each = " UNION ALL ".join(
            f"SELECT facility, assumeNotNull(visit_key) AS visit, document_id FROM {kind}_current WHERE {between}"
            for kind in kinds
        )
        this_run = {"run_at": run_at, "after": after}
        self.store.command(
            "INSERT INTO rule_visits (run_at, after, facility, visit_key, document_id)\n"
            "SELECT fromUnixTimestamp64Milli({run_at:Int64}), fromUnixTimestamp64Milli({after:Int64}), facility, visit,\n"
            f"  document_id FROM (\n{each}\n) {_GLOBAL}",
            this_run | {"until": until},
        )
        return Visits(f"SELECT facility, visit_key {_THIS_RUN}", this_run)

    def _slices(self, changed: Visits) -> Iterator[tuple[date, date, int]]:
        """Runs of days with a bounded number of visits: (first, last, visits)."""
        rows = self.store.rows(
            "SELECT document_date AS day, uniq(facility, visit_key) AS visits FROM encounter_current "
            f"WHERE visit_key IS NOT NULL{changed.among()} GROUP BY day ORDER BY day",
            changed.parameters,
        )
        first, last, count = None, None, 0
        for row in rows:
            day, visits = row["day"], int(row["visits"])
            if first is not None and last is not None and count + visits > self.most_visits:
                yield first, last, count
                first, count = None, 0
            first, last, count = first or day, day, count + visits
        if first is not None and last is not None:
            yield first, last, count

    def _ask(self, rule: Rule, changed: Visits, days: Mapping[str, str], run_at: int) -> None:
        sql, parameters = questions.ask(rule, changed)
        mode, more = mode_of(rule, self.groups)
        self.store.command(
            f"INSERT INTO visit_issues ({_COLUMNS}, rule, mode, found, checked_at)\n"
            f"SELECT {_COLUMNS}, {{rule:String}}, {mode}, true, fromUnixTimestamp64Milli({{run_at:Int64}}) FROM (\n{sql}\n)\n"
            + _GLOBAL,
            parameters | more | dict(days) | {"rule": rule.id, "run_at": run_at},
        )

    def _take_back(
        self, rules: Sequence[Rule], condition: str, changed: Visits, days: Mapping[str, str], run_at: int
    ) -> None:
        """What an earlier run found of what was looked at now, and this one did not."""
        self.store.command(
            f"INSERT INTO visit_issues ({_COLUMNS}, rule, mode, found, checked_at)\n"
            f"SELECT {_COLUMNS}, i.rule, i.mode, false, fromUnixTimestamp64Milli({{run_at:Int64}})\n"
            "FROM visit_issues AS i FINAL WHERE i.rule IN {rules:Array(String)} AND i.found\n"
            f"  AND i.checked_at < fromUnixTimestamp64Milli({{run_at:Int64}}){condition}\n" + _GLOBAL,
            dict(changed.parameters) | dict(days) | {"rules": [rule.id for rule in rules], "run_at": run_at},
        )

    def _counted(self, run_at: int, which: str) -> list[dict[str, Any]]:
        return self.store.rows(
            f"SELECT rule, count() AS n FROM visit_issues FINAL WHERE {which} "
            "AND checked_at = fromUnixTimestamp64Milli({run_at:Int64}) GROUP BY rule",
            {"run_at": run_at},
        )

    def _remember(self, found: Mapping[str, int], until: int, run_at: int) -> None:
        rows = [
            [rule.id, fingerprint(rule, self.groups), _time(until), _time(run_at), found.get(rule.id, 0)]
            for rule in self.rules
        ]
        if rows:
            self.store.insert_rows("rule_runs", ["rule", "fingerprint", "until", "run_at", "issues"], rows)


def _quiet(_done: int, _of: int) -> None:
    """Nobody watches."""


def of_store(rules: Iterable[Rule]) -> list[Rule]:
    """Those that the store is asked for."""
    return [rule for rule in rules if questions.asked_of_store(rule)]


def _of_persons(changed: Visits) -> str:
    """Issues of every visit of the persons whose visits changed, in the days that were looked at."""
    span = f"BETWEEN {{first:Date}} - {questions.SPAN_DAYS} AND {{last:Date}} + {questions.SPAN_DAYS}"
    return (
        f" AND document_date {span} AND (facility, visit_key) IN (SELECT facility, visit_key FROM encounter_history"
        f" WHERE visit_key IS NOT NULL AND document_date {span} AND {questions.PERSON} IN ({questions.persons(changed)}))"
    )


def mode_of(rule: Rule, groups: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """(expression of a row's mode by its facility, its parameters)."""
    apart = {facility: rule.groups[group] for facility, group in groups.items() if group in rule.groups}
    if not apart:
        return "{mode:String}", {"mode": rule.mode}
    return (
        "transform(toString(facility), {facilities:Array(String)}, {modes:Array(String)}, {mode:String})",
        {"mode": rule.mode, "facilities": list(apart), "modes": list(apart.values())},
    )


def fingerprint(rule: Rule, groups: Mapping[str, str]) -> str:
    """Changes with the rule, with the query that asks it and with whom its modes concern: then all is asked anew."""
    sql, parameters = questions.ask(rule, Visits())
    said = [sql, parameters, mode_of(rule, groups)]
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _known(store: Store) -> dict[str, tuple[str, int]]:
    rows = store.rows("SELECT rule, fingerprint, toUnixTimestamp64Milli(until) AS until FROM rule_runs FINAL")
    return {row["rule"]: (row["fingerprint"], int(row["until"])) for row in rows}


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
