"""The DICOM JSON model (PS3.18 annex F), as QIDO-RS answers it, to text by tag. Pure; whatever is not of the form is left out."""

from collections.abc import Mapping
from typing import Any, Final

from producers.dicom.attributes import Said, Values
from producers.dicom.bounds import LIMITS, Limits
from producers.dicom.elements import Wanted

_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")


def said(dataset: object, wanted: Wanted, limits: Limits = LIMITS) -> Said:
    """What one data set says; a text that is too long is `bad`."""
    bad: list[int] = []
    return Said(_dataset(dataset, wanted, limits, bad), tuple(bad))


def together(*parts: Said) -> Said:
    """Study, series and instance, each with what it alone knows; the later ones win."""
    values: Values = {}
    for part in parts:
        values |= part.values
    return Said(values, tuple(tag for part in parts for tag in part.bad))


def number(dataset: object, tag: int) -> int | None:
    """A whole number (NumberOfStudyRelatedInstances), None where it is not said."""
    text = said(dataset, {tag: None}).values.get(tag)
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 9 else None


def _dataset(dataset: object, wanted: Wanted, limits: Limits, bad: list[int]) -> Values:
    """`wanted` bounds the depth: only what it names is entered."""
    values: Values = {}
    if not isinstance(dataset, Mapping):
        return values
    for tag, inner in wanted.items():
        element = dataset.get(f"{tag:08X}")
        found = element.get("Value") if isinstance(element, Mapping) else None
        if not isinstance(found, list):
            continue
        if inner is not None:
            values[tag] = [_dataset(item, inner, limits, bad) for item in found[: limits.items]]
            continue
        text = "\\".join(map(_text, found[: limits.items])).strip()
        if len(text.encode()) > limits.value:
            bad.append(tag)
        elif text:
            values[tag] = text
    return values


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):  # PN
        groups = [value.get(name) for name in _GROUPS]
        return "=".join(group if isinstance(group, str) else "" for group in groups).rstrip("=")
    return str(value) if type(value) is int else ""
