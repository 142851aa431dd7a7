"""ImagingStudy -> `imaging` (R4 and R5): a modality is a Coding in the one and a CodeableConcept in the other."""

from typing import Any, Final

from producers.adapter import Document
from producers.fhir.datatypes import NONE, Element, code, coding, first, notes
from producers.fhir.telling import Telling, document
from producers.fhir.times import millis

KIND: Final = "imaging"
_USED: Final = frozenset(
    "status modality subject encounter started numberOfSeries numberOfInstances description note".split()
)


def build(study: Element, told: Telling) -> Document:
    series = study.get("series", ())
    modalities = [*study.get("modality", ()), *(one.get("modality", NONE) for one in series)]
    found = dict.fromkeys(name for modality in modalities if (name := code(_coding(modality).get("code"))))
    started = millis(study.get("started"))
    body: dict[str, Any] = {
        "started_at": started,
        "modalities": list(found),
        "body_part": code(_site(first(series).get("bodySite")).get("code")),
        "procedure_code": code(_procedure(study).get("code")),
        "series_count": study.get("numberOfSeries", len(series) or None),
        "instance_count": study.get("numberOfInstances", _instances(series)),
    }
    return document(
        KIND,
        study,
        told.person(study.get("subject"), study),
        told.visit(study.get("encounter"), study),
        body=body,
        narrative={"description": study.get("description"), "note": notes(study.get("note", ()))},
        occurred_at=started,
        used=_USED,
    )


def _coding(modality: Element) -> Element:
    return coding(modality) if "coding" in modality else modality


def _site(site: Element | None) -> Element:
    """R4: a Coding; R5: a CodeableReference."""
    return coding(site["concept"]) if site and "concept" in site else site or NONE


def _procedure(study: Element) -> Element:
    """R4 `procedureCode`, R5 `procedure.concept`."""
    return coding(first(study.get("procedureCode")) or first(study.get("procedure")).get("concept"))


def _instances(series: Any) -> int | None:
    counts = [one.get("numberOfInstances") for one in series]
    return sum(counts) if counts and None not in counts else None
