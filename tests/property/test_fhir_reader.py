"""Whatever the bytes, the FHIR adapter answers; a sample changed anywhere is read or refused, never a fault of ours."""

import copy
import json
from typing import Any, Final

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.adapter import Document, Parsed, Refusal
from producers.event import Keys, Number, compose
from producers.fhir.check import check
from producers.fhir.json_text import Json, read, rough
from producers.fhir.releases import Release
from producers.fhir.translate import TRANSLATOR
from runtime import keyring
from schemas.reasons import REASONS
from tests.unit.fhir.told import CONDITION, ENCOUNTER, OBSERVATION, PATIENT, REQUEST, bundle, feed, raw

KEYS: Final = Keys.of(keyring.create(["01999"]), "01999")
NUMBER: Final = Number("01999.his", "0" * 16, 1, 1, 1)
RESOURCES: Final = (PATIENT, ENCOUNTER, CONDITION, OBSERVATION, REQUEST)
SAMPLES: Final = (*RESOURCES, bundle("transaction", *RESOURCES), bundle("batch", *RESOURCES))
NAMES: Final = sorted({name for resource in RESOURCES for name in resource} | {"contained", "extension", "component"})

json_values: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


def answer(message: bytes, release: Release = "R4", **options: Any) -> None:
    """Read, translated, and made into events; the state can be kept."""
    made = feed(**options)
    parsed = TRANSLATOR.parse(message, made, release=release)
    state = None
    for _ in range(2):
        if isinstance(parsed, Refusal):
            assert parsed.reason in REASONS
            return
        translation = TRANSLATOR.translate(state, parsed, made)
        for outcome in translation.outcomes:
            if isinstance(outcome, Refusal):
                assert outcome.reason in REASONS
            elif isinstance(outcome, Document):
                event(outcome, translation.rows)
        if translation.state is not None:
            state = orjson.loads(orjson.dumps(translation.state))


def event(document: Document, rows: Any) -> None:
    compose(document, NUMBER, feed(), KEYS, captured_at=1_795_400_000_000, last_version=0, message_id="m", rows=rows)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes(message: bytes) -> None:
    answer(message)


@settings(deadline=None)
@given(json_values, st.sampled_from(["Patient", "Observation", "Bundle", "Encounter", "Nothing"]))
def test_random_json(value: Json, type_: str) -> None:
    answer(json.dumps(value).encode("utf-8", "surrogatepass"))
    if isinstance(value, dict):
        answer(json.dumps(value | {"resourceType": type_}).encode("utf-8", "surrogatepass"))


def places(tree: Json, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every element of a tree."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [found for name, value in inner for found in ((*path, name), *places(value, (*path, name)))]


def changed(sample: Json, path: tuple[Any, ...], value: Any) -> Json:
    """A copy with another value there; nothing there where it is `...`."""
    made = copy.deepcopy(sample)
    at = made
    for step in path[:-1]:
        at = at[step]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return made


changes: Final = st.sampled_from(SAMPLES).flatmap(
    lambda sample: st.tuples(st.just(sample), st.sampled_from(places(sample)), json_values | st.just(...))
)


@settings(max_examples=300, deadline=None)
@given(changes, st.sampled_from(["light", "full"]), st.sampled_from(["R4", "R5"]))
def test_a_changed_sample(change: tuple[Json, tuple[Any, ...], Any], profile: str, release: Release) -> None:
    answer(raw(changed(*change)), release, profile=profile)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_changed_bytes(sample: Json, data: st.DataObject) -> None:
    message = bytearray(raw(sample))
    at = data.draw(st.integers(0, len(message) - 1))
    message[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    answer(bytes(message))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(RESOURCES).flatmap(lambda r: st.tuples(st.just(r), st.sampled_from(places(r)), json_values)))
def test_what_the_models_refuse_the_shapes_refuse(change: tuple[Json, tuple[Any, ...], Any]) -> None:
    """The light profile lets nothing through that the full one refuses, in the elements of everyday."""
    message = raw(changed(*change))
    tree = read(message)
    if not isinstance(tree, dict) or check(tree, "R4"):
        return
    assert [] == check(tree, "R4", lambda: rough(message))


def test_deep_resources_do_not_end_the_process() -> None:
    inner: Json = {"url": "http://example.org/x", "valueString": "A"}
    for _ in range(95):
        inner = {"url": "http://example.org/x", "extension": [inner]}
    answer(raw(PATIENT | {"extension": [inner]}))
    nested: Json = PATIENT
    for _ in range(60):
        nested = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": nested}]}
    answer(raw(nested))


def test_a_parsed_message_is_of_this_dialect() -> None:
    assert isinstance(TRANSLATOR.parse(raw(PATIENT), feed()), Parsed)
