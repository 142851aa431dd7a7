"""What is asked of ClickHouse about who is who: what was said, and the patients who want a person's decision.

A patient is in the queue while documents of it in force are `conflict` or `probable` and no person has decided, and while a
merge of it waits (`identity_held`: two verified citizens). Kinds that stand alone (HIV care) are not looked at. Nothing here
is a value of a patient.
"""
# ruff: noqa: S608 (names put into SQL are ours; values are parameters)

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from schemas.kinds import KINDS, RESTRICTED

TIERS: Final = ("conflict", "probable")
_CITIZEN: Final = "about = 'citizen' AND action IN ('link', 'unlink')"

_HELD: Final = (
    "SELECT facility, patient_key, 'conflict' AS tier, rule, 0 AS score, CAST(NULL AS Nullable(String)) AS candidate, "
    "0 AS documents, linked_at AS since, linked_at AS latest, CAST(into_key AS Nullable(String)) AS into_key "
    "FROM identity_held WHERE (facility = {facility:String} OR {facility:String} = '')"
)


class Store(Protocol):
    """What is asked of ClickHouse (`sinks.clickhouse.client.ClickHouse`)."""

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]: ...
    def insert_rows(self, table: str, columns: list[str], rows: list[list[Any]]) -> None: ...


def _doubtful() -> str:
    each = " UNION ALL ".join(
        f"SELECT facility, assumeNotNull(patient_key) AS patient_key, identity_tier, identity_rule, identity_score, citizen_key, "
        f"captured_at FROM {kind}_current FINAL WHERE identity_tier IN {TIERS} AND patient_key IS NOT NULL "
        "AND status = 'active' AND (facility = {facility:String} OR {facility:String} = '')"
        for kind in KINDS
        if kind not in RESTRICTED
    )
    return (
        f"SELECT facility, patient_key, argMax(identity_tier, captured_at) AS tier, "
        "argMax(identity_rule, captured_at) AS rule, argMax(identity_score, captured_at) AS score, "
        "argMax(tuple(d.citizen_key), captured_at).1 AS candidate, count() AS documents, "
        "min(captured_at) AS since, max(captured_at) AS latest, CAST(NULL AS Nullable(String)) AS into_key "
        f"FROM ({each}) AS d "
        f"WHERE patient_key NOT IN (SELECT patient_key FROM identity_current FINAL WHERE {_CITIZEN}) "
        f"GROUP BY facility, patient_key UNION ALL {_HELD}"
    )


def counts(store: Store, facility: str = "") -> list[dict[str, Any]]:
    """By facility, tier and rule: patients, documents, and how long the first has waited (days)."""
    return store.rows(
        "SELECT facility, tier, rule, count() AS patients, sum(documents) AS documents, "
        "dateDiff('day', min(since), now64(3)) AS oldest_days "
        f"FROM ({_doubtful()}) GROUP BY facility, tier, rule ORDER BY oldest_days DESC, facility, tier, rule",
        {"facility": facility},
    )


def waiting(
    store: Store, facility: str = "", tier: str = "", patient: str = "", limit: int = 50
) -> list[dict[str, Any]]:
    """Patients, who has waited longest first."""
    return store.rows(
        f"SELECT *, dateDiff('day', since, now64(3)) AS days FROM ({_doubtful()}) "
        "WHERE (tier = {tier:String} OR {tier:String} = '') AND (patient_key = {patient:String} OR {patient:String} = '') "
        "ORDER BY since, patient_key LIMIT {limit:UInt32}",
        {"facility": facility, "tier": tier, "patient": patient, "limit": limit},
    )


def documents(store: Store, patient: str) -> list[dict[str, Any]]:
    """A patient's documents in force, the newest first: what they are and where they stand on Kafka, not what they say."""
    each = " UNION ALL ".join(
        f"SELECT kind, facility, document_id, toString(document_date) AS document_date, source_system, identity_tier, "
        "identity_rule, identity_score, captured_at, adapter_id, incarnation, sequence, part, kafka_partition, kafka_offset "
        f"FROM {kind}_current FINAL WHERE patient_key = {{patient:String}} AND (document_date, facility, document_id) IN "
        "(SELECT document_date, facility, document_id FROM person_documents WHERE patient_key = {patient:String})"
        for kind in KINDS
        if kind not in RESTRICTED
    )
    return store.rows(f"SELECT * FROM ({each}) ORDER BY captured_at DESC LIMIT 200", {"patient": patient})


def shared_with(store: Store, citizen: str, patient: str) -> int:
    """Other patients whose documents are of this citizen."""
    sql = (
        "SELECT uniqExact(patient_key) AS n FROM person_documents FINAL "
        "WHERE citizen_key = {citizen:String} AND patient_key != {patient:String}"
    )
    return int(store.rows(sql, {"citizen": citizen, "patient": patient})[0]["n"])


def facilities(store: Store, patients: Sequence[str]) -> dict[str, str]:
    """Patient -> facility, of those who have a document."""
    sql = "SELECT DISTINCT patient_key, facility FROM person_documents WHERE patient_key IN {patients:Array(String)}"
    return {row["patient_key"]: row["facility"] for row in store.rows(sql, {"patients": list(patients)})}


def decided(store: Store, patients: Sequence[str]) -> set[str]:
    """Of these, those whom a person has decided about."""
    sql = (
        f"SELECT patient_key FROM identity_current FINAL WHERE {_CITIZEN} AND patient_key IN {{patients:Array(String)}}"
    )
    return {row["patient_key"] for row in store.rows(sql, {"patients": list(patients)})}


def statements(
    store: Store, *, facility: str = "", patient: str = "", citizen: str = "", history: bool = False, limit: int = 50
) -> list[dict[str, Any]]:
    """What was said late, the newest first; with `history` everything, not only what holds."""
    table = "identity_links" if history else "identity_current"
    return store.rows(
        "SELECT patient_key, action, citizen_key, into_key, facility, rule, linked_at, decided_by, why, version "
        f"FROM {table} FINAL WHERE (facility = {{facility:String}} OR {{facility:String}} = '') "
        "AND (patient_key = {patient:String} OR into_key = {patient:String} OR {patient:String} = '') "
        "AND (citizen_key = {citizen:String} OR {citizen:String} = '') "
        "ORDER BY version DESC, patient_key LIMIT {limit:UInt32}",
        {"facility": facility, "patient": patient, "citizen": citizen, "limit": limit},
    )
