"""MedicationRequest -> `prescription`: one document per request, or per `groupIdentifier`, which is the number of the
prescription that the requests were written on together.

Proposals, plans and prohibitions are no prescriptions.
"""

from collections.abc import Sequence
from typing import Any, Final

from producers.adapter import Document, Status
from producers.fhir.datatypes import (
    NONE,
    Element,
    code,
    coding,
    first,
    notes,
    text_of,
    texts,
    thousandths,
    unit,
    with_unit,
)
from producers.fhir.diagnoses import codes
from producers.fhir.encounter import dated
from producers.fhir.references import by_identifier
from producers.fhir.telling import Telling, document, extras, status
from producers.fhir.times import millis

KIND: Final = "prescription"
NOT_ORDERED: Final = frozenset(("proposal", "plan", "option"))
_USED: Final = frozenset(
    "status intent subject encounter authoredOn requester medicationCodeableConcept groupIdentifier note".split()
)  # fmt: skip


def is_order(request: Element) -> bool:
    return request.get("intent") not in NOT_ORDERED and not request.get("doNotPerform", False)


def group(request: Element) -> str | None:
    """The prescription a request belongs to."""
    return by_identifier("group", request.get("groupIdentifier", NONE))


def build(requests: Sequence[Element], told: Telling) -> Document:
    """`requests`: of one prescription, in the order they were told; the last speaks for the whole. A drug that was
    cancelled is no line of a prescription that stands."""
    standing = [request for request in requests if status(request) == "active"] or list(requests)
    last = standing[-1]
    name = group(last)
    lines = [_line(position, request, told) for position, request in enumerate(standing, 1)]
    narrative: dict[str, str | None] = {}
    for position, request in enumerate(standing, 1):
        texts_ = _texts(request) | extras(request, _USED)
        narrative |= {f"lines[{position}].{path}": text for path, text in texts_.items()}
    who = told.person(last.get("subject"), last)
    made = document(
        KIND,
        last,
        who,
        told.visit(last.get("encounter"), last),
        body={"lines": lines},
        narrative=narrative,
        occurred_at=min((line["ordered_at"] for line in lines if line["ordered_at"] is not None), default=None),
        used=None,
        codes=codes(reason for request in standing for reason in request.get("reasonCode", ())),
    )
    if name is None:
        return made
    return dated(made, list(requests), None, natural_key=("MedicationRequest", name), status=_status(requests))


def _status(requests: Sequence[Element]) -> Status:
    """Of a prescription: what all of its requests agree on, else it stands."""
    found = {status(request) for request in requests}
    return found.pop() if len(found) == 1 else "active"


def _line(position: int, request: Element, told: Telling) -> dict[str, Any]:
    concept, medication = _medication(request, told)
    drug = coding(concept)
    dosage = first(request.get("dosageInstruction"))
    dispense = request.get("dispenseRequest", NONE)
    quantity = dispense.get("quantity", NONE)
    return {
        "line": position,
        "drug_code": code(drug.get("code")),
        "drug_name": text_of(concept) or request.get("medicationReference", NONE).get("display"),
        "form": text_of(medication.get("form") or medication.get("doseForm")),
        "unit": unit(quantity),
        "route": code(coding(dosage.get("route")).get("code")),
        "dose": with_unit(first(dosage.get("doseAndRate")).get("doseQuantity")),
        "quantity": thousandths(quantity.get("value")),
        "doctors": told.staff([request.get("requester")], request),
        "ordered_at": millis(request.get("authoredOn")),
    }


def _medication(request: Element, told: Telling) -> tuple[Element | None, Element]:
    """(concept, Medication if it can be seen). R5: one element `medication` that is a CodeableReference."""
    both = request.get("medication", NONE)
    concept = request.get("medicationCodeableConcept") or both.get("concept")
    reference = request.get("medicationReference") or both.get("reference")
    medication = told.index.find(reference, "Medication", request) or NONE
    return concept or medication.get("code"), medication


def _texts(request: Element) -> dict[str, str | None]:
    dosages = request.get("dosageInstruction", ())
    said = "\n".join(t for d in dosages for t in (d.get("text"), d.get("patientInstruction")) if t)
    return {
        "instructions": said or None,
        "note": notes(request.get("note", ())),
        "reason": texts(request.get("reasonCode", ())),
        "cancelled": text_of(request.get("statusReason")),
    }
