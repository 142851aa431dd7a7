# ruff: noqa: S608 (every name put into SQL here is a constant of ours)
"""The views analysts read: names they would guess, FINAL hidden, always what holds now.

Counts are taken from the current state, never from insert-time counters, so amendments, cancellations and late links
need no repair. Every view is replaced at each start; none holds data.
"""

from collections.abc import Iterator
from typing import Final

from schemas.fields import Field
from schemas.kinds import KINDS, RESTRICTED
from sinks.clickhouse import balance

DOCUMENTS: Final = {
    "encounter": ("encounters", "Lượt khám đang có hiệu lực / Visits' documents in force"),
    "prescription": ("prescriptions", "Đơn thuốc đang có hiệu lực / Prescriptions in force"),
    "service": ("services", "Dịch vụ, vật tư đang có hiệu lực / Services and supplies in force"),
    "observation": ("observations", "Kết quả cận lâm sàng đang có hiệu lực / Results in force"),
    "referral": ("referrals", "Giấy chuyển tuyến đang có hiệu lực / Referrals in force"),
    "appointment": ("appointments", "Giấy hẹn khám lại đang có hiệu lực / Appointments in force"),
    "discharge": ("discharges", "Giấy ra viện đang có hiệu lực / Discharges in force"),
    "imaging": ("imaging_studies", "Ca chẩn đoán hình ảnh đang có hiệu lực / Imaging studies in force"),
    "hiv_care": ("hiv_care_records", "Hồ sơ điều trị HIV, hạn chế / HIV care in force, restricted readers only"),
}
"""Kind -> its view of current, active documents."""

LINES: Final = (
    ("prescription_lines", "prescription", "lines", "Từng dòng thuốc / One row per drug line"),
    ("service_lines", "service", "lines", "Từng dịch vụ, vật tư / One row per service or supply"),
    ("observation_results", "observation", "results", "Từng kết quả / One row per result"),
)

_OF_DOCUMENT: Final = (
    "facility, document_date, document_id, version, visit_key, patient_key, citizen_key, identity_tier, sex, birth_year, "
    "source_system, occurred_at"
)
_HANOI: Final = "'Asia/Ho_Chi_Minh'"


def _view(name: str, comment: str, sql: str) -> str:
    quoted = comment.replace("'", "\\'")
    return f"CREATE OR REPLACE VIEW {name} AS\n{sql}\nCOMMENT '{quoted}'"


def _lines_of(kind: str, name: str) -> tuple[Field, ...]:
    return next(field.lines for field in KINDS[kind] if field.name == name)


def _kinds_with(name: str) -> Iterator[str]:
    return (kind for kind, body in KINDS.items() if any(field.name == name for field in body))


def documents() -> list[str]:
    return [
        _view(
            name,
            comment,
            f"SELECT * EXCEPT (kafka_partition, kafka_offset) FROM {kind}_current FINAL WHERE status = 'active'",
        )
        for kind, (name, comment) in DOCUMENTS.items()
    ]


def lines() -> list[str]:
    """A row per line, with the document's keys beside it."""
    made = []
    for name, kind, field, comment in LINES:
        columns = ",\n  ".join(f"l.{line.name} AS {line.name}" for line in _lines_of(kind, field) if not line.sealed)
        sql = f"SELECT {_OF_DOCUMENT},\n  {columns}\nFROM {DOCUMENTS[kind][0]} ARRAY JOIN {field} AS l"
        made.append(_view(name, comment, sql))
    return made


def diagnoses() -> str:
    each = (
        f"SELECT '{kind}' AS kind, {_OF_DOCUMENT},\n  d.code AS code, d.system AS system, d.role AS role, d.text AS text\n"
        f"FROM {DOCUMENTS[kind][0]} ARRAY JOIN diagnoses AS d"
        for kind in _kinds_with("diagnoses")
    )
    return _view("diagnoses", "Từng chẩn đoán / One row per diagnosis", "\nUNION ALL\n".join(each))


def facility_register() -> str:
    return _view(
        "facility_register",
        "Danh sách cơ sở đang dùng / The facility register in use",
        "SELECT * FROM facilities FINAL WHERE loaded_at = (SELECT max(loaded_at) FROM facilities)",
    )


def visits() -> str:
    """One row per (facility, visit_key); without a visit number one per document, `linked` = false.

    Where the source of record (precedence 0) has spoken, its status decides; else one active document is enough. Among
    the documents that may speak for the visit: active first, then precedence, then more than a check-in, then the newest
    version.
    """
    shown = (
        "document_id, status, source_system, admitted_at, discharged_at, visit_type, main_diagnosis, sex, birth_year, "
        "patient_key, citizen_key, identity_tier, document_date"
    ).split(", ")
    columns = ",\n  ".join(f"best.{at} AS {name}" for at, name in enumerate(shown, 1) if name != "status")
    return _view(
        "visits",
        "Mỗi lượt khám một dòng / One row per visit",
        f"""SELECT facility, if(linked, visit, NULL) AS visit_key, linked,
  {columns}, sources
FROM (
  SELECT e.facility AS facility, isNotNull(e.visit_key) AS linked, ifNull(e.visit_key, e.document_id) AS visit,
    argMax(tuple({", ".join(f"e.{name}" for name in shown)}),
      tuple(r.known = 1 AND r.precedence = 0, e.status = 'active', if(r.known = 1, 255 - r.precedence, 0),
        ifNull(e.visit_state, '') != 'arrived', e.version)
    ) AS best,
    arraySort(groupUniqArray(toString(e.source_system))) AS sources
  FROM (SELECT * FROM encounter_current FINAL) AS e
  LEFT JOIN (
    SELECT facility, source_system, min(precedence) AS precedence, 1 AS known
    FROM facility_register WHERE kind = 'encounter' GROUP BY facility, source_system
  ) AS r ON r.facility = e.facility AND r.source_system = e.source_system
  GROUP BY facility, linked, visit
)
WHERE best.2 = 'active'""",
    )


def visit_counts() -> str:
    return _view(
        "visit_counts",
        "Số lượt khám theo cơ sở và ngày / Visits per facility and day",
        "SELECT facility, document_date, count() AS visits, countIf(NOT linked) AS unlinked,\n"
        "  unlinked / visits AS unlinked_share\nFROM visits GROUP BY facility, document_date",
    )


def person_timeline() -> str:
    """Documents of a patient but for restricted kinds, kept only where the current table still has that patient (a document may have moved).

    `citizen_key` is the late link's, where there is one (null: unlinked), else the worker's.
    """
    each = "\n    UNION ALL\n    ".join(
        f"SELECT '{kind}' AS kind, facility, document_date, document_id, assumeNotNull(patient_key) AS patient_key, "
        f"visit_key, citizen_key, identity_tier, occurred_at, source_system "
        f"FROM {DOCUMENTS[kind][0]} WHERE patient_key IS NOT NULL"
        for kind in KINDS
        if kind not in RESTRICTED
    )
    return _view(
        "person_timeline",
        "Hồ sơ theo người bệnh / Documents by patient",
        f"""SELECT p.patient_key AS patient_key, if(l.known = 1, l.citizen_key, c.citizen_key) AS citizen_key,
  c.occurred_at AS occurred_at, p.document_date AS document_date, p.facility AS facility, p.kind AS kind,
  p.document_id AS document_id, c.visit_key AS visit_key, c.source_system AS source_system,
  c.identity_tier AS identity_tier
FROM (SELECT * FROM person_documents FINAL) AS p
INNER JOIN (
    {each}
) AS c ON c.patient_key = p.patient_key AND c.document_date = p.document_date
  AND c.facility = p.facility AND c.document_id = p.document_id AND c.kind = p.kind
LEFT JOIN (SELECT patient_key, citizen_key, 1 AS known FROM identity_links FINAL) AS l
  ON l.patient_key = p.patient_key""",
    )


def feed_freshness() -> str:
    """Replays are left out: they keep the capture time of what they mend."""
    seconds = "(toUnixTimestamp64Milli(stored_at) - toUnixTimestamp64Milli(captured_at)) / 1000"
    each = "\n  UNION ALL ".join(
        f"SELECT facility, captured_at, stored_at FROM {kind}_history FINAL WHERE replay_of IS NULL" for kind in KINDS
    )
    return _view(
        "feed_freshness",
        "Độ trễ từ lúc nhận đến lúc lưu, giây / Seconds from capture to stored",
        f"SELECT facility, toStartOfHour(captured_at, {_HANOI}) AS hour, count() AS rows,\n"
        f"  quantileExact(0.5)({seconds}) AS p50, quantileExact(0.95)({seconds}) AS p95,\n"
        f"  quantileExact(0.99)({seconds}) AS p99\nFROM (\n  {each}\n) GROUP BY facility, hour",
    )


def rejections() -> str:
    return _view(
        "rejections",
        "Từ chối theo cơ sở, nơi, lý do, quy tắc / Rejections by facility, stage, reason, rule",
        "SELECT facility, stage, reason, rule, count() AS rejections, max(rejected_at) AS latest\n"
        "FROM rejected FINAL ARRAY JOIN if(empty(rules), [''], rules) AS rule GROUP BY facility, stage, reason, rule",
    )


def views() -> list[str]:
    """All statements in order: a view comes after those it reads."""
    return [
        facility_register(),
        *documents(),
        *lines(),
        diagnoses(),
        visits(),
        visit_counts(),
        person_timeline(),
        feed_freshness(),
        rejections(),
        _view("ledger", "Mỗi phần thông điệp và kết quả cuối / Each part and its final outcome", balance.LEDGER),
        _view("ledger_balance", "Cân đối sổ theo nguồn / The ledger's balance by feed", balance.sql("60")),
    ]
