"""The roles of the store: what each may read or write, of which rows, and how much. Pure data.

Nobody reads a name, number or address here: they are sealed before Kafka and never reach ClickHouse. What is left to guard
are pseudonyms (still personal data by Law 91/2025), restricted documents (HIV and the like: a closed list of readers), and
other facilities' rows. Everything not granted is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from schemas import registry
from schemas.clickhouse import model
from schemas.clickhouse.reference import REFERENCE
from schemas.kinds import KINDS, RESTRICTED
from schemas.ledger import LEDGER
from sinks.clickhouse.views import DOCUMENTS, views

KEYS: Final = frozenset(
    {"patient_key", "citizen_key", "visit_key", "document_id", "content_hash", "source_message_id", "trace_id"}
    | {"replay_of", "original", "original_hash", "seen_at"}
)
"""Pseudonyms and what leads to one document: not for analysts."""

NORMAL: Final = "sensitivity = 'normal'"

CLOSED_LIST: Final = frozenset({"restricted_reader", "rejection_mender"})
"""Roles that reach kinds which stand alone (HIV care); the mender only whether a document of theirs is there."""

_ALONE: Final = frozenset(
    name
    for kind in RESTRICTED
    for name in (f"{kind}_current", f"{kind}_history", DOCUMENTS[kind], f"{DOCUMENTS[kind]}_history")
)

Columns = tuple[str, ...] | None
"""The columns that may be read; None is all."""


@dataclass(frozen=True, slots=True)
class Role:
    """`reads`: relation -> columns; `writes`: relations that may be inserted into; `rows`: relation -> condition.

    `facility` stands in conditions for the reader's own facility code. `grants` are rights beside these.
    """

    name: str
    vi: str
    en: str
    reads: Mapping[str, Columns] = field(default_factory=dict)
    writes: tuple[str, ...] = ()
    rows: Mapping[str, str] = field(default_factory=dict)
    grants: tuple[str, ...] = ()
    own_facility: bool = False
    reader: bool = True
    """A person who asks: bound by quota and a reader's profile."""


@cache
def columns() -> dict[str, tuple[str, ...]]:
    """Table -> its columns."""
    return {table.name: tuple(column.name for column in table.columns) for table in model()[0]}


def _tables() -> list[str]:
    return [f"{kind}_{which}" for kind in KINDS for which in ("history", "current")]


def _views(*, opened: bool) -> list[str]:
    return [view.name for view in views() if view.open is opened]


PUBLISHED: Final = tuple(name for name in _views(opened=True) if name.startswith("published_"))
HOUSE: Final = tuple(name for name in _views(opened=True) if not name.startswith("published_"))
"""Open views about the running of the house: no person in them."""
LISTS: Final = ("facility_register", "quality_rules", "notifiable_diseases")
CITY_ONLY: Final = frozenset({"vendor_scorecard"})
"""Open views without a facility: not for a facility's own reader."""

_LEDGER: Final = ("ledger_numbers", "ledger_closing", "ledger_days")
_BELOW: Final = (
    *_tables(), "person_documents", "identity_links", "identity_current", "identity_merged", *_LEDGER, "code_maps",
    "test_validity", "visit_issues",
)  # fmt: skip
"""What the views that run with their reader's rights read."""


def _all(*relations: str) -> dict[str, Columns]:
    return dict.fromkeys(relations)


def _without_keys() -> Iterator[tuple[str, Columns]]:
    """Documents in force and their lines, by column, without keys."""
    for kind, view in DOCUMENTS.items():
        shown = tuple(name for name in columns()[f"{kind}_current"] if name not in KEYS | {"keep_until"})
        yield f"{kind}_current", shown
        yield view, tuple(name for name in shown if name not in ("kafka_partition", "kafka_offset"))
    for view in ("prescription_lines", "service_lines", "observation_results", "diagnoses"):
        yield view, tuple(sorted(_line_columns(view)))


def _line_columns(view: str) -> set[str]:
    fields = {"prescription_lines": "prescription", "service_lines": "service", "observation_results": "observation"}
    own = {"facility", "document_date", "version", "identity_tier", "sensitivity", "sex", "birth_year", "source_system"}
    own |= {"occurred_at"}
    if view == "diagnoses":
        return own | {"kind", "code", "system", "role", "text"}
    kind = fields[view]
    lines = next(each for each in KINDS[kind] if each.type == "record" and each.name in ("lines", "results"))
    return own | {line.name for line in lines.lines if not line.sealed}


def _rows_of(relations: Mapping[str, Columns], facility: bool, restricted: bool) -> dict[str, str]:
    """Conditions on tables, and on open views (the others read tables with the reader's own conditions)."""
    made = {}
    for name in relations:
        terms = []
        own = columns().get(name, ())
        if facility and ("facility" in own or (name in HOUSE and name not in LISTS)):
            terms.append("facility IN ('', {facility})" if name == "code_maps" else "facility = {facility}")
        if not restricted and "sensitivity" in own:
            terms.append(NORMAL)
        if terms:
            made[name] = " AND ".join(terms)
    return made


def _facility_reader() -> Role:
    reads = _all(*_views(opened=False), *(name for name in HOUSE if name not in CITY_ONLY), *_BELOW)
    return Role(
        "facility_reader",
        "Cơ sở y tế: chỉ dữ liệu của mình, không tài liệu hạn chế",
        "A facility: its own rows, no restricted documents",
        reads,
        rows=_rows_of(reads, facility=True, restricted=False),
        own_facility=True,
    )


def _analyst() -> Role:
    reads = _all(*HOUSE, *PUBLISHED) | dict(_without_keys())
    return Role(
        "analyst",
        "Phân tích thành phố, quận: không mã người bệnh, số nhỏ được ẩn",
        "City or district analyst: no key of a person, small counts hidden",
        reads,
        rows=_rows_of(reads, facility=False, restricted=False),
    )


def _officer(name: str, vi: str, en: str, *, restricted: bool) -> Role:
    reads = _all(*_views(opened=False), *HOUSE, *PUBLISHED, *_BELOW)
    return Role(name, vi, en, reads, rows=_rows_of(reads, facility=False, restricted=restricted))


def _steward() -> Role:
    rejected = tuple(name for name in columns()["rejected"] if name != "original")
    reads = _all(*_views(opened=False), *HOUSE, *PUBLISHED, *_BELOW, *(table.name for table in REFERENCE))
    reads |= {"rejected": rejected, "heartbeats": None, "outcomes": None, "schema_migrations": None}
    settled = ("code_maps", "test_validity", "certificates", "scorecard_weights", "usable_thresholds")
    return Role(
        "data_steward",
        "Quản lý chất lượng dữ liệu: từ chối, quy tắc, bảng mã, chứng nhận",
        "Data steward: rejections, rules, code maps, certificates",
        reads,
        (*settled, "rejection_decisions", "rejection_limits", "original_accesses"),
        _rows_of(reads, facility=False, restricted=False),
    )


def _mender() -> Role:
    """Opens originals and sends them again; the keys that open them are no matter of ClickHouse."""
    documents = dict.fromkeys((f"{kind}_current" for kind in KINDS), ("document_id", "facility", "partial"))
    reads = _all(*HOUSE, "rejected", "rejection_decisions", "erased_persons") | documents
    return Role(
        "rejection_mender",
        "Sửa và phát lại phần bị từ chối: đọc bản gốc đã niêm phong",
        "Mends and replays rejections: reads the sealed originals",
        reads,
        ("rejection_decisions", "original_accesses"),
        _rows_of(reads, facility=False, restricted=True),
    )


def _sink() -> Role:
    tables = {table.name for table in model(registry.accepted_versions())[0] if table.engine == "Null"}
    ledger = {name.replace(".", "_") for name in LEDGER}
    return Role(
        "sink_writer",
        "Tiến trình ghi: chỉ thêm dòng",
        "The sink: inserts, and reads only what is in place",
        _all("schema_migrations", "schema_views"),
        tuple(sorted(tables | ledger | {"facilities"})),
        grants=("SELECT ON system.columns", "SELECT ON system.tables", "SHOW TABLES, SHOW COLUMNS ON {database}.*"),
        reader=False,
    )


def _rules() -> Role:
    """Sees every row: what it does not see it would take for mended. It writes what failed, not values."""
    return Role(
        "rules_runner",
        "Tiến trình xét quy tắc giữa nhiều tài liệu",
        "Rules over several documents: reads rows, writes which fail",
        _all(*_tables(), "ledger_numbers", "visit_issues", "rule_runs", "rule_visits"),
        ("visit_issues", "rule_runs", "rule_visits"),
        reader=False,
    )


def _administrator() -> Role:
    return Role(
        "administrator",
        "Quản trị: nâng cấp, xoá theo yêu cầu, cấp quyền",
        "Administrator: migrations, erasure, access",
        grants=("ALL ON *.* WITH GRANT OPTION",),
        reader=False,
    )


def _auditor() -> Role:
    return Role(
        "auditor",
        "Kiểm tra truy cập: nhật ký truy vấn, không dữ liệu",
        "Auditor: the query log, no data",
        grants=("SELECT ON system.query_log",),
    )


@cache
def roles() -> dict[str, Role]:
    """Every role by name."""
    restricted = _officer(
        "restricted_reader",
        "Danh sách đóng: cả tài liệu hạn chế (HIV ...)",
        "The closed list: restricted documents too",
        restricted=True,
    )
    officer = _officer(
        "surveillance_officer",
        "Giám sát dịch: từng ca, từng người bệnh (giả danh)",
        "Surveillance officer: cases and patients, by pseudonym",
        restricted=False,
    )
    made = (
        _facility_reader(),
        _analyst(),
        officer,
        restricted,
        _steward(),
        _mender(),
        _sink(),
        _rules(),
        _administrator(),
        _auditor(),
    )
    return {role.name: role if role.name in CLOSED_LIST else _open_kinds(role) for role in made}


def _open_kinds(role: Role) -> Role:
    """The role without the kinds that stand alone."""
    reads = {name: shown for name, shown in role.reads.items() if name not in _ALONE}
    return replace(role, reads=reads, rows={name: rows for name, rows in role.rows.items() if name not in _ALONE})
