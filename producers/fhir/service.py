"""Procedure -> `service`: one document with one line (R4 and R5)."""

from typing import Final

from producers.adapter import Document
from producers.fhir import systems
from producers.fhir.datatypes import Element, code, coding, first, notes, text_of, texts
from producers.fhir.diagnoses import codes, icd10
from producers.fhir.telling import Telling, document
from producers.fhir.times import millis, start

KIND: Final = "service"
_USED: Final = frozenset(
    "status code subject encounter performedDateTime performedPeriod occurrenceDateTime occurrencePeriod outcome note".split()
)  # fmt: skip
_NOT_YET: Final = frozenset(("preparation", "not-done"))


def build(procedure: Element, told: Telling) -> Document:
    at = millis(procedure.get("performedDateTime") or procedure.get("occurrenceDateTime"))
    performed = at if at is not None else start(procedure.get("performedPeriod") or procedure.get("occurrencePeriod"))
    concept = procedure.get("code")
    icd9 = coding(concept, systems.ICD_9_CM)
    is_icd9 = icd9.get("system") in systems.ICD_9_CM
    reasons = [icd10(reason) for reason in procedure.get("reasonCode", ())]
    performers = [performer.get("actor") for performer in procedure.get("performer", ())]
    line = {
        "line": 1,
        "service_code": code(coding(concept).get("code")),
        "service_name": text_of(concept),
        "procedures": [icd9["code"]] if is_icd9 and code(icd9["code"]) else [],
        "performers": told.staff(performers, procedure),
        "diagnoses": [r["code"] for r in reasons if systems.is_icd10(r.get("system")) and code(r.get("code"))],
        "performed_at": performed,
        "body_site": code(coding(first(procedure.get("bodySite"))).get("code")),
    }
    return document(
        KIND,
        procedure,
        told.person(procedure.get("subject"), procedure),
        told.visit(procedure.get("encounter"), procedure),
        body={"lines": [line]},
        narrative={
            "note": notes(procedure.get("note", ())),
            "outcome": text_of(procedure.get("outcome")),
            "reason": texts(procedure.get("reasonCode", ())),
            "complication": texts(procedure.get("complication", ())),
        },
        occurred_at=None if procedure.get("status") in _NOT_YET else performed,
        used=_USED,
        codes=codes(procedure.get("reasonCode", ())),
    )
