# ruff: noqa: S608 (every name put into SQL here is a constant of ours)
"""What the ledger says: used by `livingdata reconcile`, the demo's report and its latency probe."""

from typing import Any, Final, NamedTuple, Protocol

from schemas.numbers import is_history
from sinks.clickhouse import balance as ledger
from sinks.clickhouse.views import DOCUMENTS

TIERS: Final = ("verified", "probable", "conflict", "unmatched")
COUNTS: Final = ("published", "accepted", "amended", "duplicate", "rejected", "stored", "missing")
SAMPLE_ONE_IN: Final = 20
PROBED: Final = ("encounter", "prescription", "service", "observation", "imaging")


class Visible(NamedTuple):
    """A document that a view shows. `captured_ms` is UTC; `history`: it was told by a feed that tells of the past."""

    document_id: str
    version: int
    captured_ms: int
    history: bool


class Store(Protocol):
    """What is asked of ClickHouse (`client.ClickHouse`)."""

    def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]: ...


def balance(client: Store, facility: str | None = None, settle_seconds: int = 60) -> list[dict[str, Any]]:
    """A row per feed and incarnation, the columns of the view `ledger_balance`.

    `settle_seconds` 0 asks after draining: the newest heartbeat's mark counts. Raises client.Away.
    """
    sql = (
        f"SELECT * FROM ({ledger.sql('{settle:UInt32}')}) WHERE facility = {{facility:String}} OR {{facility:String}} = ''"
        " ORDER BY facility, adapter_id, incarnation"
    )
    return client.rows(sql, {"settle": settle_seconds, "facility": facility or ""})


def facilities(client: Store, settle_seconds: int = 60) -> dict[str, dict[str, Any]]:
    """Facility code -> counts of parts, visits, stored parts by identity tier. Registered facilities that never sent
    are there too, with zeros."""
    codes = [row["facility"] for row in client.rows("SELECT DISTINCT facility FROM facility_register")]
    made = {code: _empty() for code in codes}
    for row in balance(client, settle_seconds=settle_seconds):
        counts = made.setdefault(row["facility"], _empty())
        for name in COUNTS:
            counts[name] += int(row[name])
    for row in client.rows("SELECT facility, count() AS visits FROM visits GROUP BY facility"):
        made.setdefault(row["facility"], _empty())["visits"] = int(row["visits"])
    tiers = (
        "SELECT facility, identity_tier AS tier, count() AS parts FROM ledger "
        "WHERE outcome IN ('accepted', 'amended') GROUP BY facility, tier"
    )
    for row in client.rows(tiers):
        identity = made.setdefault(row["facility"], _empty())["identity"]
        identity[row["tier"]] = identity.get(row["tier"], 0) + int(row["parts"])
    return dict(sorted(made.items()))


def totals(client: Store, settle_seconds: int = 60) -> dict[str, Any]:
    """The same over all facilities."""
    total = _empty()
    for counts in facilities(client, settle_seconds).values():
        for name in (*COUNTS, "visits"):
            total[name] += counts[name]
        for tier, parts in counts["identity"].items():
            total["identity"][tier] = total["identity"].get(tier, 0) + parts
    return total


def _empty() -> dict[str, Any]:
    return dict.fromkeys((*COUNTS, "visits"), 0) | {"identity": dict.fromkeys(TIERS, 0)}


def visible(client: Store, since_ms: int) -> list[Visible]:
    """A sample of the documents captured since `since_ms` that the views show now: one document in SAMPLE_ONE_IN, always
    the same ones."""
    each = " UNION ALL ".join(
        "SELECT document_id, version, toUnixTimestamp64Milli(captured_at) AS captured_ms, adapter_id "
        f"FROM {DOCUMENTS[kind]} "
        f"WHERE captured_at >= fromUnixTimestamp64Milli({{since:Int64}}) "
        f"AND cityHash64(document_id) % {SAMPLE_ONE_IN} = 0"
        for kind in PROBED
    )
    return [
        Visible(row["document_id"], int(row["version"]), int(row["captured_ms"]), is_history(row["adapter_id"]))
        for row in client.rows(each, {"since": since_ms})
    ]
