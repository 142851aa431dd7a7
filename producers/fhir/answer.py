"""What a sender is told: an OperationOutcome in Vietnamese and English, a status, and a Bundle for a Bundle. Pure.

Status (R4 and R5, 3.1.0 RESTful API): 201 created, 200 otherwise; 400 where the body cannot be read; 413 too large;
422 where a resource may not be taken; 503 where nothing can be made durable now, with Retry-After.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from producers.adapter import Parsed, Receipt, Refusal
from producers.fhir.bounds import Problem
from producers.fhir.bundle import Content
from producers.fhir.translate import Message
from schemas.reasons import REASONS

MEDIA_TYPE: Final = "application/fhir+json"
REASON_SYSTEM: Final = "urn:livingdata:reason"
_UNREADABLE: Final = frozenset(
    ("fhir_json", "fhir_charset", "fhir_too_deep", "fhir_duplicate_key", "fhir_no_type", "fhir_target")
)  # fmt: skip
_ISSUES: Final = {
    "too_large": "too-long",
    "fhir_missing": "required",
    "fhir_code": "code-invalid",
    "fhir_id": "value",
    "fhir_time": "value",
    "fhir_value": "value",
    "fhir_unknown_type": "not-supported",
    "fhir_patch": "not-supported",
    "fhir_delete": "not-supported",
    "unforeseen": "exception",
}
"""IssueType of a reason; `structure` of all others."""
_ANSWERED: Final = {"transaction": "transaction-response", "batch": "batch-response"}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def answer(parsed: Parsed | Refusal, receipt: Receipt, *, created: bool = False, location: str = "") -> Answer:
    """`created`: the request was a POST of one resource; `location` then names it."""
    if receipt.full:
        return unavailable()
    held = parsed.content.content if isinstance(parsed, Parsed) and isinstance(parsed.content, Message) else None
    if held is not None and held.bundle in _ANSWERED and _by_entry(held, receipt):
        return Answer(200, orjson.dumps(_entries(held, receipt)))
    if receipt.refusals:
        return Answer(_status(receipt.refusals), orjson.dumps(outcome(_issues(held, receipt.refusals))))
    headers = (("Location", location),) if created and location else ()
    return Answer(201 if created else 200, orjson.dumps(outcome([_taken(receipt)])), headers)


def several(receipts: Sequence[Receipt]) -> Answer:
    """Of the lines of an NDJSON request, in their order."""
    if any(receipt.full for receipt in receipts):
        return unavailable()
    issues = [
        _issue(refusal, f"line {line}") for line, r in enumerate(receipts, 1) for refusal in r.refusals
    ]  # fmt: skip
    good = sum(receipt.accepted for receipt in receipts)
    issues.append(_information(f"{good}/{len(receipts)} dòng đã nhận / lines taken"))
    return Answer(422 if len(issues) > 1 else 200, orjson.dumps(outcome(issues)))


def unavailable(vi: str = "Tạm thời chưa nhận được", en: str = "Cannot be taken just now") -> Answer:
    issue = _text("error", "transient", f"{vi} / {en}", "Gửi lại sau / Send it again later")
    return Answer(503, orjson.dumps(outcome([issue])), (("Retry-After", "5"),))


def protocol(status: int, code: str, vi: str, en: str) -> Answer:
    """Of a request that is no message: wrong method, path or media type."""
    return Answer(status, orjson.dumps(outcome([_text("error", code, f"{vi} / {en}", "")])))


def outcome(issues: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def _status(refusals: Iterable[Refusal]) -> int:
    reasons = {refusal.reason for refusal in refusals}
    return 413 if "too_large" in reasons else 400 if reasons & _UNREADABLE else 422


def _by_entry(held: Content, receipt: Receipt) -> bool:
    """Whether each refusal is of one entry and leaves the others as they are."""
    return not receipt.refusals or (
        not held.whole and all(r.place.startswith("Bundle.entry[") for r in receipt.refusals)
    )


def _issues(held: Content | None, refusals: Sequence[Refusal]) -> list[dict[str, Any]]:
    """Each problem of each resource; what was refused later (too large for an event) by its receipt."""
    if held is None or not held.faulty:
        return [_issue(refusal) for refusal in refusals]
    found = [problem for faulty in held.faulty for problem in faulty.problems]
    return [_issue(problem) for problem in found]


def _issue(fault: Refusal | Problem, line: str = "") -> dict[str, Any]:
    reason = REASONS[fault.reason]
    advice = f"{reason.mend_vi} / {reason.mend_en}"
    issue = _text(
        "error",
        _ISSUES.get(reason.id, "structure"),
        f"{reason.vi} / {reason.en}",
        "; ".join(filter(None, (line, advice, fault.detail))),
    )
    issue["details"]["coding"] = [{"system": REASON_SYSTEM, "code": reason.id}]
    if fault.place:
        issue |= {"location": [fault.place], "expression": [fault.place]}
    return issue


def _text(severity: str, code: str, text: str, diagnostics: str) -> dict[str, Any]:
    issue: dict[str, Any] = {"severity": severity, "code": code, "details": {"text": text}}
    return issue | {"diagnostics": diagnostics} if diagnostics else issue


def _information(text: str) -> dict[str, Any]:
    return _text("information", "informational", text, "")


def _taken(receipt: Receipt) -> dict[str, Any]:
    again = ", gửi lại / sent again" if receipt.retransmission else ""
    made = ", ".join(receipt.documents) or "không sinh tài liệu / no document"
    return _information(f"Đã nhận / taken: số / number {receipt.sequence}{again}: {made}")


def _entries(held: Content, receipt: Receipt) -> dict[str, Any]:
    """A response per entry: what was taken, and what was refused with its OperationOutcome."""
    faults: dict[str, list[dict[str, Any]]] = {}
    for faulty in held.faulty:
        faults[_entry(faulty.place)] = [_issue(problem) for problem in faulty.problems]
    for refusal in receipt.refusals:
        faults.setdefault(_entry(refusal.place), [_issue(refusal)])
    return {
        "resourceType": "Bundle",
        "type": _ANSWERED[held.bundle],
        "entry": [{"response": _response(faults.get(f"Bundle.entry[{i}]"))} for i in range(held.entries)],
    }


def _response(issues: list[dict[str, Any]] | None) -> dict[str, Any]:
    if issues is None:
        return {"status": "200 OK"}
    return {"status": "422 Unprocessable Entity", "outcome": outcome(issues)}


def _entry(place: str) -> str:
    return place[: place.find("]") + 1]
