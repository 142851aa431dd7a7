"""A coded element (CE, CNE, CWE; chapter 2A) with several codes: which of them the document is compared by, and which
one is kept beside it.

Components 1 to 3, 4 to 6 and (CWE since v2.7) 10 to 12 each hold a code, its text and its system; where a system has no
name, its OID stands in 14, 17 and 20. A sender may put the laboratory's own code first or last. What is not taken here
stays sealed with the field.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from producers.hl7v2.clear import code
from schemas.codes import NATIONAL_TESTS

Rank = Callable[[str], int]
"""System as written -> 0 for the one that is wanted most."""

_TRIPLETS: Final = ((0, 13), (3, 16), (9, 19))
"""Where each code begins, and where the OID of its system is."""
_OIDS: Final = {"2.16.840.1.113883.6.1": "LN", "2.16.840.1.113883.6.96": "SCT", "2.16.840.1.113883.6.3": "I10"}
_LOINC: Final = frozenset(("LN", "LOINC"))
_ELSEWHERE: Final = _LOINC | {"SCT", "UCUM", "I10", "ICD10", "ICD-10"}
"""Systems that are no hospital's own (names of HL7 table 0396, and how they are met)."""


class Coded(NamedTuple):
    """`system` as the source calls it, empty where it does not; `alternate_code` None where there is one code."""

    code: str | None = None
    system: str = ""
    text: str = ""
    alternate_code: str | None = None
    alternate_system: str = ""


def read(components: Sequence[str], rank: Rank) -> Coded:
    """`components`: of one repetition, unescaped. Of equals the first is chosen; beside it stands a code of the
    hospital's own if there is one, since that is what code maps are of."""
    if len(components) < 4:  # most senders
        found, text, system = (*components, "", "", "")[:3]
        return Coded(code(found), system, text)
    every = [_triplet(components, at, oid) for at, oid in _TRIPLETS if at < len(components)]
    text = next((text for _, _, text in every if text), "")
    said = [(found, system) for found, system, _ in every if found]
    if not said:
        return Coded(None, every[0][1], text)
    chosen = min(said, key=lambda one: rank(one[1])) if len(said) > 1 else said[0]
    others = [one for one in said if one != chosen]
    if not others:
        return Coded(*chosen, text)
    beside = next((one for one in others if one[1].upper() not in _ELSEWHERE), others[0])
    return Coded(*chosen, text, *beside)


def _triplet(components: Sequence[str], at: int, oid: int) -> tuple[str | None, str, str]:
    found, text, system = (*components[at : at + 3], "", "", "")[:3]
    if not system and len(components) > oid:
        system = _OIDS.get(components[oid], components[oid])
    return code(found), system, text


def alternate(found: Coded, system: str | None, prefix: str = "") -> dict[str, str | None]:
    """The fields of the code beside the chosen one; none where there is none."""
    if found.alternate_code is None:
        return {}
    return {f"{prefix}alternate_code": found.alternate_code, f"{prefix}alternate_system": system}


def codes(components: Sequence[str]) -> list[str]:
    """Every code of an element, of whatever system."""
    return [found for at, _ in _TRIPLETS for found in components[at : at + 1] if found]


def _of_test(system: str) -> int:
    """Of a test: the national list (QĐ 1227, QĐ 7603), LOINC, any other.

    No circular says how an HL7 message names the national list; a name of ours (`schemas.codes`) is expected.
    """
    return 0 if system in NATIONAL_TESTS else 1 if system.upper() in _LOINC else 2


def of_order(components: Sequence[str]) -> dict[str, str | None]:
    """OBR-4 as the fields of an observation."""
    found = read(components, _of_test)
    return {
        "order_code": found.code,
        "order_system": code(found.system),
        "order_name": found.text or None,
        **alternate(found, code(found.alternate_system), "order_"),
    }


def of_result(components: Sequence[str]) -> dict[str, str | None]:
    """OBX-3 as the fields of a result."""
    found = read(components, _of_test)
    return {
        "test_code": found.code,
        "test_system": code(found.system),
        "test_name": found.text or None,
        **alternate(found, code(found.alternate_system)),
    }
