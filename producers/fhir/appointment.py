"""Appointment -> `appointment`. It happened when it was made (`created`), not when it is for."""

from typing import Final

from producers.adapter import Document
from producers.fhir.datatypes import Element, first, texts
from producers.fhir.diagnoses import codes, of_reasons
from producers.fhir.telling import Telling, Visit, document
from producers.fhir.times import compact, millis, start

KIND: Final = "appointment"
_USED: Final = frozenset("status start created description comment patientInstruction reasonCode".split())
_NO_VISIT: Final = Visit(None, False)


def patient(appointment: Element) -> Element | None:
    """The participant who is a patient: R5 says it in `subject` as well."""
    actors = [participant.get("actor") or {} for participant in appointment.get("participant", ())]
    found = [appointment["subject"]] if "subject" in appointment else []
    found += [a for a in actors if "Patient/" in a.get("reference", "") or a.get("type") == "Patient"]
    return first(found) or next((a for a in actors if a.get("reference", "").startswith("urn:uuid:")), None)


def build(appointment: Element, told: Telling) -> Document:
    reasons = appointment.get("reasonCode", ())
    main, lines = of_reasons(reasons)
    actors = [participant.get("actor") for participant in appointment.get("participant", ())]
    doctors = [a for a in actors if a and "Practitioner" in f"{a.get('reference', '')}{a.get('type', '')}"]
    wanted = first(appointment.get("requestedPeriod"))
    at = millis(appointment.get("start"))
    created = appointment.get("created")
    day = compact(created)
    instruction = appointment.get("patientInstruction")
    return document(
        KIND,
        appointment,
        told.person(_patient(appointment, told), appointment),
        _NO_VISIT,
        body={
            "appointed_at": at if at is not None else start(wanted),
            "issued_on": day if day and len(day) == 8 else None,
            "main_diagnosis": main,
            "diagnoses": lines,
            "doctors": told.staff(doctors, appointment),
        },
        narrative={
            "appointment_number": first(appointment.get("identifier")).get("value"),
            "description": appointment.get("description"),
            "comment": appointment.get("comment"),
            "instructions": instruction if isinstance(instruction, str) else None,
            "reason": texts(reasons),
        },
        occurred_at=millis(created),
        used=_USED,
        codes=codes(reasons),
    )


def _patient(appointment: Element, told: Telling) -> Element | None:
    """A URN tells its type only by what it points to."""
    actors = (participant.get("actor") for participant in appointment.get("participant", ()))
    seen = (actor for actor in actors if actor and told.index.find(actor, "Patient", appointment) is not None)
    return next(seen, None) or patient(appointment)
