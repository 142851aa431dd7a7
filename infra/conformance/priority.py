"""What the Department needs first, per kind: the first-priority fields, and how full they are in one document.

The idea and the 80 % gate follow the priority-1 elements of the US surveillance platform (CDC NSSP), which takes a feed
into production when these are complete enough. Which fields they are is our own choice: no Vietnamese text names such a
list. Fields that only one format has stand beside what the other formats say instead.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

GATE: Final = 0.80
"""Least share of first-priority fields that are filled, per kind."""


@dataclass(frozen=True, slots=True)
class Priority:
    """One row. `paths`: any of them fills it; `a.b` is asked of every line of `a`, `identity.x` of the sealed identity.
    `when` names a field without which the row is not asked (an open visit has no main diagnosis yet)."""

    paths: tuple[str, ...]
    vi: str
    en: str
    when: str = ""

    @property
    def name(self) -> str:
        return " | ".join(self.paths)


_VISIT: Final = Priority(("visit_key",), "số lượt khám", "visit number")
_PATIENT: Final = Priority(("patient_key",), "mã người bệnh", "patient number")
_WHEN: Final = Priority(("occurred_at",), "thời điểm", "when it happened")
_SEX: Final = Priority(("sex",), "giới tính", "sex")
_BIRTH: Final = Priority(("birth_year",), "năm sinh", "year of birth")
_CITIZEN: Final = Priority(("identity.citizen_id", "identity.cards"), "CCCD hoặc thẻ BHYT", "citizen number or card")
_COMMON: Final = (_PATIENT, _VISIT, _WHEN, _SEX, _BIRTH)
_DIAGNOSIS: Final = Priority(("main_diagnosis",), "bệnh chính (ICD-10)", "main diagnosis (ICD-10)")
_ENDED: Final = Priority(("main_diagnosis",), "bệnh chính (ICD-10)", "main diagnosis (ICD-10)", when="discharged_at")

PRIORITIES: Final[dict[str, tuple[Priority, ...]]] = {
    "encounter": (
        *_COMMON,
        _CITIZEN,
        Priority(("visit_type", "patient_class"), "loại khám chữa bệnh", "type of visit"),
        Priority(("admitted_at", "first_ordered_at"), "ngày giờ vào", "arrival"),
        _ENDED,
    ),
    "prescription": (
        *_COMMON,
        Priority(("lines.drug_code",), "mã thuốc", "drug code"),
        Priority(("lines.quantity",), "số lượng", "quantity"),
        Priority(("lines.ordered_at",), "ngày giờ y lệnh", "when ordered"),
        Priority(("lines.doctors",), "bác sĩ", "prescriber"),
    ),
    "service": (
        *_COMMON,
        Priority(("lines.service_code", "lines.supply_code"), "mã dịch vụ hoặc vật tư", "service or supply code"),
        Priority(("lines.ordered_at", "lines.performed_at"), "ngày giờ y lệnh", "when ordered or carried out"),
    ),
    "observation": (
        *_COMMON,
        Priority(("results.test_code", "results.service_code"), "mã chỉ số", "test code"),
        Priority(("results.value_text",), "giá trị", "value"),
        Priority(("results.unit",), "đơn vị đo", "unit", when="results.value_number"),
        Priority(("results.resulted_at", "results.observed_at", "sampled_at"), "thời điểm kết quả", "time of result"),
    ),
    "referral": (
        *_COMMON,
        Priority(("referred_to",), "nơi chuyển đến", "receiving facility"),
        Priority(("main_diagnosis", "diagnoses.code"), "chẩn đoán", "diagnosis"),
    ),
    "appointment": (*_COMMON, Priority(("appointed_at",), "ngày hẹn", "day of the appointment")),
    "discharge": (*_COMMON, Priority(("discharged_at",), "ngày giờ ra", "end of visit"), _DIAGNOSIS),
    "imaging": (
        _PATIENT,
        _WHEN,
        _SEX,
        _BIRTH,
        Priority(("modalities",), "loại thiết bị", "modality"),
        Priority(("procedure_code", "procedure_name", "description", "body_part"), "chụp gì", "what was examined"),
        Priority(("instance_count",), "số ảnh", "number of instances"),
    ),
    "birth": (_PATIENT, _WHEN, Priority(("children.child_sex",), "giới tính con", "sex of the child")),
    "leave": (*_COMMON, Priority(("off_from",), "nghỉ từ ngày", "off from")),
    "tuberculosis": (*_COMMON, Priority(("courses.treated_from",), "ngày bắt đầu điều trị", "treated from")),
    "hiv_care": (_PATIENT, _WHEN, Priority(("confirmed_on",), "ngày khẳng định", "day of confirmation")),
}


def filled(kind: str, event: Mapping[str, Any], identity: Mapping[str, str | None]) -> dict[str, tuple[int, int]]:
    """Name of the row -> (filled, asked) in one document; cancelled documents are asked nothing."""
    if event.get("status") != "active":
        return {}
    found = {}
    for row in PRIORITIES.get(kind, ()):
        asked = list(_asked(row, event, identity))
        if asked:
            found[row.name] = (sum(asked), len(asked))
    return found


def _asked(row: Priority, event: Mapping[str, Any], identity: Mapping[str, str | None]) -> Iterator[bool]:
    """Whether it is filled, once per document or per line."""
    array = next((path.partition(".")[0] for path in row.paths if "." in path and "identity." not in path), "")
    if array:
        lines = event.get(array) or []
        if not lines:
            yield False
        for line in lines:
            if not row.when or _there(line.get(row.when.rpartition(".")[2])):
                yield any(_value(path, event, identity, line) for path in row.paths)
    elif not row.when or _there(event.get(row.when)):
        yield any(_value(path, event, identity, {}) for path in row.paths)


def _value(path: str, event: Mapping[str, Any], identity: Mapping[str, str | None], line: Mapping[str, Any]) -> bool:
    array, _, name = path.rpartition(".")
    source = identity if array == "identity" else line if array else event
    return _there(source.get(name))


def _there(value: object) -> bool:
    return value is not None and value != "" and value != []
