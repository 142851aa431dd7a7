"""What a person may ask of the store: a copy, that it be shown to nobody, that it be erased.

A person is here a list of patient keys: one per facility, found through the citizen's. What was asked is kept in
`erased_persons`, which the tables' feed, replay and rebuild obey. Erased rows leave their numbers in `erased_numbers`, so that
the ledger still balances. Kafka forgets by retention: the record says until when it may still hold something.
"""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours; values are bound)

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from schemas import topics
from schemas.clickhouse import NUMBER_KEY
from schemas.clickhouse.layout import LOCAL, SINGLE, Layout
from schemas.kinds import KINDS, RESTRICTED
from sinks.clickhouse import merges

KAFKA_DAYS: Final = max(topic.retention_ms for topic in topics.TOPICS.values()) // topics.DAY_MS

_WAIT: Final = "SETTINGS mutations_sync = 2"


class Store(Protocol):
    """What is asked of ClickHouse (`client.ClickHouse`)."""

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]: ...
    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None: ...
    def insert_rows(self, table: str, columns: list[str], rows: list[list[Any]]) -> None: ...


@dataclass(frozen=True, slots=True)
class Person:
    """Patient key -> facility, and the documents they ever had; `dates` are where those stand."""

    patients: dict[str, str] = field(repr=False)
    documents: tuple[str, ...] = field(repr=False)
    dates: tuple[str, ...] = ()

    def bound(self) -> dict[str, Any]:
        return {"patients": list(self.patients), "documents": list(self.documents), "dates": list(self.dates)}


_THEIRS: Final = (
    "document_date IN {dates:Array(Date)} AND document_id IN {documents:Array(String)} "
    "AND patient_key IN {patients:Array(String)}"
)


_UNLINKED: Final = "patient_key NOT IN (SELECT patient_key FROM identity_now)"
"""No later word than the worker's."""


def _of(kind: str) -> str:
    """Which rows of a kind are the person's. A kind that stands alone has no index by person: it is searched whole."""
    return "patient_key IN {patients:Array(String)}" if kind in RESTRICTED else _THEIRS


def find(store: Store, citizen: str = "", patients: Sequence[str] = ()) -> Person:
    """The person behind a citizen key, by the newest links, or behind patient keys."""
    keys = list(patients)
    if citizen:
        apart = "".join(
            f" UNION DISTINCT SELECT patient_key FROM {kind}_history WHERE citizen_key = {{citizen:String}} "
            f"AND {_UNLINKED}"
            for kind in sorted(RESTRICTED)
        )
        linked = (
            "SELECT patient_key FROM identity_now WHERE citizen_key = {citizen:String} UNION DISTINCT "
            f"SELECT patient_key FROM person_documents FINAL WHERE citizen_key = {{citizen:String}} AND {_UNLINKED}{apart}"
        )
        keys += [row["patient_key"] for row in store.rows(linked, {"citizen": citizen})]
    sources = ("person_documents FINAL", *(f"{kind}_history" for kind in sorted(RESTRICTED)))
    each = " UNION DISTINCT ".join(
        "SELECT assumeNotNull(patient_key) AS patient_key, facility, document_id, toString(document_date) AS document_date "
        f"FROM {source} WHERE patient_key IN {{keys:Array(String)}}"
        for source in sources
    )
    rows = store.rows(each, {"keys": keys})
    found = {row["patient_key"]: row["facility"] for row in rows}
    return Person(
        found,
        tuple(sorted({row["document_id"] for row in rows})),
        tuple(sorted({row["document_date"] for row in rows})),
    )


def export(store: Store, person: Person) -> Iterator[dict[str, Any]]:
    """Every version of every document, a row each, with its kind in `kind`."""
    for kind in KINDS:
        sql = f"SELECT * EXCEPT (kafka_partition, kafka_offset) FROM {kind}_history FINAL WHERE {_of(kind)} ORDER BY version"
        yield from store.rows(sql, person.bound())


def restrict(store: Store, person: Person, request: str) -> int:
    """Show the person's documents to nobody, those still to come included. The documents in force hidden."""
    count = sum(_in_force(store, person))
    _record(store, person, "restricted", request, count)
    for kind in KINDS:
        store.command(
            f"INSERT INTO {kind}_current SELECT * REPLACE ('restricted' AS status) FROM {kind}_current FINAL WHERE {_of(kind)}",
            person.bound(),
        )
    return count


def lift(store: Store, person: Person, request: str) -> int:
    """End a restriction: what holds is taken from the history again. The documents in force after it."""
    _record(store, person, "restricted", request, 0, lifted=True)
    for kind in KINDS:
        store.command(
            f"INSERT INTO {kind}_current SELECT * FROM {kind}_history FINAL WHERE {_of(kind)} AND NOT superseded",
            person.bound(),
        )
    return sum(_in_force(store, person))


def erase(store: Store, person: Person, request: str, layout: Layout = SINGLE) -> int:
    """Erase every version of the person's documents; the number of rows. May be repeated after a break."""
    rows = sum(row["n"] for row in _count(store, person, "history FINAL"))
    _record(store, person, "erased", request, len(person.documents))
    _remember_numbers(store, person)
    for kind in KINDS:
        for which in ("history", "current"):
            _delete(store, f"{kind}_{which}", _of(kind), person, layout)
    refused = "document_id IN {documents:Array(String)} AND NOT has({shared:Array(String)}, assumeNotNull(document_id))"
    others = {"shared": _shared(store, person)}
    _delete(store, "rejected", refused, person, layout, others)
    for table in ("visit_issues", "rule_visits", "reprocessing"):
        _delete(store, table, "document_id IN {documents:Array(String)}", person, layout)
    for table in ("person_documents", "identity_links", "identity_current", "identity_merged"):
        _delete(store, table, "patient_key IN {patients:Array(String)}", person, layout)
    merges.settle(store)
    return int(rows)


def sweep(store: Store, layout: Layout = SINGLE) -> int:
    """Erase again what came back (a redelivery, a replay): rows of erased persons captured before the erasure.

    A person who is treated again after an erasure has new rows; they stay. The number of rows erased.
    """
    gone = 0
    asked = "SELECT patient_key, toUnixTimestamp64Milli(done_at) AS before FROM erased_persons FINAL WHERE action = 'erased'"
    for row in store.rows(asked):
        person = find(store, patients=[row["patient_key"]])
        if not person.documents:
            continue
        bound = person.bound() | {"before": int(row["before"])}
        for kind in KINDS:
            old = f"{_of(kind)} AND captured_at <= fromUnixTimestamp64Milli({{before:Int64}})"
            back = store.rows(f"SELECT count() AS n FROM {kind}_history FINAL WHERE {old}", bound)[0]["n"]
            if back:
                gone += int(back)
                for which in ("history", "current"):
                    _delete(store, f"{kind}_{which}", old, person, layout, {"before": int(row["before"])})
        _forget_documents(store, person, layout)
    return gone


def _forget_documents(store: Store, person: Person, layout: Layout) -> None:
    """Leave only those of the person's documents that still have a row."""
    each = " UNION ALL ".join(f"SELECT document_id FROM {kind}_history WHERE {_of(kind)}" for kind in KINDS)
    left = [row["document_id"] for row in store.rows(f"SELECT DISTINCT document_id FROM ({each})", person.bound())]
    condition = "patient_key IN {patients:Array(String)} AND document_id NOT IN {left:Array(String)}"
    _delete(store, "person_documents", condition, person, layout, {"left": left})


def _remember_numbers(store: Store, person: Person) -> None:
    for kind in KINDS:
        store.command(
            f"INSERT INTO erased_numbers SELECT facility, {NUMBER_KEY}, now64(3) FROM {kind}_history FINAL WHERE {_of(kind)}",
            person.bound(),
        )
    store.command(
        f"INSERT INTO erased_numbers SELECT facility, {NUMBER_KEY}, now64(3) FROM identity_links FINAL "
        "WHERE adapter_id != '' AND patient_key IN {patients:Array(String)}",
        person.bound(),
    )


def _shared(store: Store, person: Person) -> list[str]:
    """Documents that other patients have had too: their rejections stay."""
    sql = (
        "SELECT DISTINCT document_id FROM person_documents FINAL "
        "WHERE document_id IN {documents:Array(String)} AND patient_key NOT IN {patients:Array(String)}"
    )
    return [row["document_id"] for row in store.rows(sql, person.bound())]


def _delete(
    store: Store, table: str, condition: str, person: Person, layout: Layout, more: Mapping[str, Any] | None = None
) -> None:
    """Rewrite the parts that hold such rows, and wait."""
    name = table + (LOCAL if layout.cluster else "")
    store.command(f"ALTER TABLE {name}{layout.on} DELETE WHERE {condition} {_WAIT}", person.bound() | dict(more or {}))


def _count(store: Store, person: Person, which: str, condition: str = "") -> list[dict[str, Any]]:
    each = " UNION ALL ".join(f"SELECT count() AS n FROM {kind}_{which} WHERE {_of(kind)}{condition}" for kind in KINDS)
    return store.rows(each, person.bound())


def _in_force(store: Store, person: Person) -> list[int]:
    return [int(row["n"]) for row in _count(store, person, "current FINAL", " AND status = 'active'")]


def _record(store: Store, person: Person, action: str, request: str, documents: int, *, lifted: bool = False) -> None:
    """The proof: what was done, on which request, and until when Kafka may hold something."""
    now = datetime.now(UTC)
    columns = ["patient_key", "facility", "action", "lifted", "request", "documents", "kafka_until", "done_at"]
    until = now + timedelta(days=KAFKA_DAYS)
    rows = [
        [key, facility, action, lifted, request, documents, until, now] for key, facility in person.patients.items()
    ]
    if rows:
        store.insert_rows("erased_persons", columns, rows)
