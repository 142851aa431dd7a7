"""Public samples, where they are at hand: official R4 examples and Synthea records are taken; what is broken is not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from producers.adapter import Parsed, Refusal
from producers.fhir.json_text import Json
from producers.fhir.translate import TRANSLATOR
from tests.unit.fhir.told import Source, documents, feed, raw

SAMPLES: Final = Path(__file__).parents[3].parent / "shared" / "samples"
OFFICIAL: Final = sorted((SAMPLES / "fhir-r4-official").glob("*.json"))
SYNTHEA: Final = sorted((SAMPLES / "fhir-r4-synthea").glob("*.json"))

REQUIRED: Final = {
    "Appointment": ("status", "participant"),
    "Bundle": ("type",),
    "Condition": ("subject",),
    "DiagnosticReport": ("status", "code"),
    "Encounter": ("status", "class"),
    "ImagingStudy": ("status", "subject"),
    "MedicationRequest": ("status", "intent", "subject"),
    "Observation": ("status", "code"),
    "ServiceRequest": ("status", "intent", "subject"),
}

pytestmark = pytest.mark.skipif(not OFFICIAL or not SYNTHEA, reason="the public FHIR samples are not at hand")


def is_taken(message: bytes, profile: str) -> bool:
    parsed = TRANSLATOR.parse(message, feed(profile=profile))
    if isinstance(parsed, Refusal):
        return False
    return not any(isinstance(o, Refusal) for o in TRANSLATOR.translate(None, parsed, feed()).outcomes)


@pytest.mark.parametrize("profile", ["light", "full"])
def test_official_examples_are_taken(profile: str) -> None:
    taken = sum(is_taken(path.read_bytes(), profile) for path in OFFICIAL)
    assert 0.98 <= taken / len(OFFICIAL)


@pytest.mark.parametrize("profile", ["light", "full"])
def test_every_synthea_entry_is_taken(profile: str) -> None:
    for path in SYNTHEA:
        parsed = TRANSLATOR.parse(path.read_bytes(), feed(profile=profile))
        assert isinstance(parsed, Parsed)
        assert () == parsed.content.content.faulty


def test_a_synthea_record_is_whole() -> None:
    for path in SYNTHEA:
        made = Source(profile="light").tell(path.read_bytes())
        assert all(not d.partial and d.identity["full_name"] for d in documents(made))
        entries = json.loads(path.read_bytes())["entry"]
        visits = sum(entry["resource"]["resourceType"] == "Encounter" for entry in entries)
        assert visits == sum(document.kind == "encounter" for document in documents(made))


def broken(resource: dict[str, Any]) -> Iterator[tuple[str, Json]]:
    """One fault at a time in an element that nearly every resource has."""
    yield "an id too long", resource | {"id": "x" * 65}
    yield "an id of wrong form", resource | {"id": "a b"}
    yield "an empty list", resource | {"extension": []}
    yield "an empty object", resource | {"meta": {}}
    yield "an empty text", resource | {"language": ""}
    yield "an unknown element", resource | {"colour": "red"}
    yield "no type", {name: value for name, value in resource.items() if name != "resourceType"}
    yield "another type", resource | {"resourceType": "Visit"}
    for name in ("status", "gender", "type", "intent"):
        if isinstance(resource.get(name), str):
            yield f"a wrong {name}", resource | {name: "wrong"}
            yield f"a number as {name}", resource | {name: 7}
    for name in REQUIRED.get(resource["resourceType"], ()):
        yield f"no {name}", {element: value for element, value in resource.items() if element != name}
    for name in [n for n, v in resource.items() if isinstance(v, list)][:5]:
        yield f"{name} is no list", resource | {name: "x"}


@pytest.mark.parametrize("profile", ["light", "full"])
def test_broken_examples_are_not_taken(profile: str) -> None:
    for path in OFFICIAL:
        for fault, resource in broken(json.loads(path.read_bytes())):
            assert not is_taken(raw(resource), profile), f"{path.name}: {fault}"
