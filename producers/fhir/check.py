"""Whether a resource may be taken: its shape always, the models of `fhir.resources` where the profile is `full`.

Places are FHIRPaths (`Patient.contact[0].gender`) of element names; what is no element name is written `?`, since a
key that nobody knows may be anything.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

from pydantic import ValidationError

from producers.fhir.bounds import DEFAULT, Limits, Problem
from producers.fhir.releases import WITHOUT_MODEL, Release, model
from producers.fhir.shapes import faults, shape

Profile = Literal["light", "full"]
Rough = Callable[[], Any]

_ELEMENT: Final = re.compile(r"_?[a-z][A-Za-z0-9]{0,49}(?:\[x\])?")
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_REASONS: Final = {
    "missing": "fhir_missing",
    "extra_forbidden": "fhir_unknown_element",
    "literal_error": "fhir_code",
    "too_short": "fhir_empty",
    "too_long": "fhir_unknown_element",
    "string_too_short": "fhir_empty",
    "recursion_loop": "fhir_too_deep",
}
"""Error types of `pydantic_core`; those that begin with `fhir_` are our own, all others are `fhir_value`."""
_IDS: Final = frozenset(("id", "versionId", "valueId"))


def check(resource: Any, release: Release, rough: Rough | None = None, limits: Limits = DEFAULT) -> list[Problem]:
    """What is wrong with one resource, at most `limits.problems`; nothing if it may be taken. Never raises.

    `rough` gives the same resource for the models (`json_text.rough`); without it only the shape is asked.
    """
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(name, str):
        return [Problem("fhir_no_type", "", "a resource is an object with a resourceType")]
    found = shape(release, name)
    if found is None:
        return _envelope(resource, name, release)
    wrong = [
        Problem(_reason(kind, path), place(name, path), detail)
        for kind, path, detail in faults(found, resource, limits.problems)
    ]
    return wrong or (_of_model(rough(), name, release, limits) if rough is not None else [])


def place(name: str, path: Iterable[Any]) -> str:
    """`Bundle`, ("entry", 3, "resource") -> `Bundle.entry[3].resource`."""
    out = name
    for step in path:
        if isinstance(step, int):
            out += f"[{step}]"
        else:
            out += f".{step}" if _ELEMENT.fullmatch(str(step)) else ".?"
    return out


def _reason(kind: str, path: tuple[Any, ...]) -> str:
    if kind.startswith("fhir_"):
        return kind
    if kind in ("string_pattern_mismatch", "string_too_short") and path[-1] in _IDS:
        return "fhir_id"
    return _REASONS.get(kind, "fhir_value")


def _envelope(resource: dict[str, Any], name: str, release: Release) -> list[Problem]:
    if name not in WITHOUT_MODEL[release]:
        return [Problem("fhir_unknown_type", "resourceType", f"not a resource type of {release}")]
    id_ = resource.get("id", "none")
    return [] if isinstance(id_, str) and _ID.fullmatch(id_) else [Problem("fhir_id", f"{name}.id")]


def _of_model(resource: dict[str, Any], name: str, release: Release, limits: Limits) -> list[Problem]:
    try:
        model(release, name).model_validate(resource)  # type: ignore[union-attr]
    except ValidationError as error:
        return [
            Problem("fhir_model", place(name, fault["loc"]), fault["type"][:80])
            for fault in error.errors(include_url=False, include_input=False, include_context=False)[: limits.problems]
        ]
    except Exception as error:  # the models raise KeyError, TypeError and RecursionError on forms they do not foresee
        return [Problem("fhir_model", name, type(error).__name__)]
    return []


USED: Final = (
    "Bundle", "Patient", "Encounter", "Condition", "Observation", "DiagnosticReport", "MedicationRequest", "Medication",
    "ServiceRequest", "Appointment", "ImagingStudy", "Procedure", "Practitioner", "Organization", "Location",
)  # fmt: skip


def prepare(release: Release, profile: Profile) -> None:
    """Build what most messages need before the first one comes (a second or so)."""
    for name in USED:
        stub = {"resourceType": name}
        check(stub, release, stub.copy if profile == "full" else None)
