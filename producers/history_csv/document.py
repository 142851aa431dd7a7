"""A row's cells -> a document, by the plan of its file. Pure.

Versions: a backfilled document takes its own last date (`corrected_at`, else the later of occurred and recorded), so that
any live version of it beats it; without a date, or before 2000, the first moment of 2000.
"""

from collections.abc import Sequence
from typing import Any, Final, get_args

from producers.adapter import Document, Refusal, Rows, Status
from producers.history_csv.plan import Plan, Step, Unknown
from producers.history_csv.values import Bad
from runtime.clock import YEAR_2000_MS

_STATUS: Final = frozenset(get_args(Status))
_SENSITIVITY: Final = frozenset(("normal", "restricted"))
_MARK: Final = ("M03",)


class _Refused(Exception):
    def __init__(self, reason: str, column: str) -> None:
        super().__init__(reason)
        self.reason, self.column = reason, column


def document(plan: Plan, cells: Sequence[str], facility: str, number: int) -> tuple[Document, Rows] | Refusal:
    """`facility` is the feed's MACSKCB, "" where it has none; `number` the row's, for a refusal."""
    if len(cells) != plan.width:
        extra = cells[plan.width :]
        if len(cells) < plan.width or any(cell.strip() for cell in extra):
            detail = f"{len(cells)} columns, {plan.width} expected"
            return Refusal("csv_ragged", f"row {number}", detail, plan.mapping.kind)
    try:
        return _document(plan, cells, facility)
    except _Refused as refused:
        return Refusal(refused.reason, f"row {number}, column {refused.column}", kind=plan.mapping.kind)


def _document(plan: Plan, cells: Sequence[str], facility: str) -> tuple[Document, Rows]:
    mapping = plan.mapping
    if plan.facility is not None and facility and cells[plan.facility].strip() != facility:
        raise _Refused("csv_facility", mapping.facility or "")
    key = tuple([cells[at].strip() for at in plan.document])
    if "" in key:
        raise _Refused("csv_no_number", mapping.document[key.index("")])
    marks: list[str] = []
    header = _taken(plan, plan.header, cells, marks)
    body = _taken(plan, plan.body, cells, marks)
    for name, steps, numbered in plan.lines:
        line = _line(plan, steps, cells, marks)
        if line is not None:
            body[name] = [{"line": 1} | line if numbered else line]
    patient, visit = (_number(plan, cells, at) for at in (plan.patient, plan.visit))
    identity = _taken(plan, plan.identity, cells, marks)
    _of_person(body, identity, patient, visit)
    narrative = _taken(plan, plan.narrative, cells, marks)
    unmapped: dict[str, int] = {}
    for at, name in plan.extra:
        text = cells[at].strip()
        if text and text not in plan.nulls:
            narrative[f"extra.{name}"] = text
            unmapped[name] = 1
    status, sensitivity = header.get("status", "active"), header.get("sensitivity", "normal")
    if status not in _STATUS or sensitivity not in _SENSITIVITY:
        cell = mapping.status if status not in _STATUS else mapping.sensitivity
        raise _Refused("csv_value", cell.sources[0] if cell is not None and cell.sources else "")
    made = Document(
        mapping.kind,
        key,
        visit_number=visit,
        patient_number=patient,
        status=status,
        occurred_at=header.get("occurred_at"),
        recorded_at=header.get("recorded_at"),
        corrected_at=_last_date(header),
        sensitivity=sensitivity,
        body=body,
        identity=identity,
        narrative=narrative,
        marks=_MARK if marks else (),
    )
    return made, Rows(1, 1, unmapped)


def _taken(plan: Plan, steps: Sequence[Step], cells: Sequence[str], marks: list[str]) -> dict[str, Any]:
    """The values that are there."""
    found: dict[str, Any] = {}
    for step in steps:
        try:
            value = step.take(cells)
        except Bad as bad:
            if plan.mapping.bad_values == "refuse":
                raise _Refused("csv_code" if isinstance(bad, Unknown) else "csv_value", step.column) from None
            marks.append(step.column)
            continue
        if value is not None:
            found[step.name] = value
    return found


def _line(plan: Plan, steps: Sequence[Step], cells: Sequence[str], marks: list[str]) -> dict[str, Any] | None:
    """A line of which only constants are there is none."""
    line = _taken(plan, steps, cells, marks)
    return line if any(not step.constant and step.name in line for step in steps) else None


def _number(plan: Plan, cells: Sequence[str], at: int | None) -> str | None:
    if at is None:
        return None
    text = cells[at].strip()
    return text if text and text not in plan.nulls else None


def _of_person(body: dict[str, Any], identity: dict[str, Any], patient: str | None, visit: str | None) -> None:
    """What body and identity both say is mapped once."""
    birth = identity.get("birth")
    if birth and "birth_year" not in body:
        body["birth_year"] = int(birth[:4])
    if "sex" in body:
        identity.setdefault("sex", body["sex"])
    elif "sex" in identity:
        body["sex"] = identity["sex"]
    if patient:
        identity.setdefault("patient_number", patient)
    if visit:
        identity.setdefault("visit_number", visit)


def _last_date(header: dict[str, Any]) -> int:
    said: int | None = header.get("corrected_at")
    if said is None:
        said = max(header.get("occurred_at", 0), header.get("recorded_at", 0))
    return max(said, YEAR_2000_MS)
