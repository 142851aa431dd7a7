"""Encounter and the Conditions that belong to it -> `encounter` (R4 and R5)."""

from dataclasses import replace
from typing import Any, Final

from producers.adapter import Document
from producers.fhir import coded, diagnoses
from producers.fhir.datatypes import NONE, Element, code, coding, first, many, notes, texts
from producers.fhir.telling import Telling, Visit, document, extras
from producers.fhir.times import end, start, to_the_second

KIND: Final = "encounter"
_USED: Final = frozenset(
    "status class subject period actualPeriod diagnosis reasonCode condition".split()
)  # fmt: skip
"""`location`, `participant`, `hospitalization` and their like are read in part, so they are sealed as well."""
_USED_CONDITION: Final = frozenset("subject encounter code note".split())
_CLASSES: Final = {"AMB": "O", "IMP": "I", "ACUTE": "I", "NONAC": "I", "EMER": "E", "PRENC": "P"}
"""v3 ActEncounterCode to HL7 table 0004, as PV1-2 tells it; other classes stay as they are."""
_OVER: Final = frozenset(("finished", "completed", "discharged", "discontinued"))
_AHEAD: Final = frozenset(("planned",))


def build(encounter: Element, conditions: dict[str, Any], told: Telling) -> Document:
    """`conditions`: key -> Condition of this encounter."""
    who = told.person(encounter.get("subject"), encounter)
    visit = Visit(told.visit_number(encounter), True)
    lines, behind = diagnoses.of_encounter(encounter.get("diagnosis", []), conditions, told.index.key_of)
    period = encounter.get("period") or encounter.get("actualPeriod")
    status = encounter.get("status")
    began = None if status in _AHEAD else start(period)
    made = document(
        KIND,
        encounter,
        who,
        visit,
        body={
            "patient_class": _class(encounter),
            "admitted_at": began,
            "discharged_at": end(period) if status in _OVER else None,
            "discharge_disposition": _disposition(encounter),
            "main_diagnosis": diagnoses.main_code(lines),
            "diagnoses": lines,
            "departments": told.staff((place.get("location") for place in encounter.get("location", ())), encounter),
            "referred_from": told.facility(_stay(encounter).get("origin"), encounter),
            "referred_to": told.facility(_stay(encounter).get("destination"), encounter),
            "ethnicity": who.ethnicity,
            "insured": bool(who.identity.get("cards")) if who.known else None,
        },
        narrative={"visit_reason": _reason(encounter)} | _beyond(behind) | who.extras,
        occurred_at=began,
        used=_USED,
        codes=[found["code"] for found in lines] + diagnoses.codes(condition.get("code") for condition in behind),
    )
    return dated(made, [encounter, *conditions.values()], who.last_updated)


def dated(made: Document, parts: list[Any], patient_updated: Any, **changes: Any) -> Document:
    """A document of several resources, with `changes`: corrected when the last of them was, and only if each says when.
    A part without a time, told later, must not fall behind."""
    told = [to_the_second(part.get("meta", NONE).get("lastUpdated")) for part in parts]
    if patient_updated is not None:
        told.append(to_the_second(patient_updated))
    times = [time for time in told if time is not None]
    return replace(made, corrected_at=max(times) if len(times) == len(told) else None, **changes)


def _class(encounter: Element) -> str | None:
    """R4: a Coding; R5: a list of CodeableConcept."""
    said = encounter.get("class")
    found = coding(first(said)) if isinstance(said, list) else (said or NONE)
    given = code(found.get("code"))
    return _CLASSES.get(given or "", given)


def _stay(encounter: Element) -> Element:
    return encounter.get("hospitalization") or encounter.get("admission") or NONE


def _disposition(encounter: Element) -> str | None:
    return code(coding(_stay(encounter).get("dischargeDisposition")).get("code"))


def _reason(encounter: Element) -> str | None:
    """R4 `reasonCode`; R5 `reason.value.concept` (kept sealed as a whole as well)."""
    values = [value.get("concept") for reason in encounter.get("reason", ()) for value in reason.get("value", ())]
    return texts([*many(encounter.get("reasonCode")), *filter(None, values)])


def _beyond(conditions: list[Element]) -> dict[str, str | None]:
    """What each Condition says beyond its code."""
    found: dict[str, str | None] = {}
    for position, condition in enumerate(conditions, 1):
        at = f"diagnoses[{position}]"
        found[f"{at}.extra.code"] = coded.rest(condition.get("code"))
        found[f"{at}.note"] = notes(condition.get("note", ()))
        found |= {f"{at}.{name}": text for name, text in extras(condition, _USED_CONDITION).items()}
    return found
