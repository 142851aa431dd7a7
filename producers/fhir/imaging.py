"""ImagingStudy -> `imaging` (R4 and R5): what is a Coding in the one is a CodeableConcept or CodeableReference in the
other. UIDs are sealed, as DICOM PS3.15 counts them among what identifies."""

from typing import Any, Final

from producers.adapter import Document
from producers.fhir import systems
from producers.fhir.datatypes import NONE, Element, code, coding, first, notes, text_of, texts
from producers.fhir.telling import Telling, document
from producers.fhir.times import millis

KIND: Final = "imaging"
_USED: Final = frozenset(
    "status modality subject encounter started numberOfSeries numberOfInstances description note reasonCode".split()
)  # fmt: skip
_OID: Final = "urn:oid:"


def build(study: Element, told: Telling) -> Document:
    series = study.get("series", ())
    lines = [_line(one) for one in series]
    procedure = _procedure(study)
    found = coding(procedure)
    said = [code(_coding(modality).get("code")) for modality in study.get("modality", ())]
    started = millis(study.get("started"))
    body: dict[str, Any] = {
        "started_at": started,
        "modalities": list(dict.fromkeys(filter(None, [*said, *(line["modality"] for line in lines)]))),
        "body_part": lines[0]["body_part"] if lines else None,
        "procedure_code": code(found.get("code")),
        "procedure_system": systems.name(found.get("system")) if found else None,
        "procedure_name": text_of(procedure),
        "description": study.get("description"),
        "series_count": study.get("numberOfSeries", len(lines) or None),
        "instance_count": study.get("numberOfInstances", _instances(lines)),
        "sop_classes": list(dict.fromkeys(name for line in lines for name in line["sop_classes"])),
        "series": lines,
    }
    return document(
        KIND,
        study,
        told.person(study.get("subject"), study),
        told.visit(study.get("encounter"), study),
        body=body,
        narrative={"remarks": notes(study.get("note", ())), "reason": texts(study.get("reasonCode", ()))},
        occurred_at=started,
        used=_USED,
    )


def _line(one: Element) -> dict[str, Any]:
    classes = (_coding(instance.get("sopClass")).get("code", "") for instance in one.get("instance", ()))
    return {
        "number": one.get("number"),
        "modality": code(_coding(one.get("modality")).get("code")),
        "body_part": code(_coding(one.get("bodySite")).get("code")),
        "laterality": code(_coding(one.get("laterality")).get("code")),
        "description": one.get("description"),
        "started_at": millis(one.get("started")),
        "instance_count": one.get("numberOfInstances", len(one.get("instance", ())) or None),
        "sop_classes": list(dict.fromkeys(name.removeprefix(_OID) for name in classes if name)),
    }


def _coding(said: Element | None) -> Element:
    """Of a Coding, a CodeableConcept, or a CodeableReference."""
    if not said:
        return NONE
    concept = said.get("concept", said)
    return coding(concept) if "coding" in concept or "text" in concept else concept


def _procedure(study: Element) -> Element:
    """R4 `procedureCode`, R5 `procedure.concept`."""
    return first(study.get("procedureCode")) or first(study.get("procedure")).get("concept") or NONE


def _instances(lines: list[dict[str, Any]]) -> int | None:
    counts = [line["instance_count"] for line in lines]
    return sum(counts) if counts and None not in counts else None
