"""ServiceRequest that refers a patient -> `referral`. Other orders (laboratory, imaging) make no document of their own:
their results do."""

from collections.abc import Collection
from typing import Any, Final

from producers.adapter import Document
from producers.fhir.datatypes import Element, code, coding, first, notes, text_of, texts
from producers.fhir.diagnoses import codes, of_reasons
from producers.fhir.prescription import NOT_ORDERED
from producers.fhir.telling import Telling, document
from producers.fhir.times import millis

KIND: Final = "referral"
CATEGORIES: Final = frozenset(
    (
        "http://snomed.info/sct|3457005",  # patient referral
        "http://snomed.info/sct|103696004",  # patient referral to specialist
        "http://snomed.info/sct|306206005",  # referral to service
        "http://snomed.info/sct|306253008",  # referral to doctor
        "http://snomed.info/sct|308447003",  # referral to physician
    )
)
"""Which orders are referrals (giấy chuyển tuyến): category or code. No Vietnamese list is known; a facility may name its
own in the option `referral_categories`."""
_USED: Final = frozenset("status intent subject encounter authoredOn requester performer".split())


def is_referral(request: Element, categories: Collection[str]) -> bool:
    concepts = [*request.get("category", ()), _concept(request) or {}]
    named = any(
        f"{c.get('system', '')}|{c.get('code', '')}" in categories
        for concept in concepts
        for c in concept.get("coding", ())
    )
    return named and request.get("intent") not in NOT_ORDERED and not request.get("doNotPerform", False)


def _concept(request: Element) -> Element | None:
    """R4 `code` is a CodeableConcept, R5 a CodeableReference."""
    said = request.get("code")
    return said.get("concept", said) if said else None


def build(request: Element, told: Telling) -> Document:
    reasons = request.get("reasonCode", ())
    main, lines = of_reasons(reasons)
    body: dict[str, Any] = {
        "referred_from": told.facility(request.get("requester"), request),
        "referred_to": told.facility(first(request.get("performer")), request),
        "main_diagnosis": main,
        "diagnoses": lines,
        "reason": code(coding(first(request.get("category"))).get("code")),
        "doctors": told.staff([request.get("requester")], request),
    }
    return document(
        KIND,
        request,
        told.person(request.get("subject"), request),
        told.visit(request.get("encounter"), request),
        body=body,
        narrative={
            "services": text_of(_concept(request)),
            "summary": texts(reasons),
            "note": notes(request.get("note", ())),
            "plan": request.get("patientInstruction") if isinstance(request.get("patientInstruction"), str) else None,
        },
        occurred_at=millis(request.get("authoredOn")),
        used=_USED,
        codes=codes(reasons),
    )
