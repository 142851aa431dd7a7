"""Bundles: what is one act is refused whole, of the others each entry stands for itself."""

import pytest

from producers.adapter import Document, Refusal
from producers.fhir.bounds import Limits
from producers.fhir.translate import TRANSLATOR
from tests.unit.fhir.told import ENCOUNTER, OBSERVATION, PATIENT, Source, bundle, feed, only, raw, refused

BAD = OBSERVATION | {"id": "o2", "status": "done"}


@pytest.mark.parametrize("kind", ["transaction", "message", "document"])
def test_one_act_is_refused_whole(kind: str) -> None:
    source = Source()
    made = source.tell(bundle(kind, PATIENT, OBSERVATION, BAD, BAD | {"id": "o3"}))
    assert ["Bundle.entry[2].resource.status", "Bundle.entry[3].resource.status"] == [r.place for r in made.outcomes if isinstance(r, Refusal)]  # fmt: skip
    assert 2 == len(made.outcomes)
    assert {} == source.states
    first, second = made.outcomes
    assert isinstance(first, Refusal)
    assert isinstance(second, Refusal)
    assert first.original is None, "the first keeps the whole message"
    assert second.original == raw(BAD | {"id": "o3"}).replace(b": ", b":").replace(b", ", b",")


@pytest.mark.parametrize("kind", ["batch", "searchset", "collection", "history"])
def test_entries_stand_for_themselves(kind: str) -> None:
    document, refusal = Source().tell(bundle(kind, PATIENT, OBSERVATION, BAD)).outcomes
    assert isinstance(document, Document)
    assert isinstance(refusal, Refusal)
    assert ("fhir_code", "Bundle.entry[2].resource.status", "observation") == (
        refusal.reason,
        refusal.place,
        refusal.kind,
    )


def test_rows_count_what_was_read() -> None:
    other = {"resourceType": "Immunization", "id": "i1", "status": "completed", "vaccineCode": {"text": "A"}}
    other |= {"patient": {"reference": "Patient/p1"}, "occurrenceString": "A"}
    message = bundle("batch", PATIENT, OBSERVATION, other, BAD)
    message["entry"].append({"request": {"method": "GET", "url": "Patient/p1"}})
    rows = Source().tell(message).rows
    assert (5, 2, {"Bundle.entry.GET": 1, "Immunization": 1}) == (rows.read, rows.used, rows.unmapped)


def test_types_without_a_kind_are_silent() -> None:
    made = Source().tell({"resourceType": "Basic", "id": "b", "code": {"text": "A"}})
    assert ((), "no_kind") == (made.outcomes, made.silence)
    assert ((), "no_kind") == (
        (answer := Source().tell({"resourceType": "Bundle", "type": "batch-response"})).outcomes,
        answer.silence,
    )


def test_a_bundle_of_the_wrong_form() -> None:
    assert ("fhir_code", "Bundle.type") == ((r := refused(Source().tell(bundle("package", PATIENT)))).reason, r.place)
    assert "fhir_missing" == refused(Source().tell({"resourceType": "Bundle"})).reason
    assert "Bundle.entry" == refused(Source().tell({"resourceType": "Bundle", "type": "batch", "entry": {}})).place
    assert "fhir_empty" == refused(Source().tell({"resourceType": "Bundle", "type": "batch", "entry": []})).reason
    assert "fhir_no_type" == refused(Source().tell(bundle("batch", PATIENT) | {"entry": [{"resource": 7}]})).reason
    assert "Bundle.entry[0]" == refused(Source().tell({"resourceType": "Bundle", "type": "batch", "entry": [7]})).place


def test_a_patch_is_refused() -> None:
    message = bundle("batch", PATIENT)
    message["entry"][0]["request"]["method"] = "PATCH"
    assert "fhir_patch" == refused(Source().tell(message)).reason


def test_operations_ask_for_nothing() -> None:
    message = bundle("batch", {"resourceType": "Parameters", "id": "x"})
    message["entry"][0]["request"] = {"method": "POST", "url": "ValueSet/$lookup"}
    assert () == Source().tell(message).outcomes


def test_bounds() -> None:
    message = raw(bundle("batch", OBSERVATION, ENCOUNTER))
    found = TRANSLATOR.parse(message, feed(), limits=Limits(entries=1))
    assert isinstance(found, Refusal)
    assert ("too_large", "Bundle.entry") == (found.reason, found.place)
    found = TRANSLATOR.parse(message, feed(), limits=Limits(message=len(message) - 1))
    assert isinstance(found, Refusal)
    assert "too_large" == found.reason


def test_a_message_is_known_by_its_own_id() -> None:
    named = Source().parse(bundle("batch", PATIENT) | {"identifier": {"value": "b-1"}})
    alone = Source().parse(PATIENT | {"meta": {"versionId": "3"}})
    assert not isinstance(named, Refusal)
    assert not isinstance(alone, Refusal)
    assert ("Bundle/b-1", "Patient/p1/3") == (named.message_id, alone.message_id)


def test_the_light_profile_asks_the_shapes_alone() -> None:
    odd = PATIENT | {"extension": [{"url": "http://example.org/x", "valueUuid": f"urn:uuid:{'-' * 36}"}]}
    assert "fhir_model" == refused(Source().tell(odd)).reason
    assert "folded" == Source(profile="light").tell(odd).silence
    assert "fhir_model" == refused(Source().tell(bundle("batch", odd))).reason


def test_release_by_option_or_request() -> None:
    r5 = {"resourceType": "Encounter", "id": "e", "status": "completed", "class": [{"coding": [{"code": "IMP"}]}]}
    assert "I" == only(Source(release="R5").tell(r5)).body["patient_class"]
    assert "I" == only(Source().tell(r5, release="R5")).body["patient_class"]
    assert "fhir_value" == refused(Source(release="R4").tell(r5)).reason
