"""How many stored documents would a rule have touched? What one document decides is asked of the documents in force, as
the worker asks it; what needs several is asked of the store.

The store has no sealed field (identity, narrative). A document of which the rule wants one is counted as undecided.
Memory is bounded: documents are read in pages, by day.
"""
# ruff: noqa: S608 (names put into SQL are of the field table; values are bound)

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NoReturn, Protocol

from runtime.clock import day_of
from schemas.clickhouse import columns_of
from schemas.fields import Field
from schemas.rules import Rule
from sinks.clickhouse.cross import questions
from sinks.clickhouse.cross.parts import Visits
from stream_processors.rules import Rulebook

PAGE: Final = 2_000
"""Documents in memory at once."""
_THOUSAND: Final = 1_000
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - the driver gives UTC without a zone, or with UTC


class Store(Protocol):
    """What is asked of ClickHouse (`client.ClickHouse`)."""

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]: ...


class NotStored(LookupError):
    """The rule wants what is sealed."""


class _Sealed(Mapping[str, str]):
    """Stands for identity and narrative: whoever asks anything of it is told that it is not stored."""

    def __getitem__(self, _name: str) -> NoReturn:
        raise NotStored

    def __iter__(self) -> NoReturn:
        raise NotStored

    def __len__(self) -> NoReturn:
        raise NotStored


SEALED: Final = _Sealed()


@dataclass(slots=True)
class Touched:
    """Of one facility: documents asked, those that fail, those that only their sealed part could decide, and parts that
    this rule has refused when they came."""

    documents: int = 0
    touched: int = 0
    undecided: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """Document dates, both included; of one facility or of all."""

    first: date
    last: date
    facility: str = ""

    def days(self) -> Iterator[date]:
        for at in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=at)

    @property
    def parameters(self) -> dict[str, Any]:
        return {"first": self.first.isoformat(), "last": self.last.isoformat(), "facility": self.facility}


OF_FACILITY: Final = "({facility:String} = '' OR facility = {facility:String})"


@dataclass(slots=True)
class Backtest:
    """Asks one rule of what is stored. Raises client.Away and RuleError."""

    store: Store
    rule: Rule
    groups: Mapping[str, str] = field(default_factory=dict)
    found: dict[str, Touched] = field(default_factory=dict)

    def __call__(self, span: Span, progress: Callable[[int, int], None]) -> dict[str, Touched]:
        """Facility -> what would have been touched; `progress` is told (days done, days)."""
        days = list(span.days())
        alone = self.rule.scope == "document"
        ask = self._documents(span) if alone else self._several(span)
        for done, day in enumerate(days):
            progress(done, len(days))
            ask(day)
        progress(len(days), len(days))
        self._refused(span)
        return dict(sorted(self.found.items()))

    def _of(self, facility: str) -> Touched:
        return self.found.setdefault(facility, Touched())

    def _documents(self, span: Span) -> Callable[[date], None]:
        book = Rulebook([self.rule], self.groups)
        book.check()

        def ask(day: date) -> None:
            for kind in self.rule.kinds:
                for event in stored(self.store, kind, day, span.facility):
                    self._ask(book, event)
            book.forget_persons()

        return ask

    def _ask(self, book: Rulebook, event: Mapping[str, Any]) -> None:
        counted = self._of(event["facility"])
        counted.documents += 1
        try:
            counted.touched += bool(book(event, SEALED, SEALED))
        except NotStored:
            counted.undecided += 1

    def _several(self, span: Span) -> Callable[[date], None]:
        sql, parameters = questions.ask(self.rule, Visits())
        touched = f"SELECT facility, uniqExact(document_id) AS n FROM (\n{sql}\n) WHERE {OF_FACILITY}"
        if self.rule.scope == "person":  # its query looks around the day
            touched += " AND document_date = {first:Date}"
        asked = (
            "SELECT facility, count() AS n FROM encounter_current FINAL WHERE document_date = {first:Date}\n"
            f"  AND status = 'active' AND ifNull(visit_state = 'finished', false) AND {OF_FACILITY} GROUP BY facility"
        )

        def ask(day: date) -> None:
            bound = parameters | Span(day, day, span.facility).parameters
            for row in self.store.rows(asked, bound):
                self._of(row["facility"]).documents += int(row["n"])
            for row in self.store.rows(f"{touched} GROUP BY facility", bound):
                self._of(row["facility"]).touched += int(row["n"])

        return ask

    def _refused(self, span: Span) -> None:
        sql = (
            "SELECT facility, count() AS n FROM rejected FINAL WHERE has(rules, {rule:String})\n"
            "  AND toDate(captured_at, 'Asia/Ho_Chi_Minh') BETWEEN {first:Date} AND {last:Date}\n"
            f"  AND {OF_FACILITY} GROUP BY facility"
        )
        for row in self.store.rows(sql, span.parameters | {"rule": self.rule.id}):
            self._of(row["facility"]).refused += int(row["n"])


def stored(store: Store, kind: str, day: date, facility: str = "") -> Iterator[dict[str, Any]]:
    """The documents in force of a kind and date, as a worker decodes them; every status but what nobody may see."""
    fields = [each for each in columns_of(kind) if not each.sealed]
    names = ", ".join(each.name for each in fields)
    after = ("", "")
    while True:
        rows = store.rows(
            f"SELECT {names} FROM {kind}_current FINAL WHERE document_date = {{day:Date}} AND status != 'restricted'\n"
            "  AND (facility, document_id) > ({after:String}, {id:String}) "
            f"AND {OF_FACILITY}\nORDER BY facility, document_id LIMIT {PAGE}",
            {"day": day.isoformat(), "after": after[0], "id": after[1], "facility": facility},
        )
        for row in rows:
            yield decoded(fields, row)
        if len(rows) < PAGE:
            return
        after = rows[-1]["facility"], rows[-1]["document_id"]


def decoded(fields: list[Field] | tuple[Field, ...], row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the driver gives it -> the shapes of the codec: milliseconds, thousandths, days, lines as mappings."""
    return {each.name: _value(each, row[each.name]) for each in fields if not each.sealed}


def _value(of: Field, value: Any) -> Any:
    if value is None:
        return None
    if of.type == "record":
        return [decoded(of.lines, line) for line in value]
    if of.type == "millis" and isinstance(value, datetime):
        return round((value.replace(tzinfo=None) - _EPOCH) / timedelta(milliseconds=1))
    if of.type == "thousandths" and isinstance(value, Decimal):
        return int(value * _THOUSAND)
    if of.type == "date" and isinstance(value, date):
        return day_of(value)
    return value
