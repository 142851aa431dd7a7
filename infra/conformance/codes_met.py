"""Which code systems a document uses, and which of its codes no list knows. Codes only, never what a person said.

A code is shown only where it has a code's form, is no long number and holds nothing of the document's own person:
somebody may have typed a name where a code belongs.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from producers.mask import MASK, Masker
from schemas import codes
from stream_processors.checks import icd10

HIDDEN: Final = "…"
"""Stands for what is no code by its form."""

_FORM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+*-]{0,19}")
_LONG_NUMBER: Final = re.compile(r"\d[\d.-]{6,}\d")
_SYSTEM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:/._#~ -]{0,99}")
_LOCAL: Final = re.compile(r"(L|local|99.*|)", re.IGNORECASE)
_LISTS: Final = {
    name: name
    for name in (
        "sex", "visit_type", "patient_category", "treatment_result", "discharge_type", "cost_group", "province",
        "ethnicity", "area", "scope", "payment_method", "paid_by", "anaesthesia",
    )
}  # fmt: skip
_CODED: Final = {"order_code": "order_system", "test_code": "test_system", "procedure_code": "procedure_system"}
_TABLES: Final = {name: frozenset().union(*(span for _, span in codes.LISTS[name])) for name in _LISTS}


class Met(NamedTuple):
    """A code as met. `field` is where, `system` its list; `known` None where we have no list to ask."""

    field: str
    system: str
    code: str
    known: bool | None


def met(event: Mapping[str, Any], identity: Mapping[str, str | None]) -> list[Met]:
    masker = Masker(value for name, value in identity.items() if name not in ("sex", "birth"))
    return [
        Met(field, _shown(system, _SYSTEM, masker), _code(code, masker), known)
        for field, system, code, known in _walk(event)
        if code
    ]


def _walk(event: Mapping[str, Any]) -> Iterator[tuple[str, str, str, bool | None]]:
    if event.get("main_diagnosis"):
        yield "main_diagnosis", "ICD-10", event["main_diagnosis"], _icd10(event["main_diagnosis"])
    yield from _of("", event)
    for name, lines in event.items():
        if isinstance(lines, list) and lines and isinstance(lines[0], Mapping):
            for line in lines:
                if name == "diagnoses" and line.get("role") != "main":
                    system, code = line.get("system") or "local", line.get("code") or ""
                    yield "diagnoses.code", system, code, _icd10(code) if system == "ICD-10" else None
                yield from _of(f"{name}.", line)


def _of(prefix: str, line: Mapping[str, Any]) -> Iterator[tuple[str, str, str, bool | None]]:
    for name, table in _LISTS.items():
        code = line.get(name)
        if isinstance(code, str):
            yield f"{prefix}{name}", f"danh mục {table}", code, code in _TABLES[table]
    for name, system_name in _CODED.items():
        code = line.get(name)
        if isinstance(code, str):
            system = line.get(system_name) or "local"
            yield f"{prefix}{name}", system, code, False if _LOCAL.fullmatch(system) else None


def _icd10(code: str) -> bool:
    return icd10.known(code, five=True) or icd10.known(code, five=False) or icd10.traditional(code)


def _code(text: str, masker: Masker) -> str:
    return HIDDEN if _LONG_NUMBER.search(text) else _shown(text, _FORM, masker)


def _shown(text: str, form: re.Pattern[str], masker: Masker) -> str:
    return text if form.fullmatch(text) and MASK not in masker(text) else HIDDEN
