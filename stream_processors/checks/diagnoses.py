"""Checks of ICD-10 codes, by the list that was in force when the visit ended."""

from collections.abc import Collection
from datetime import date
from functools import lru_cache

from stream_processors.checks import icd10
from stream_processors.checks.register import Check, Event, Identity, Narrative, check


@check
def main_known(day: date) -> Check:
    """The main diagnosis is exactly one code of the list."""
    known = icd10.known_on(day)

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        code = event["main_diagnosis"]
        return "main_diagnosis" if code is not None and not known(code) else None

    return found


@check
def others_known(most: int, day: date) -> Check:
    """The other diagnoses are codes of the list (traditional ones are told apart), and at most `most`."""
    known = icd10.known_on(day)

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        count = 0
        for number, line in enumerate(event["diagnoses"], 1):
            if line["role"] != "other" or line["system"] != "ICD-10":
                continue
            count += 1
            code = line["code"]
            if code is None or not (known(code) or icd10.traditional(code)):
                return f"diagnoses[{number}].code"
        return "diagnoses" if count > most else None

    return found


@check
def others_not_traditional() -> Check:
    """No code of traditional medicine among the other diagnoses: those have a field of their own."""

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        for number, line in enumerate(event["diagnoses"], 1):
            if line["role"] == "other" and line["system"] == "ICD-10" and icd10.traditional(line["code"] or ""):
                return f"diagnoses[{number}].code"
        return None

    return found


@check
def main_not_of(codes: Collection[str]) -> Check:
    """The main diagnosis is in none of these categories."""
    unwanted = tuple(codes)

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        code = event["main_diagnosis"]
        return "main_diagnosis" if code is not None and icd10.bare(code).startswith(unwanted) else None

    return found


@check
def fits_sex(sex: str, blocks: Collection[str]) -> Check:
    """Diagnoses of these blocks (`N70-N98`) only in patients of `sex`; nothing is said where it is unknown."""
    spans = tuple((block[:3], block[-3:]) for block in blocks)

    @lru_cache(maxsize=20_000)
    def within(code: str) -> bool:
        category = icd10.bare(code)[:3]
        return any(first <= category <= last for first, last in spans)

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        if event["sex"] not in ("1", "2") or event["sex"] == sex:
            return None
        if event["main_diagnosis"] is not None and within(event["main_diagnosis"]):
            return "main_diagnosis"
        for number, line in enumerate(event["diagnoses"], 1):
            if line["system"] == "ICD-10" and line["code"] and within(line["code"]):
                return f"diagnoses[{number}].code"
        return None

    return found
