"""Whose a resource is: the key of its patient, which is also the key of what is kept between messages."""

from producers.fhir import appointment
from producers.fhir.bundle import Item
from producers.fhir.kinds import KIND_OF
from producers.fhir.references import Index, key, literal


def patient_key(item: Item, index: Index) -> str | None:
    """`Patient/123`; None of what is nobody's or makes no document."""
    resource = item.resource
    if resource is None:
        name = literal(item.target)
        return name if name and name.startswith("Patient/") else None
    type_ = resource["resourceType"]
    if type_ == "Patient":
        return key(resource)
    if type_ == "Appointment":
        return index.key_of(appointment.patient(resource), "Patient")
    if type_ in KIND_OF or type_ == "Condition":
        name = index.key_of(resource.get("subject"), "Patient")
        return name if name and name.startswith("Patient") else None
    return None
