"""A CodeableConcept with several codings: which of them a document is compared by, and which one is kept beside it."""

from typing import Any, Final

from producers.fhir import systems
from producers.fhir.datatypes import NONE, Element, code, coding
from producers.fhir.json_text import write

LOINC: Final = ("http://loinc.org",)


def beside(concept: Element | None, chosen: Element) -> Element:
    """Another coding of the concept: one of the hospital's own system if there is one, since that is what code maps are
    of, else the first."""
    others = [c for c in _codings(concept) if c is not chosen and _named(c) != _named(chosen)]
    own = (c for c in others if not systems.is_international(c.get("system")))
    return next(own, others[0] if others else NONE)


def alternate(concept: Element | None, chosen: Element, prefix: str = "") -> dict[str, str | None]:
    """The fields of the code beside the chosen one; none where there is none."""
    found, system = _named(beside(concept, chosen))
    return {f"{prefix}alternate_code": found, f"{prefix}alternate_system": system} if found else {}


def of_test(concept: Element | None, name: str, prefix: str = "") -> dict[str, str | None]:
    """`<name>_code`, `<name>_system` and the code beside it: LOINC before any other. VN Core gives the national list of
    tests no URI."""
    chosen = coding(concept, LOINC)
    found, system = _named(chosen)
    return {f"{name}_code": found, f"{name}_system": system, **alternate(concept, chosen, prefix)}


def rest(concept: Element | None) -> str | None:
    """The concept as it was, to be sealed, where it holds several codings: not all that they say has a field."""
    if concept is None or len(concept.get("coding", ())) < 2:
        return None
    return (write(concept) or b"").decode()


def _codings(concept: Element | None) -> list[Any]:
    return [c for c in (concept or NONE).get("coding", ()) if c.get("code")]


def _named(found: Element) -> tuple[str | None, str | None]:
    return (code(found.get("code")), systems.name(found.get("system"))) if found else (None, None)
