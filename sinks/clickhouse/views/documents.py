"""Documents in force, their history, and their lines one by one."""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from collections.abc import Iterator
from typing import Final

from schemas.clickhouse.tables import DOCUMENTS as MEANING
from schemas.fields import Field
from schemas.kinds import KINDS
from sinks.clickhouse.views.view import View

DOCUMENTS: Final = {
    "encounter": "encounters",
    "prescription": "prescriptions",
    "service": "services",
    "observation": "observations",
    "referral": "referrals",
    "appointment": "appointments",
    "discharge": "discharges",
    "imaging": "imaging_studies",
    "hiv_care": "hiv_care_records",
    "birth": "births",
    "leave": "leave_papers",
    "tuberculosis": "tuberculosis_care",
}
"""Kind -> its view of current, active documents."""

LINES: Final = (
    ("prescription_lines", "prescription", "lines", "Từng dòng thuốc / One row per drug line"),
    ("service_lines", "service", "lines", "Từng dịch vụ, vật tư / One row per service or supply"),
    ("observation_results", "observation", "results", "Từng kết quả / One row per result"),
    ("birth_children", "birth", "children", "Từng trẻ / One row per child"),
    ("tuberculosis_courses", "tuberculosis", "courses", "Từng đợt điều trị lao / One row per course"),
)

OF_DOCUMENT: Final = (
    "facility, document_date, document_id, version, visit_key, patient_key, citizen_key, identity_tier, sensitivity, "
    "sex, birth_year, source_system, occurred_at"
)
_OWN: Final = frozenset(OF_DOCUMENT.split(", "))


def documents() -> Iterator[View]:
    for kind, name in DOCUMENTS.items():
        vi, _, en = MEANING[kind].partition(" / ")
        shown = "* EXCEPT (kafka_partition, kafka_offset)"
        yield View(
            name,
            f"{vi} đang có hiệu lực / {en} in force",
            f"SELECT {shown} FROM {kind}_current FINAL WHERE status = 'active'",
        )
        yield View(
            f"{name}_history",
            f"{vi}: mọi phiên bản đã nhận / {en}: every version received",
            f"SELECT {shown} FROM {kind}_history FINAL",
        )


def _lines_of(kind: str, name: str) -> tuple[Field, ...]:
    return next(field.lines for field in KINDS[kind] if field.name == name)


def lines() -> Iterator[View]:
    """A row per line, with the document's keys beside it; a line's field of a taken name is called `line_<name>`."""
    for name, kind, field, comment in LINES:
        shown = [line for line in _lines_of(kind, field) if not line.sealed]
        named = [(line, f"line_{line.name}" if line.name in _OWN else line.name) for line in shown]
        columns = ",\n  ".join(f"l.{line.name} AS {alias}" for line, alias in named)
        said = {alias: f"{line.vi} / {line.en}" for line, alias in named}
        sql = f"SELECT {OF_DOCUMENT},\n  {columns}\nFROM {DOCUMENTS[kind]} ARRAY JOIN {field} AS l"
        yield View(name, comment, sql, said)


def diagnoses() -> View:
    kinds = (kind for kind, body in KINDS.items() if any(field.name == "diagnoses" for field in body))
    each = (
        f"SELECT '{kind}' AS kind, {OF_DOCUMENT},\n  d.code AS code, d.system AS system, d.role AS role, d.text AS text\n"
        f"FROM {DOCUMENTS[kind]} ARRAY JOIN diagnoses AS d"
        for kind in kinds
    )
    said = {
        "code": "Mã bệnh / Code of the disease",
        "system": "Hệ mã: ICD-10, YHCT hoặc mã nguồn / Code system",
        "role": "Vai trò: main, other, traditional / Role",
        "text": "Tên bệnh (đã che tên, số của người bệnh) / Text, masked",
    }
    return View("diagnoses", "Từng chẩn đoán / One row per diagnosis", "\nUNION ALL\n".join(each), said)
