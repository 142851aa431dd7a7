"""The tables. Each kind has two fed by one insert, and landings for older shapes.

`<kind>_history` keeps every version; only repeats of one number collapse. `<kind>_current` keeps the newest version of
each document; a materialized view feeds it, leaving out what arrived superseded (of equal versions the first holds).
"""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

import re
from dataclasses import replace
from typing import Final

from schemas.avro import Schema
from schemas.clickhouse.issues import ISSUES
from schemas.clickhouse.layout import SINGLE, Layout
from schemas.clickhouse.reference import REFERENCE
from schemas.clickhouse.retention import LEDGER_DAYS, LOG_YEARS, ORIGINAL_DAYS, keep_until
from schemas.clickhouse.table import Column, Feed, Table, column, columns
from schemas.fields import Field
from schemas.header import COORDINATES, ENRICHMENT, HEADER
from schemas.kinds import KINDS, RESTRICTED
from schemas.ledger import LEDGER, MERGE_ACTIONS

NUMBER_KEY: Final = "adapter_id, incarnation, sequence, part"

_LOW: Final = re.compile(r"LowCardinality\((Nullable\(String\)|String)\)")

COMPACT: Final = "min_bytes_for_wide_part = 268435456, max_compress_block_size = 65536"
"""A batch is one compact part. As a wide part (from 10 MB, the default) it opens a file and a buffer per column: measured
with 20,000 documents, an insert then takes twice as long and 600-1,000 MB instead of 100-200 MB. Merges make wide parts. Smaller blocks: each of a
hundred columns has a buffer of that size while a part is written."""

BY_CAPTURE: Final = "INDEX by_capture captured_at TYPE minmax GRANULARITY 1"
"""The gate, freshness and silent feeds ask for the past days by the time of capture, and the order is the document's date."""

STORED_AT: Final = Column("stored_at", "DateTime64(3, 'UTC')", "Thời điểm lưu / When it was stored", "DEFAULT now64(3)")

DOCUMENTS: Final[dict[str, str]] = {
    "encounter": "Lượt khám / Visits' documents",
    "prescription": "Đơn thuốc / Prescriptions",
    "service": "Dịch vụ kỹ thuật, vật tư / Services and supplies",
    "observation": "Kết quả cận lâm sàng / Laboratory and functional results",
    "referral": "Giấy chuyển tuyến / Referrals",
    "appointment": "Giấy hẹn khám lại / Appointments",
    "discharge": "Giấy ra viện / Discharges",
    "imaging": "Chẩn đoán hình ảnh / Imaging studies",
    "hiv_care": "Hồ sơ điều trị HIV (hạn chế) / HIV care (restricted)",
    "birth": "Giấy chứng sinh / Births",
    "leave": "Giấy nghỉ dưỡng thai, nghỉ việc / Papers for leave",
    "tuberculosis": "Điều trị lao / Treatment of tuberculosis",
}


def columns_of(kind: str) -> tuple[Field, ...]:
    """The fields of a stored row, sealed ones included."""
    return HEADER + KINDS[kind] + ENRICHMENT + COORDINATES


def table_name(topic: str) -> str:
    """`identity.links` -> `identity_links`."""
    return topic.replace(".", "_")


def landing_name(kind: str, schema_id: int) -> str:
    """The table that takes values of this schema."""
    return f"{kind}_from_{schema_id}"


def kind_tables(kind: str) -> tuple[Table, Table]:
    """History and current."""
    vi, _, en = DOCUMENTS[kind].partition(" / ")
    shared = (*columns(columns_of(kind)), STORED_AT)
    keep = Column("keep_until", "Date", "Được xoá từ ngày / May go from", f"MATERIALIZED {keep_until(kind)}")
    key = "document_date, facility, document_id"
    month = "toYYYYMM(document_date)"
    return (
        Table(
            f"{kind}_history",
            (*shared, keep),
            f"{vi}: mọi phiên bản / {en}: every version",
            order=f"{key}, version, {NUMBER_KEY}",
            partition=month,
            ttl="keep_until",
            index=BY_CAPTURE,
            settings=COMPACT,
        ),
        Table(
            f"{kind}_current",
            (*shared, keep),
            f"{vi}: phiên bản mới nhất / {en}: the newest version",
            order=key,
            version="version",
            partition=month,
            ttl="keep_until",
            index=f"INDEX by_time occurred_at TYPE minmax GRANULARITY 1,\n  {BY_CAPTURE}",
            settings=COMPACT,
        ),
    )


_ASKED: Final = "SELECT patient_key FROM erased_persons FINAL WHERE action = 'restricted' AND NOT lifted"
"""Whose documents are kept but shown to nobody; the list is short, so looking it up costs an insert nothing."""


def kind_feeds(kind: str) -> tuple[Feed, ...]:
    history = f"{kind}_history"
    persons = Feed(
        f"{kind}_to_persons",
        history,
        "person_documents",
        "SELECT assumeNotNull(patient_key) AS patient_key, citizen_key, document_date, facility, document_id, kind,\n"
        "  version, identity_tier FROM {source} WHERE patient_key IS NOT NULL",
    )
    return (
        Feed(
            f"{kind}_to_current",
            history,
            f"{kind}_current",
            f"SELECT * REPLACE (if(patient_key IN ({_ASKED}), 'restricted', status) AS status)\n"
            "FROM {source} WHERE NOT superseded",
        ),
        Feed(
            f"{kind}_to_ledger",
            history,
            "ledger_numbers",
            f"SELECT {NUMBER_KEY}, parts, facility, kind, captured_at, outcome, identity_tier, 3 AS rank,\n"
            f"  {keep_until(kind)} AS keep_until FROM {{source}}",
        ),
        *(() if kind in RESTRICTED else (persons,)),
    )


def landing(kind: str, schema_id: int, accepted: Schema) -> tuple[Table, Feed]:
    """The way in of one schema: a table without storage, shaped as the values are, that hands them on to the history.

    Two reasons. ClickHouse's Avro reader puts values into low-cardinality columns one by one, into plain ones five times
    as fast (measured; ten times inside lines), and the conversion of a whole column afterwards costs little. And it wants
    as many fields in a record as in the tuple it fills, so a schema whose *lines* lack a field of the newest could not be
    read into the newest's table; the conversion goes by name.
    """
    known = {field["name"]: field for field in accepted["fields"]}
    shown = [
        _plain(_as_told(field, known.get(field.name)))
        for field in columns_of(kind)
        if not field.sealed and (field.name in known or field in COORDINATES)
    ]
    name = landing_name(kind, schema_id)
    vi, _, en = DOCUMENTS[kind].partition(" / ")
    comment = f"{vi}: cửa vào của lược đồ {schema_id} / {en}: the way in of schema {schema_id}"
    return Table(name, tuple(shown), comment, engine="Null"), Feed(
        f"{name}_on", name, f"{kind}_history", "SELECT * FROM {source}"
    )


def _as_told(field: Field, told: Schema | None) -> Field:
    """The field with only those lines that the schema has."""
    if field.type != "record" or told is None:
        return field
    names = {line["name"] for line in told["type"]["items"]["fields"]}
    return replace(field, lines=tuple(line for line in field.lines if line.name in names))


def _plain(field: Field) -> Column:
    made = column(field)
    return replace(made, type=_LOW.sub(r"\1", made.type))


_RANK: Final = (
    "3 dòng đã lưu, 2 từ chối, 1 trùng, 0 mới chỉ được hứa / 3 stored row, 2 rejection, 1 duplicate, 0 only promised"
)
_HEADER: Final = {field.name: field for field in (*HEADER, *ENRICHMENT)}


def _of_header(*names: str) -> tuple[Column, ...]:
    return columns(tuple(_HEADER[name] for name in names))


_NUMBER: Final = _of_header("adapter_id", "incarnation", "sequence", "part")

_LEDGER_ROW: Final = (
    *_NUMBER,
    *_of_header("parts", "facility", "kind", "captured_at", "outcome", "identity_tier"),
    Column("rank", "UInt8", _RANK),
    Column("keep_until", "Date", "Dòng được xoá từ ngày / The row may go from", "DEFAULT toDate('2149-06-06')"),
)


def _numbers(name: str, comment: str) -> Table:
    """By month of capture, so that a month can be moved out whole and frozen."""
    month = "toYYYYMM(captured_at, 'Asia/Ho_Chi_Minh')"
    return Table(name, _LEDGER_ROW, comment, order=f"facility, {NUMBER_KEY}", version="rank", partition=month)


_LINK: Final = {made.name: made for made in columns(LEDGER["identity.links"])}
_IN_FORCE: Final = (
    "action", "citizen_key", "into_key", "facility", "version", "rule", "linked_at", "decided_by", "why",
)  # fmt: skip

SHARED: Final[tuple[Table, ...]] = (
    _numbers("ledger_numbers", "Mọi phần thông điệp được biết / Every part of a message that is known"),
    _numbers("ledger_closing", "Phần của tháng đang chốt sổ / Parts of a month that is being frozen"),
    Table(
        "ledger_days",
        (
            *_of_header("facility", "adapter_id", "incarnation"),
            Column("day", "Date", "Ngày nhận (giờ Hà Nội) / Day of capture, Hanoi"),
            Column("messages", "UInt64", "Thông điệp / Messages"),
            *(
                Column(outcome, "UInt64", f"Phần {vi} / Parts {outcome}")
                for outcome, vi in (("accepted", "nhận mới"), ("amended", "sửa đổi"), ("duplicate", "trùng"))
            ),
            Column(
                "ranges",
                "Array(Tuple(first Int64, last Int64))",
                "Các số đã chốt, từ đến / The numbers frozen, from and to",
            ),
            Column("frozen_at", "DateTime64(3, 'UTC')", "Chốt lúc / When it was frozen", "DEFAULT now64(3)"),
        ),
        "Sổ ngày đã chốt: các số trọn vẹn, mỗi nguồn một dòng một ngày / Frozen days: complete numbers, one row per feed and day",
        order="facility, adapter_id, incarnation, day",
        version="frozen_at",
    ),
    Table(
        "incarnations",
        (
            *_of_header("facility", "adapter_id", "incarnation"),
            Column("at", "DateTime64(3, 'UTC')", "Nhịp tim mới nhất / The newest heartbeat"),
            Column("taken", "Int64", "Số lớn nhất đã nhận / Highest number taken"),
            Column("acknowledged", "Int64", "Mọi số đến đây đã được xác nhận / All up to here are acknowledged"),
            Column("ended", "Bool", "Đời này đã kết thúc / This incarnation has ended"),
        ),
        "Nhịp tim mới nhất của từng đời, giữ mãi / The newest heartbeat of each incarnation, kept for good",
        order="facility, adapter_id, incarnation",
        version="at",
    ),
    Table(
        "erased_numbers",
        (
            *_of_header("facility"),
            *_NUMBER,
            Column("erased_at", "DateTime64(3, 'UTC')", "Thời điểm xoá / When its row was erased"),
        ),
        "Phần có dòng đã xoá theo yêu cầu / Parts whose row was erased on request",
        order=f"facility, {NUMBER_KEY}",
    ),
    Table(
        "person_documents",
        (
            Column("patient_key", "String", f"{_HEADER['patient_key'].vi} / {_HEADER['patient_key'].en}"),
            *_of_header("citizen_key", "document_date", "facility", "document_id", "kind", "version", "identity_tier"),
        ),
        "Tài liệu theo người bệnh / Documents by patient",
        order="patient_key, document_date, facility, document_id",
        version="version",
        index="INDEX by_citizen citizen_key TYPE bloom_filter GRANULARITY 1",
    ),
    Table(
        "identity_current",
        (
            _LINK["patient_key"],
            Column(
                "about",
                "LowCardinality(String)",
                "citizen: người quyết định; service: dịch vụ trả lời; merge / By a person, by a service, or a merge",
            ),
            *(_LINK[name] for name in _IN_FORCE),
        ),
        "Liên kết đang có hiệu lực theo người bệnh / What was last said of a patient's citizen and of its merge",
        order="patient_key, about",
        version="version",
        # What is asked of merges, again and again along their chains, does not read a million links.
        partition="about",
        index="INDEX by_citizen citizen_key TYPE bloom_filter GRANULARITY 1",
    ),
    Table(
        "identity_merged",
        (
            *_of_header("facility"),
            _LINK["patient_key"],
            Column(
                "surviving_key",
                "String",
                "Người bệnh còn lại theo mọi lệnh gộp; rỗng: không gộp / Who stays by every merge; empty: not merged",
            ),
            Column(
                "confirmed_key",
                "String",
                "Người bệnh còn lại theo lệnh gộp có người xác nhận / Who stays by those merges that a person said",
            ),
            Column("settled_at", "DateTime64(3, 'UTC')", "Tính lúc / When it was worked out"),
        ),
        "Nhóm người bệnh đã gộp / Groups of merged patients, worked out when a merge is told",
        order="patient_key",
        version="settled_at",
    ),
)
"""The ledger of numbers, the persons' documents, who is who: what the feeds write into."""

_LEDGER_ORDER: Final = {
    "rejected": NUMBER_KEY + ", stage",
    "outcomes": "topic, source_partition, first_offset, last_offset, processed_at",
    "heartbeats": "adapter_id, incarnation, at",
    "identity.links": f"patient_key, version, {NUMBER_KEY}, action",
}
_LEDGER_COMMENT: Final = {
    "rejected": "Phần bị từ chối, lý do, bản gốc niêm phong / Rejected parts, why, the sealed original",
    "outcomes": "Kết quả theo lô xử lý / Outcomes by chunk",
    "heartbeats": "Nhịp tim của các nguồn / Heartbeats of the feeds",
    "identity.links": "Ai là ai, mọi điều đã nói sau / Who is who: everything that was said late",
}


_LEDGER_TTL: Final = {
    "rejected": f"toDateTime(rejected_at) + INTERVAL {LOG_YEARS} YEAR",
    "outcomes": f"toDateTime(processed_at) + INTERVAL {LEDGER_DAYS} DAY",
    "heartbeats": f"toDateTime(at) + INTERVAL {LEDGER_DAYS} DAY DELETE WHERE empty(silent)",
}
"""What the ledger needs of them stands elsewhere: outcomes in `ledger_numbers`, the newest heartbeat in `incarnations`. Numbers
that yielded no document stand in heartbeats alone, so those are kept."""


def ledger_table(name: str) -> Table:
    made = columns(LEDGER[name] + COORDINATES)
    if name == "rejected":
        gone = f"toDateTime(rejected_at) + INTERVAL {ORIGINAL_DAYS} DAY"
        made = tuple(Column(c.name, c.type, c.comment, ttl=gone) if c.name == "original" else c for c in made)
    return Table(
        table_name(name),
        (*made, STORED_AT),
        _LEDGER_COMMENT[name],
        order=_LEDGER_ORDER[name],
        ttl=_LEDGER_TTL.get(name, ""),
        shard="cityHash64(worker)" if name == "outcomes" else "cityHash64(facility)",
    )


_ABOUT: Final = f"multiIf(action IN {MERGE_ACTIONS}, 'merge', decided_by IS NULL, 'service', 'citizen')"

LEDGER_FEEDS: Final[tuple[Feed, ...]] = (
    Feed(
        "heartbeats_to_incarnations",
        "heartbeats",
        "incarnations",
        "SELECT facility, adapter_id, incarnation, at, taken, acknowledged, ended FROM {source}",
    ),
    Feed(
        "rejected_to_ledger",
        "rejected",
        "ledger_numbers",
        f"SELECT {NUMBER_KEY}, parts, facility, ifNull(kind, '') AS kind, captured_at, 'rejected' AS outcome,\n"
        "  '' AS identity_tier, 2 AS rank FROM {source}",
    ),
    Feed(
        "outcomes_to_ledger",
        "outcomes",
        "ledger_numbers",
        "SELECT feeds[n.feed + 1].adapter_id AS adapter_id, feeds[n.feed + 1].incarnation AS incarnation,\n"
        "  n.sequence AS sequence, n.part AS part, n.parts AS parts, feeds[n.feed + 1].facility AS facility,\n"
        "  splitByChar('.', topic)[2] AS kind, n.captured_at AS captured_at,\n"
        "  n.outcome AS outcome, '' AS identity_tier, if(n.outcome = 'duplicate', 1, 0) AS rank\n"
        "FROM {source} ARRAY JOIN numbers AS n WHERE n.outcome != 'rejected'",
        apart=True,
    ),
    Feed(
        "links_to_current",
        "identity_links",
        "identity_current",
        f"SELECT patient_key, {_ABOUT} AS about, {', '.join(_IN_FORCE)}\nFROM {{source}}",
    ),
    Feed(
        "links_to_ledger",
        "identity_links",
        "ledger_numbers",
        f"SELECT {NUMBER_KEY}, parts, facility, 'link' AS kind, linked_at AS captured_at, 'accepted' AS outcome,\n"
        "  '' AS identity_tier, 3 AS rank FROM {source} WHERE adapter_id != ''",
    ),
)


def model(versions: dict[str, dict[int, Schema]] | None = None) -> tuple[tuple[Table, ...], tuple[Feed, ...]]:
    """All tables and feeds, each after what it needs. `versions`: kind -> schema id -> accepted schema of every version."""
    tables = [*SHARED, *REFERENCE, *ISSUES, *(ledger_table(name) for name in LEDGER)]
    feeds = list(LEDGER_FEEDS)
    for kind in KINDS:
        tables.extend(kind_tables(kind))
        feeds.extend(kind_feeds(kind))
        for schema_id, accepted in (versions or {}).get(kind, {}).items():
            table, feed = landing(kind, schema_id, accepted)
            tables.append(table)
            feeds.append(feed)
    return tuple(tables), tuple(feeds)


def statements(layout: Layout = SINGLE, versions: dict[str, dict[int, Schema]] | None = None) -> list[str]:
    """Every statement in order, for reading: what a new database is made of."""
    tables, feeds = model(versions)
    return [made for table in tables for made in layout.create(table)] + [layout.feed(feed) for feed in feeds]
