"""Reprocessing: judge stored rows again into a shadow table, tell the difference, then put it in place.

A row that is put in place has the number and version that it had: `<kind>_history` collapses it with the old one,
`<kind>_current` takes it where its version is still the newest, and the ledger counts it once. What was erased meanwhile is
not there to be put in place, and what has changed meanwhile is left alone. Documents are read in pages; nothing is
published.
"""
# ruff: noqa: S608 (names put into SQL are of the field table; values are bound)

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol
from uuid import uuid4

from infra.evaluation.backtest import OF_FACILITY, PAGE, Span, decoded
from infra.reprocess.judge import Judge
from schemas.clickhouse import NUMBER_KEY, columns_of

_NUMBER: Final = tuple(NUMBER_KEY.split(", "))
_KEY: Final = ("kind", "facility", *_NUMBER, "document_id", "version", "document_date")
SHADOW: Final = ("run", "run_at", *_KEY, "before", "after")


class Store(Protocol):
    """What is asked of ClickHouse (`client.ClickHouse`)."""

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]: ...
    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None: ...
    def insert_rows(self, table: str, columns: list[str], rows: list[list[Any]]) -> None: ...


@dataclass(slots=True)
class Difference:
    """Rows judged and changed; rule -> rows that fail it now and did not, or the other way round; rows that would have
    been refused, and rules that could not be asked, with how many rows."""

    rows: int = 0
    changed: int = 0
    gained: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    blocked: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Reprocessing:
    """One run over documents of `span`, whose days are document dates. Raises client.Away."""

    store: Store
    judge: Judge
    span: Span
    kinds: tuple[str, ...]
    run: str = field(default_factory=lambda: uuid4().hex[:16])

    def shadow(self, progress: Callable[[int, int], None], *, write: bool) -> Difference:
        """Judge every stored version; rows that change go to the shadow table, unless it is a rehearsal."""
        found, now = Difference(), datetime.now(UTC)
        days = list(self.span.days())
        for done, day in enumerate(days):
            progress(done, len(days))
            for kind in self.kinds:
                for page in _pages(self.store, kind, day, self.span.facility):
                    changed = list(self._judged(page, found))
                    if write and changed:
                        self._write(changed, now)
        progress(len(days), len(days))
        return found

    def _judged(self, page: Iterable[dict[str, Any]], found: Difference) -> Iterator[tuple[dict[str, Any], list[str]]]:
        for event in page:
            found.rows += 1
            judged = self.judge(event)
            before, after = set(event["quality"]), set(judged.after)
            found.kept.update(judged.kept)
            found.blocked.update(judged.blocking)
            if before != after:
                found.changed += 1
                found.gained.update(after - before)
                found.lost.update(before - after)
                yield event, list(judged.after)

    def _write(self, changed: Iterable[tuple[dict[str, Any], list[str]]], now: datetime) -> None:
        rows = []
        for event, after in changed:
            key = [event[name] for name in _KEY[:-1]]
            day = date.fromordinal(event["document_date"] + date(1970, 1, 1).toordinal())
            rows.append([self.run, now, *key, day, list(event["quality"]), after])
        self.store.insert_rows("reprocessing", list(SHADOW), rows)

    def swap(self, progress: Callable[[int, int], None]) -> None:
        """Put the shadow in place, kind by kind and day by day. May be repeated after a break."""
        days = list(self.span.days())
        for done, day in enumerate(days):
            progress(done, len(days))
            for kind in self.kinds:
                self.store.command(_swap(kind), {"run": self.run, "day": day.isoformat()})
        progress(len(days), len(days))

    def count(self) -> tuple[int, int]:
        """(stored rows, documents in force) of the span: what a swap must not change."""
        where = f"document_date BETWEEN {{first:Date}} AND {{last:Date}} AND {OF_FACILITY}"
        counts = [
            sum(
                int(self.store.rows(f"SELECT count() AS n FROM {kind}_{which} FINAL WHERE {where}", bound)[0]["n"])
                for kind in self.kinds
            )
            for which in ("history", "current")
            for bound in [self.span.parameters]
        ]
        return counts[0], counts[1]


def _pages(store: Store, kind: str, day: date, facility: str) -> Iterator[list[dict[str, Any]]]:
    """Every stored version of a day's documents, in the order of the table's key."""
    fields = [each for each in columns_of(kind) if not each.sealed]
    names = ", ".join(each.name for each in fields)
    order = ("facility", "document_id", "version", *_NUMBER)
    types = ("String", "String", "Int64", "String", "String", "Int64", "Int32")
    after = ", ".join(f"{{after_{name}:{type_}}}" for name, type_ in zip(order, types, strict=True))
    last: dict[str, Any] = dict.fromkeys(order, "") | {"version": 0, "sequence": 0, "part": 0}
    while True:
        rows = store.rows(
            f"SELECT {names} FROM {kind}_history FINAL WHERE document_date = {{day:Date}} AND {OF_FACILITY}\n"
            f"  AND ({', '.join(order)}) > ({after})\nORDER BY {', '.join(order)} LIMIT {PAGE}",
            {"day": day.isoformat(), "facility": facility} | {f"after_{name}": last[name] for name in order},
        )
        yield [decoded(fields, row) for row in rows]
        if len(rows) < PAGE:
            return
        last = rows[-1]


def _swap(kind: str) -> str:
    """The rows as they are, with the new rules in `quality`; only where the row is still as it was judged."""
    names = [*(each.name for each in columns_of(kind) if not each.sealed), "stored_at"]
    shown = ", ".join("r.after" if name == "quality" else f"h.{name}" for name in names)
    same = " AND ".join(f"r.{name} = h.{name}" for name in _KEY)
    return (
        f"INSERT INTO {kind}_history ({', '.join(names)})\nSELECT {shown}\n"
        f"FROM (SELECT * FROM {kind}_history FINAL WHERE document_date = {{day:Date}}) AS h INNER JOIN (\n"
        f"  SELECT * FROM reprocessing FINAL WHERE run = {{run:String}} AND kind = '{kind}' AND document_date = {{day:Date}}\n"
        f") AS r ON {same}\nWHERE arraySort(arrayMap(x -> toString(x), h.quality)) = arraySort(r.before)"
    )
