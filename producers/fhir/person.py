"""Patient as identity (`schemas.sealed`), and what of it may stand in clear."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from producers.fhir import systems
from producers.fhir.datatypes import NONE, Element, code, coding, first
from producers.fhir.json_text import write
from producers.fhir.times import compact

_SEX: Final = {"male": "1", "female": "2", "other": "3", "unknown": "3"}
"""AdministrativeGender to GIOI_TINH."""
_USED: Final = frozenset(
    "resourceType id meta text language implicitRules photo active identifier name gender birthDate telecom address".split()
)


@dataclass(frozen=True, slots=True)
class Person:
    """`known`: the Patient itself was seen, not only a reference to it. `clear`: `schemas.kinds.common.PERSON`."""

    known: bool
    number: str | None = field(repr=False)
    identity: dict[str, str | None] = field(repr=False)
    clear: dict[str, Any] = field(repr=False)
    ethnicity: str | None = field(default=None, repr=False)
    last_updated: Any = field(default=None, repr=False)
    extras: dict[str, str | None] = field(default_factory=dict, repr=False)


NOBODY: Final = Person(False, None, {}, {})


def unseen(number: str | None) -> Person:
    """Somebody of whom only the number is known."""
    return Person(False, number, {"patient_number": number}, {})


def person(patient: Element, patient_system: str | None) -> Person:
    identifiers = [i for i in patient.get("identifier", ()) if i.get("value")]
    number = _number(identifiers, patient_system) or patient.get("id")
    birth = compact(patient.get("birthDate"))
    identity: dict[str, str | None] = {
        "full_name": _name(patient.get("name", ())),
        "citizen_id": _citizen(identifiers),
        "birth": birth,
        "sex": _SEX.get(patient.get("gender", "")),
        "cards": ";".join(_cards(identifiers)) or None,
        "phone": _phone(patient.get("telecom", ())),
        "address": _address(first(patient.get("address"))),
        "patient_number": number,
    }
    return Person(
        known=True,
        number=number,
        identity=identity,
        clear={"sex": identity["sex"], "birth_year": int(birth[:4]) if birth else None},
        ethnicity=_ethnicity(patient.get("extension", ())),
        last_updated=patient.get("meta", NONE).get("lastUpdated"),
        extras=_extras(patient, identity),
    )


def _extras(patient: Element, identity: dict[str, str | None]) -> dict[str, str | None]:
    """What identity has no place for, to be sealed with the visit: relatives, further numbers, names and addresses."""
    said = ";".join(filter(None, identity.values()))
    found = {name for name in patient if name not in _USED}
    found |= {name for name in ("name", "telecom", "address") if len(patient.get(name, ())) > 1}
    if any(i.get("value", "") not in said for i in patient.get("identifier", ())):
        found.add("identifier")
    return {f"extra.Patient.{name}": (write(patient[name]) or b"").decode() for name in sorted(found)}


def _type(identifier: Element) -> str:
    return str(coding(identifier.get("type")).get("code", ""))


def _number(identifiers: list[Any], own_system: str | None) -> str | None:
    """The hospital's own number of the patient."""
    for system in filter(None, (own_system, systems.PATIENT)):
        for identifier in identifiers:
            if identifier.get("system") == system:
                return str(identifier["value"])
    for kind in systems.PATIENT_TYPES:
        for identifier in identifiers:
            if _type(identifier) == kind:
                return str(identifier["value"])
    return None


def _citizen(identifiers: list[Any]) -> str | None:
    """CCCD, else CMND, else passport."""
    for system in systems.CITIZEN_SYSTEMS:
        for identifier in identifiers:
            if identifier.get("system") == system:
                return str(identifier["value"])
    for kind in systems.CITIZEN_TYPES:
        for identifier in identifiers:
            if _type(identifier) == kind and identifier.get("system") != systems.INSURANCE:
                return str(identifier["value"])
    return None


def _cards(identifiers: list[Any]) -> list[str]:
    return [
        str(i["value"]) for i in identifiers if i.get("system") == systems.INSURANCE or _type(i) in systems.CARD_TYPES
    ]


def _name(names: Iterable[Element]) -> str | None:
    """The official name, else the usual, else the first: as text, else family before given (họ, đệm, tên)."""
    ranked = sorted(names, key=lambda name: {"official": 0, "usual": 1}.get(name.get("use", ""), 2))
    found = first(ranked)
    parts = (found.get("family"), *found.get("given", ()))
    return found.get("text") or " ".join(part for part in parts if part) or None


def _phone(telecoms: Iterable[Element]) -> str | None:
    phones = [t for t in telecoms if t.get("value") and t.get("system", "phone") in ("phone", "sms")]
    found = next((t for t in phones if t.get("use") == "mobile"), first(phones))
    return found.get("value")


def _address(address: Element) -> str | None:
    """VN Core's extensions for province and commune codes are not in any source at hand; the words are kept."""
    parts = (*address.get("line", ()), *(address.get(n) for n in ("district", "city", "state", "country")))
    return address.get("text") or ", ".join(part for part in parts if part) or None


def _ethnicity(extensions: Iterable[Element]) -> str | None:
    """Dân tộc, whatever the extension's URL: it is told by its code system."""
    for extension in extensions:
        found = coding(extension.get("valueCodeableConcept")) or extension.get("valueCoding") or NONE
        if str(found.get("system", "")).endswith(systems.ETHNICITY):
            return code(found.get("code"))
    return None
