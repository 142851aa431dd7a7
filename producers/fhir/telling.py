"""What every mapping asks of the message around a resource: who, which visit, which staff; and the document it makes."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from producers.adapter import Document, Status
from producers.fhir import systems
from producers.fhir.datatypes import NONE, Element, code, coding, first
from producers.fhir.json_text import write
from producers.fhir.person import NOBODY, Person, person, unseen
from producers.fhir.references import Index, key
from producers.fhir.times import to_the_second

_STATUS: Final[dict[str, Status]] = {
    "entered-in-error": "entered_in_error",
    "cancelled": "cancelled",
    "revoked": "cancelled",
    "not-done": "cancelled",
}
"""Statuses of all mapped types; what is not here is active."""
_CONFIDENTIAL: Final = frozenset(("R", "V"))
"""v3 Confidentiality: restricted, very restricted (meta.security)."""
_HIV: Final = re.compile(r"B2[0-4]|Z21")
"""Luật phòng, chống HIV/AIDS: who has it is told only where the law says."""
_PLACES: Final = ("Organization", "Location")
_NEVER: Final = frozenset(("resourceType", "id", "meta", "text", "implicitRules", "language"))


@dataclass(frozen=True, slots=True)
class Visit:
    """`known`: its Encounter was seen, so that the number is the one the facility calls its visit number."""

    number: str | None
    known: bool


class Telling:
    """One message's view. Answers are computed once per patient and encounter."""

    def __init__(self, index: Index, visit_system: str | None, patient_system: str | None) -> None:
        self.index = index
        self._visit_system, self._patient_system = visit_system, patient_system
        self._people: dict[str, Person] = {}

    def person(self, reference: Element | None, container: Element = NONE) -> Person:
        name = self.index.key_of(reference, "Patient")
        if name is not None and name in self._people:
            return self._people[name]
        patient = self.index.find(reference, "Patient", container)
        if patient is not None:
            found = person(patient, self._patient_system)
        elif name is not None and name.startswith("Patient"):
            found = unseen(_number_of(name))
        else:
            return NOBODY
        if name is not None:
            self._people[name] = found
        return found

    def patient_number(self, patient: Element) -> str | None:
        return person(patient, self._patient_system).number

    def visit(self, reference: Element | None, container: Element = NONE) -> Visit:
        encounter = self.index.find(reference, "Encounter", container)
        if encounter is not None:
            return Visit(self.visit_number(encounter), True)
        name = self.index.key_of(reference, "Encounter")
        return Visit(_number_of(name) if name else None, False)

    def visit_number(self, encounter: Element) -> str | None:
        """The identifier of the configured system; without one that of type VN, else the official one, else the id."""
        identifiers = [i for i in encounter.get("identifier", ()) if i.get("value")]
        if self._visit_system is not None:
            ranked = [i for i in identifiers if i.get("system") == self._visit_system]
        else:
            ranked = [i for i in identifiers if coding(i.get("type")).get("code") == systems.VISIT_TYPE]
            ranked += [i for i in identifiers if i.get("use") == "official"]
        found = first(ranked).get("value") or encounter.get("id") or first(identifiers).get("value")
        return str(found) if found else None

    def staff(self, references: Iterable[Element | None], container: Element = NONE) -> list[str]:
        """Codes of practitioners and units, never their names: an identifier, else the id."""
        found = (self._code_of(reference, container) for reference in references)
        return [name for name in found if name]

    def _code_of(self, reference: Element | None, container: Element) -> str | None:
        if not reference:
            return None
        for type_ in ("Practitioner", "PractitionerRole", "Location", "Organization"):
            seen = self.index.find(reference, type_, container)
            if seen is not None:
                return code(first(seen.get("identifier")).get("value")) or code(seen.get("id"))
        identifier = code(reference.get("identifier", NONE).get("value"))
        name = self.index.key_of(reference, "")
        return identifier or (code(_number_of(name)) if name and "?" not in name else None)

    def facility(self, reference: Element | None, container: Element = NONE) -> str | None:
        """A facility code (MACSKCB), believed by its form: VN Core's systems of provider numbers are mixed up. Without
        one, what the source calls the organisation."""
        if not reference:
            return None
        seen = self.index.find(reference, "Organization", container) or NONE
        identifiers = [*seen.get("identifier", ()), reference.get("identifier", NONE)]
        values = [i.get("value", "") for i in identifiers]
        found = next((value for value in values if systems.FACILITY.fullmatch(value)), None)
        is_place = seen or str(self.index.key_of(reference, "")).startswith(_PLACES)
        return found or (self._code_of(reference, container) if is_place else None)


def _number_of(name: str) -> str:
    """`Patient/123` -> `123`, `Patient?system|7` -> `7`."""
    return name.partition("?")[2].partition("|")[2] if "?" in name else name.partition("/")[2]


def natural_key(resource: Element) -> tuple[str, str]:
    """(type, id), else (type, `?` identifier); of a resource that has neither its content (`#`)."""
    type_ = resource["resourceType"]
    return type_, key(resource).removeprefix(type_).removeprefix("/")


def status(resource: Element) -> Status:
    return _STATUS.get(resource.get("status", ""), "active")


def sensitivity(resource: Element, codes: Iterable[str | None] = ()) -> str:
    security = resource.get("meta", NONE).get("security", ())
    confidential = any(label.get("code") in _CONFIDENTIAL for label in security)
    return "restricted" if confidential or any(c and _HIV.match(c) for c in codes) else "normal"


def extras(resource: Element, used: Collection[str]) -> dict[str, str]:
    """Top elements that are not mapped, sealed as the JSON they were."""
    return {
        f"extra.{name}": (write(value) or b"").decode()
        for name, value in resource.items()
        if name not in used and name not in _NEVER
    }


def document(
    kind: str,
    resource: Element,
    who: Person,
    visit: Visit,
    *,
    body: dict[str, Any],
    narrative: dict[str, str | None],
    occurred_at: int | None,
    recorded_at: int | None = None,
    used: Collection[str] | None,
    codes: Iterable[str | None] = (),
    marks: tuple[str, ...] = (),
) -> Document:
    """The document of one resource. What it refers to and was never told makes it `partial`. `used`: its mapped
    elements, the others are sealed; None where the caller seals them."""
    updated = resource.get("meta", NONE).get("lastUpdated")
    last = to_the_second(updated)
    unknown_visit = visit.number is not None and not visit.known
    return Document(
        kind=kind,
        natural_key=natural_key(resource),
        visit_number=visit.number,
        patient_number=who.number,
        status=status(resource),
        partial=unknown_visit or (who.number is not None and not who.known),
        occurred_at=occurred_at,
        recorded_at=recorded_at if recorded_at is not None else last,
        corrected_at=last,
        sensitivity=sensitivity(resource, codes),
        body={**who.clear, **body},
        identity={**who.identity, "visit_number": visit.number},
        narrative={path: text for path, text in narrative.items() if text}
        | (extras(resource, used) if used is not None else {}),
        marks=marks,
    )
