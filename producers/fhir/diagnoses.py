"""Condition and reason codes as the lines of `schemas.kinds.common.DIAGNOSES`."""

from collections.abc import Iterable
from typing import Any, Final

from producers.fhir import coded, systems
from producers.fhir.datatypes import NONE, Element, code, coding, text_of

Line = dict[str, Any]
_WRONG: Final = frozenset(("entered-in-error", "refuted"))
_DISCHARGE: Final = "DD"
"""http://terminology.hl7.org/CodeSystem/diagnosis-role."""


def icd10(concept: Element | None) -> Element:
    """The ICD-10 coding of a concept, else the one a person chose, else the first."""
    for found in (concept or NONE).get("coding", ()):
        if systems.is_icd10(found.get("system")) and found.get("code"):
            return found  # type: ignore[no-any-return]
    return coding(concept)


def line(concept: Element | None, role: str) -> Line | None:
    """None where nothing was said."""
    found = icd10(concept)
    text = text_of(concept)
    if not found and text is None:
        return None
    return {
        "code": code(found.get("code")),
        "system": systems.name(found.get("system")),
        **coded.alternate(concept, found),
        "role": role,
        "text": found.get("display") or text,
    }


def codes(concepts: Iterable[Element | None]) -> list[Any]:
    """Every code, of whatever system: what tells of a restricted disease may be any of them."""
    return [found.get("code") for concept in concepts for found in (concept or NONE).get("coding", ())]


def of_reasons(concepts: Iterable[Element]) -> tuple[str | None, list[Line]]:
    """(main ICD-10 code, lines) of reason codes, the first one being the main."""
    lines = [made for i, concept in enumerate(concepts) if (made := line(concept, "other" if i else "main"))]
    return main_code(lines), lines


def of_encounter(links: list[Any], conditions: dict[str, Any], key_of: Any) -> tuple[list[Line], list[Element]]:
    """(lines, the Condition behind each as far as there is one) of an Encounter: what its `diagnosis` names, then the
    Conditions that name it. `conditions`: key -> Condition.

    The main one has rank 1, else is a discharge diagnosis, else stands alone.
    """
    ranked: dict[str, tuple[int, int]] = {}
    for position, link in enumerate(links):
        for reference in targets(link):
            name = key_of(reference, "Condition")
            if name in conditions:
                ranked.setdefault(name, (_rank(link), position))
    names = sorted(ranked, key=ranked.__getitem__) + [name for name in conditions if name not in ranked]
    kept = [name for name in names if not _is_wrong(conditions[name])]
    main = kept[0] if kept and (len(kept) == 1 or ranked.get(kept[0], (2, 0))[0] < 2) else None
    lines: list[Line] = []
    behind: list[Element] = []
    for name in kept:
        made = line(conditions[name].get("code"), "main" if name == main else "other")
        if made is not None:
            lines.append(made)
            behind.append(conditions[name])
    return lines + _inline(links, bool(lines)), behind


def targets(link: Element) -> list[Any]:
    """R4: `condition` is a Reference; R5: a list of CodeableReference."""
    said = link.get("condition")
    return [item.get("reference") for item in said] if isinstance(said, list) else [said]


def _inline(links: list[Any], others: bool) -> list[Line]:
    """R5: a concept in the Encounter itself."""
    concepts = [item.get("concept") for link in links for item in _r5(link) if item.get("concept")]
    alone = len(concepts) == 1 and not others
    return [made for concept in concepts if (made := line(concept, "main" if alone else "other"))]


def _r5(link: Element) -> list[Any]:
    said = link.get("condition")
    return said if isinstance(said, list) else []


def _rank(link: Element) -> int:
    """0 said to be first, 1 a discharge diagnosis, 2 any other."""
    if link.get("rank") == 1:
        return 0
    said = link.get("use")
    uses = said if isinstance(said, list) else [said]
    return 1 if any(coding(use).get("code") == _DISCHARGE for use in uses) else 2


def _is_wrong(condition: Element) -> bool:
    return coding(condition.get("verificationStatus")).get("code") in _WRONG


def main_code(lines: Iterable[Line]) -> str | None:
    """Of the main diagnosis where it is of ICD-10 or its system is not said."""
    for found in lines:
        if found["role"] == "main" and found["system"] in (systems.ICD_10, systems.LOCAL):
            main: str | None = found["code"]
            return main
    return None
