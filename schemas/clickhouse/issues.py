"""What rules that need several documents have found, and how far each has looked."""

from typing import Final

from schemas.clickhouse.retention import LOG_YEARS
from schemas.clickhouse.table import Column, Table
from schemas.header import HEADER

_HEADER: Final = {field.name: f"{field.vi} / {field.en}" for field in HEADER}


def _of(name: str, type_: str) -> Column:
    return Column(name, type_, _HEADER[name])


VISIT_ISSUES: Final = Table(
    "visit_issues",
    (
        _of("facility", "LowCardinality(String)"),
        _of("kind", "LowCardinality(String)"),
        Column("document_date", "Date", "Ngày của tài liệu / Date of the document"),
        _of("document_id", "String"),
        _of("source_system", "LowCardinality(String)"),
        _of("visit_key", "String"),
        _of("sensitivity", "LowCardinality(String)"),
        Column("rule", "LowCardinality(String)", "Quy tắc không đạt / Rule that failed"),
        Column("mode", "LowCardinality(String)", "shadow, warn hoặc block / Mode for the facility's group"),
        Column("place", "String", "Vị trí lỗi / Place of the fault"),
        Column("found", "Bool", "Lỗi còn đó ở lần xét cuối / Whether it stood when last asked"),
        Column("checked_at", "DateTime64(3, 'UTC')", "Lần xét cuối / When last asked"),
    ),
    "Lỗi giữa nhiều tài liệu / What several documents together get wrong",
    order="document_date, facility, document_id, rule",
    version="checked_at",
    partition="toYYYYMM(document_date)",
    ttl=f"toDateTime(checked_at) + INTERVAL {LOG_YEARS} YEAR",
)

RULE_RUNS: Final = Table(
    "rule_runs",
    (
        Column("rule", "String", "Quy tắc / Rule"),
        Column("fingerprint", "String", "Dấu của định nghĩa / Hash of what it asks"),
        Column("until", "DateTime64(3, 'UTC')", "Đã xét mọi dòng lưu đến / All rows stored until then were looked at"),
        Column("run_at", "DateTime64(3, 'UTC')", "Lần chạy cuối / Last run"),
        Column("issues", "UInt64", "Số lỗi lần đó tìm thấy / Issues found in it"),
    ),
    "Lần xét cuối của từng quy tắc / The last run of each rule",
    order="rule",
    version="run_at",
    shard="cityHash64(rule)",
)

RULE_VISITS: Final = Table(
    "rule_visits",
    (
        Column("run_at", "DateTime64(3, 'UTC')", "Lần chạy / The run"),
        Column("after", "DateTime64(3, 'UTC')", "Dòng lưu sau lúc này / Rows stored after this were looked at"),
        _of("facility", "LowCardinality(String)"),
        _of("visit_key", "String"),
        _of("document_id", "String"),
    ),
    "Lượt khám đã đổi mà một lần chạy xét lại / Visits that changed and that a run looks at again",
    order="run_at, after, facility, visit_key, document_id",
    ttl="toDateTime(run_at) + INTERVAL 1 DAY",
)

REPROCESSING: Final = Table(
    "reprocessing",
    (
        Column("run", "String", "Lần xử lý lại / The run"),
        Column("run_at", "DateTime64(3, 'UTC')", "Thời điểm / When"),
        *(
            _of(name, type_)
            for name, type_ in (
                ("kind", "LowCardinality(String)"),
                ("facility", "LowCardinality(String)"),
                ("adapter_id", "LowCardinality(String)"),
                ("incarnation", "LowCardinality(String)"),
                ("sequence", "Int64"),
                ("part", "Int32"),
                ("document_id", "String"),
                ("version", "Int64"),
            )
        ),
        Column("document_date", "Date", "Ngày của tài liệu / Date of the document"),
        Column("before", "Array(String)", "Quy tắc không đạt trước đó / Rules that failed before"),
        Column("after", "Array(String)", "Quy tắc không đạt theo bộ mới / Rules that fail by the new rules"),
    ),
    "Bóng của lần xử lý lại: dòng nào đổi / Shadow of a reprocessing: the rows that change",
    order="run, kind, document_date, facility, document_id, version, adapter_id, incarnation, sequence, part",
    ttl="toDateTime(run_at) + INTERVAL 30 DAY",
)

ISSUES: Final[tuple[Table, ...]] = (VISIT_ISSUES, RULE_RUNS, RULE_VISITS, REPROCESSING)
