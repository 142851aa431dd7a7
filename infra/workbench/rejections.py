"""What the workbench asks of ClickHouse and writes into it. Originals stay sealed here; they are opened elsewhere."""
# ruff: noqa: S608 (names put into SQL are ours; values are parameters)

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from infra.workbench.filters import Filters
from schemas.kinds import KINDS
from schemas.numbers import PartNumber

PAGE: Final = 500
"""Rows read at once where there may be very many."""

_PART: Final = ("facility", "adapter_id", "incarnation", "sequence", "part")
_SENT_AS: Final = ("replay_adapter_id", "replay_incarnation", "replay_sequence", "replay_part")


class Store(Protocol):
    """What is asked of ClickHouse (`sinks.clickhouse.client.ClickHouse`)."""

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]: ...
    def insert_rows(self, table: str, columns: list[str], rows: list[list[Any]]) -> None: ...


def counts(store: Store, filters: Filters) -> list[dict[str, Any]]:
    """A row per facility, stage, reason and rule: rejections, of these open and mended, the latest and its number.

    A part counts once, under its first rule: those that block come first.
    """
    where, values = filters.where()
    return store.rows(
        "SELECT facility, stage, reason, rules[1] AS rule, count() AS rejections, countIf(state = 'open') AS open, "
        "countIf(state = 'mended') AS mended, max(rejected_at) AS latest, argMax(number, rejected_at) AS example "
        f"FROM rejected_parts WHERE {where} "
        "GROUP BY facility, stage, reason, rule ORDER BY rejections DESC, facility, stage, reason, rule",
        values,
    )


def parts(store: Store, filters: Filters, limit: int) -> list[dict[str, Any]]:
    """Rows of `rejected_parts`, the newest first."""
    where, values = filters.where()
    sql = f"SELECT * FROM rejected_parts WHERE {where} ORDER BY rejected_at DESC, number LIMIT {{limit:UInt32}}"
    return store.rows(sql, {**values, "limit": limit})


def find(store: Store, filters: Filters) -> list[dict[str, Any]]:
    """All of them without their originals, in the order in which they were taken: an earlier message comes first."""
    where, values = filters.where()
    order = "captured_at, adapter_id, incarnation, sequence, part"
    return store.rows(f"SELECT * FROM rejected_parts WHERE {where} ORDER BY {order}", values)


def with_originals(store: Store, rows: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], bytes | None]]:
    """Each row with its sealed original as the table has it, a page at a time."""
    for first in range(0, len(rows), PAGE):
        page = rows[first : first + PAGE]
        found = store.rows(
            "SELECT concat(adapter_id, '/', incarnation, '/', toString(sequence), '/', toString(part)) AS number, stage, "
            "hex(ifNull(original, '')) AS original FROM rejected FINAL WHERE adapter_id IN {adapters:Array(String)} "
            "AND sequence IN {sequences:Array(Int64)} AND number IN {numbers:Array(String)}",
            {
                "adapters": sorted({row["adapter_id"] for row in page}),
                "sequences": sorted({int(row["sequence"]) for row in page}),
                "numbers": [row["number"] for row in page],
            },
        )
        originals = {(row["number"], row["stage"]): bytes.fromhex(row["original"]) or None for row in found}
        for row in page:
            yield row, originals.get((row["number"], row["stage"]))


def feeds(store: Store, facility: str = "") -> list[dict[str, Any]]:
    """Rows of `faulty_feeds`, the worst first."""
    sql = (
        "SELECT * FROM faulty_feeds WHERE facility = {facility:String} OR {facility:String} = '' "
        "ORDER BY is_faulty DESC, share DESC, facility, adapter_id"
    )
    return store.rows(sql, {"facility": facility})


def erased(store: Store) -> set[str]:
    """Patients whose documents were erased on request: nothing of them may come back."""
    found = store.rows("SELECT patient_key FROM erased_persons FINAL WHERE action = 'erased' AND NOT lifted")
    return {row["patient_key"] for row in found}


def whole(store: Store, kind: str, documents: Sequence[str]) -> set[str]:
    """Of these documents of a kind those that stand whole: a partial one must not take their place."""
    if kind not in KINDS or not documents:
        return set()
    sql = (
        f"SELECT document_id FROM {kind}_current FINAL WHERE NOT partial AND document_id IN {{documents:Array(String)}}"
    )
    return {row["document_id"] for row in store.rows(sql, {"documents": list(documents)})}


def ancestors(store: Store, rows: Sequence[Mapping[str, Any]]) -> dict[PartNumber, list[dict[str, Any]]]:
    """For parts that are replays themselves: the parts that they were to mend, directly or by a replay between."""
    again = [row for row in rows if row["replay_of"]]
    if not again:
        return {}
    found = store.rows(
        f"SELECT {', '.join(_PART)}, {', '.join(_SENT_AS)} FROM rejection_decisions FINAL WHERE decision = 'replayed' "
        "AND facility IN {facilities:Array(String)} AND replay_sequence IN {sequences:Array(Int64)}",
        {
            "facilities": sorted({row["facility"] for row in again}),
            "sequences": sorted({int(row["sequence"]) for row in again}),
        },
    )
    made: dict[PartNumber, list[dict[str, Any]]] = {}
    for each in found:
        sent = PartNumber(*(each[name] for name in _SENT_AS))
        made.setdefault(sent, []).append({name: each[name] for name in _PART})
    return made


def log_access(store: Store, row: Mapping[str, Any], who: str, purpose: str) -> None:
    """Before a person sees an original. Raises client.Away, and then nothing may be shown."""
    store.insert_rows(
        "original_accesses", [*_PART, "opened_by", "purpose"], [[*(row[name] for name in _PART), who, purpose]]
    )


def decide(
    store: Store,
    rows: Sequence[Mapping[str, Any]],
    decision: str,
    why: str,
    who: str,
    *,
    lifted: bool = False,
) -> None:
    """A decision about each part, with what it was sent again as (`sent_as`), where it was."""
    columns = [*_PART, "decision", *_SENT_AS, "why", "decided_by", "lifted"]
    made = []
    for row in rows:
        sent: PartNumber = row.get("sent_as") or PartNumber("", "", 0, 0)
        made.append([*(row[name] for name in _PART), decision, *sent, why, who, lifted])
    if made:
        store.insert_rows("rejection_decisions", columns, made)
