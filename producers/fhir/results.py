"""Observation values as result lines: the value as it was written beside a number."""

from typing import Any, Final

from producers.fhir import coded
from producers.fhir.datatypes import (
    NONE,
    Element,
    code,
    coding,
    first,
    number,
    number_text,
    quantity_text,
    range_text,
    ratio_text,
    text_of,
    unit,
    with_unit,
)
from producers.fhir.json_text import write

Line = dict[str, Any]
_LONGEST: Final = 1_000
"""Characters of a value that may stand in clear; what is longer is a report."""
_SEALED: Final = ("valueSampledData", "valueAttachment", "valueReference")


def line(position: int, observation: Element, shared: Line) -> tuple[Line, str | None]:
    """(line, sealed text) of an Observation or a component. `shared`: status, times and reader of the whole."""
    concept = observation.get("code")
    text, value, measure, sealed = _value(observation)
    return {
        "line": position,
        **coded.of_test(concept, "test"),
        "test_name": text_of(concept),
        "value_text": text,
        "value_number": value,
        "unit": measure,
        "reference_range": _reference(first(observation.get("referenceRange"))),
        "abnormal": code(coding(first(observation.get("interpretation"))).get("code")),
        **shared,
    }, sealed


def has_value(observation: Element) -> bool:
    return any(name.startswith(("value", "_value", "dataAbsentReason")) for name in observation)


def _value(observation: Element) -> tuple[str | None, float | None, str | None, str | None]:
    """(value in clear, number, unit, sealed text)."""
    quantity = observation.get("valueQuantity")
    if quantity is not None:
        plain = "comparator" not in quantity
        return quantity_text(quantity), number(quantity.get("value")) if plain else None, unit(quantity), None
    if "valueInteger" in observation:
        return number_text(observation["valueInteger"]), number(observation["valueInteger"]), None, None
    for name in _SEALED:
        if name in observation:
            return None, None, None, (write(observation[name]) or b"").decode()
    text = _text(observation)
    if text is not None and len(text) > _LONGEST:
        return None, None, None, text
    return text, None, None, None


def _text(observation: Element) -> str | None:
    for name in ("valueString", "valueDateTime", "valueTime"):
        if name in observation:
            found: str = observation[name]
            return found
    if "valueBoolean" in observation:
        return "true" if observation["valueBoolean"] else "false"
    if "valueCodeableConcept" in observation:
        concept = observation["valueCodeableConcept"]
        return text_of(concept) or coding(concept).get("code")
    if "valueRange" in observation:
        return range_text(observation["valueRange"].get("low"), observation["valueRange"].get("high"))
    if "valueRatio" in observation:
        return ratio_text(observation["valueRatio"])
    if "valuePeriod" in observation:
        period = observation["valuePeriod"]
        return f"{period.get('start', '')}/{period.get('end', '')}"
    return None


def _reference(said: Element) -> str | None:
    """The range in words, else its bounds with their unit."""
    found = said.get("text") or range_text(said.get("low"), said.get("high"))
    if found is None or "text" in said:
        return found
    bound = said.get("high") or said.get("low") or NONE
    measure = with_unit(bound)
    return f"{found} {unit(bound)}" if measure and unit(bound) else found
