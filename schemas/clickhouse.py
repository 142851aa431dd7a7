"""The shape of ClickHouse: tables made from the field table. Each kind has two tables fed by one insert.

`<kind>_history` keeps every version; only repeats of one number collapse. `<kind>_current` keeps the newest version of
each document; a materialized view feeds it, leaving out what arrived superseded (of equal versions the first holds).
Every statement is `IF NOT EXISTS`: running them again changes nothing.
"""

from typing import Final

from schemas.fields import Field, clickhouse_type
from schemas.header import COORDINATES, ENRICHMENT, HEADER
from schemas.kinds import KINDS, RESTRICTED
from schemas.ledger import LEDGER

NUMBER_KEY: Final = "adapter_id, incarnation, sequence, part"

COMPACT: Final = "SETTINGS min_bytes_for_wide_part = 268435456"
"""A batch is one compact part. As a wide part (from 10 MB, the default) it opens a file and a buffer per column: measured
with 20,000 documents, an insert then takes twice as long and 600-1,000 MB instead of 100-200 MB. Merges make wide parts."""


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _columns(fields: tuple[Field, ...]) -> str:
    shown = (field for field in fields if not field.sealed)
    return ",\n  ".join(f"{f.name} {clickhouse_type(f)} COMMENT {_text(f'{f.vi} / {f.en}')}" for f in shown)


def columns_of(kind: str) -> tuple[Field, ...]:
    return HEADER + KINDS[kind] + ENRICHMENT + COORDINATES


def kind_tables(kind: str) -> list[str]:
    columns = _columns(columns_of(kind))
    stored = "stored_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'Thời điểm lưu / When it was stored'"
    index = "INDEX by_time occurred_at TYPE minmax GRANULARITY 1"
    tail = "PARTITION BY toYYYYMM(document_date) ORDER BY"
    made = [
        f"CREATE TABLE IF NOT EXISTS {kind}_history (\n  {columns},\n  {stored}\n)\n"
        f"ENGINE = ReplacingMergeTree {tail} (document_date, facility, document_id, version, {NUMBER_KEY}) {COMPACT}",
        f"CREATE TABLE IF NOT EXISTS {kind}_current (\n  {columns},\n  {stored},\n  {index}\n)\n"
        f"ENGINE = ReplacingMergeTree(version) {tail} (document_date, facility, document_id) {COMPACT}",
        f"CREATE MATERIALIZED VIEW IF NOT EXISTS {kind}_to_current TO {kind}_current AS\n"
        f"SELECT * FROM {kind}_history WHERE NOT superseded",
        f"CREATE MATERIALIZED VIEW IF NOT EXISTS {kind}_to_ledger TO ledger_numbers AS\n"
        f"SELECT {NUMBER_KEY}, parts, facility, kind, captured_at, outcome, identity_tier, 3 AS rank "
        f"FROM {kind}_history",
    ]
    if kind not in RESTRICTED:
        made.append(
            f"CREATE MATERIALIZED VIEW IF NOT EXISTS {kind}_to_persons TO person_documents AS\n"
            f"SELECT assumeNotNull(patient_key) AS patient_key, document_date, facility, document_id, kind, version\n"
            f"FROM {kind}_history WHERE patient_key IS NOT NULL"
        )
    return made


def shared_tables() -> list[str]:
    """What stands before the kinds: the ledger of numbers and the persons' documents."""
    return [
        "CREATE TABLE IF NOT EXISTS ledger_numbers (\n"
        "  adapter_id LowCardinality(String), incarnation LowCardinality(String), sequence Int64, part Int32,\n"
        "  parts Int32, facility LowCardinality(String), kind LowCardinality(String),\n"
        "  captured_at DateTime64(3, 'UTC'), outcome LowCardinality(String),\n"
        "  identity_tier LowCardinality(String),\n"
        "  rank UInt8 COMMENT '3 dòng đã lưu, 2 từ chối, 1 trùng, 0 mới chỉ được hứa / "
        "3 stored row, 2 rejection, 1 duplicate, 0 only promised'\n"
        f") ENGINE = ReplacingMergeTree(rank) ORDER BY (facility, {NUMBER_KEY})",
        "CREATE TABLE IF NOT EXISTS person_documents (\n"
        "  patient_key String, document_date Date, facility LowCardinality(String), document_id String,\n"
        "  kind LowCardinality(String), version Int64\n"
        ") ENGINE = ReplacingMergeTree(version) ORDER BY (patient_key, document_date, facility, document_id)",
        "CREATE TABLE IF NOT EXISTS facilities (\n"
        "  facility LowCardinality(String), name String, organisation String, synthetic Bool, unit_responsible String,\n"
        "  kind LowCardinality(String), source_system LowCardinality(String), source_format LowCardinality(String),\n"
        "  precedence UInt8 COMMENT '0 là nguồn chính / 0 is the source of record', since Date, loaded_at DateTime64(3)\n"
        ") ENGINE = ReplacingMergeTree(loaded_at) ORDER BY (facility, kind, source_system, source_format)",
    ]


def ledger_tables() -> list[str]:
    order = {
        "rejected": NUMBER_KEY + ", stage",
        "outcomes": "topic, source_partition, first_offset, last_offset, processed_at",
        "heartbeats": "adapter_id, incarnation, at",
        "identity.links": "patient_key",
    }
    tables = []
    for name, fields in LEDGER.items():
        engine = "ReplacingMergeTree(version)" if name == "identity.links" else "ReplacingMergeTree"
        tables.append(
            f"CREATE TABLE IF NOT EXISTS {table_name(name)} (\n  {_columns(fields + COORDINATES)},\n"
            "  stored_at DateTime64(3, 'UTC') DEFAULT now64(3)\n"
            f") ENGINE = {engine} ORDER BY ({order[name]})"
        )
    tables.append(
        "CREATE MATERIALIZED VIEW IF NOT EXISTS rejected_to_ledger TO ledger_numbers AS\n"
        f"SELECT {NUMBER_KEY}, parts, facility, ifNull(kind, '') AS kind, captured_at, 'rejected' AS outcome, "
        "'' AS identity_tier, 2 AS rank FROM rejected"
    )
    tables.append(
        "CREATE MATERIALIZED VIEW IF NOT EXISTS outcomes_to_ledger TO ledger_numbers AS\n"
        "SELECT feeds[n.feed + 1].adapter_id AS adapter_id, feeds[n.feed + 1].incarnation AS incarnation,\n"
        "  n.sequence AS sequence, n.part AS part, n.parts AS parts, feeds[n.feed + 1].facility AS facility,\n"
        "  replaceOne(topic, 'received.', '') AS kind, n.captured_at AS captured_at,\n"
        "  n.outcome AS outcome, '' AS identity_tier, if(n.outcome = 'duplicate', 1, 0) AS rank\n"
        "FROM outcomes ARRAY JOIN numbers AS n WHERE n.outcome != 'rejected'"
    )
    return tables


def table_name(topic: str) -> str:
    """`identity.links` -> `identity_links`."""
    return topic.replace(".", "_")


def tables() -> list[str]:
    """All statements in order."""
    made = shared_tables() + ledger_tables()
    for kind in KINDS:
        made.extend(kind_tables(kind))
    return made
