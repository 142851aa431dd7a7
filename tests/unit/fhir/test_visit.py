"""A visit told at once or piece by piece: the same whole documents; what changes is told again."""

from typing import Any

import pytest

from producers.adapter import Refusal
from producers.fhir.json_text import Json
from tests.unit.fhir.told import (
    CCCD,
    CONDITION,
    ENCOUNTER,
    ICD10,
    NAME,
    OBSERVATION,
    PATIENT,
    REQUEST,
    WHO,
    Source,
    bundle,
    documents,
    only,
    refused,
)

EIGHT = 1_795_395_600_000
"""2026-11-23T08:00:00+07:00."""


def updated(resource: Json, at: str, **elements: Any) -> Json:
    return resource | {"meta": {"lastUpdated": f"2026-11-23T{at}+07:00"}} | elements


def test_a_transaction_is_a_part_per_document() -> None:
    made = documents(Source().tell(bundle("transaction", PATIENT, ENCOUNTER, CONDITION, OBSERVATION, REQUEST)))
    assert ["encounter", "observation", "prescription"] == [document.kind for document in made]
    assert {"LK-0001"} == {document.visit_number for document in made}
    assert {"BN-77"} == {document.patient_number for document in made}
    assert {NAME} == {document.identity["full_name"] for document in made}
    assert {False} == {document.partial for document in made}


def test_the_encounter_whole() -> None:
    document = documents(Source().tell(bundle("transaction", PATIENT, ENCOUNTER, CONDITION)))[0]
    assert ("Encounter", "e1") == document.natural_key
    assert EIGHT == document.occurred_at == document.body["admitted_at"]
    assert EIGHT + 5_400_000 == document.body["discharged_at"]
    assert "O" == document.body["patient_class"]
    assert "J18.9" == document.body["main_diagnosis"]
    assert [{"code": "J18.9", "system": "ICD-10", "role": "main", "text": "Viêm phổi"}] == document.body["diagnoses"]
    assert ("2", 1985, True) == tuple(document.body[name] for name in ("sex", "birth_year", "insured"))


def test_the_identity() -> None:
    identity = documents(Source().tell(bundle("transaction", PATIENT, ENCOUNTER)))[0].identity
    assert {
        "full_name": NAME,
        "citizen_id": CCCD,
        "birth": "19850312",
        "sex": "2",
        "cards": "DN4999900000001",
        "phone": "0900000000",
        "address": "1 phố Hư Cấu, Phường Hư Cấu, Hà Nội",
        "patient_number": "BN-77",
        "visit_number": "LK-0001",
    } == identity


def test_piece_by_piece_is_the_same() -> None:
    source = Source()
    assert "folded" == source.tell(PATIENT).silence
    assert [] == only(source.tell(ENCOUNTER)).body["diagnoses"]
    piecewise = only(source.tell(CONDITION))
    at_once = documents(Source().tell(bundle("transaction", PATIENT, ENCOUNTER, CONDITION)))[0]
    assert at_once == piecewise


def test_a_condition_waits_for_its_encounter() -> None:
    source = Source()
    assert ((), "folded") == ((made := source.tell(CONDITION)).outcomes, made.silence)
    assert "J18.9" == only(source.tell(ENCOUNTER)).body["main_diagnosis"]


def test_an_observation_after_its_patient_knows_who() -> None:
    source = Source()
    before = only(source.tell(OBSERVATION))
    source.tell(PATIENT)
    source.tell(ENCOUNTER)
    after = only(source.tell(OBSERVATION))
    assert (True, "p1", "e1") == (before.partial, before.patient_number, before.visit_number)
    assert (False, "BN-77", "LK-0001") == (after.partial, after.patient_number, after.visit_number)


def test_a_corrected_patient_tells_the_visits_again() -> None:
    source = Source()
    source.tell(bundle("transaction", PATIENT, ENCOUNTER))
    assert () == source.tell(PATIENT | {"active": True}).outcomes
    again = only(source.tell(PATIENT | {"birthDate": "1985-03-13"}))
    assert ("encounter", "19850313") == (again.kind, again.identity["birth"])


def test_nobody_s_resources_pass() -> None:
    document = only(Source().tell({n: v for n, v in OBSERVATION.items() if n not in ("subject", "encounter")}))
    assert (None, None, False) == (document.patient_number, document.visit_number, document.partial)


@pytest.mark.parametrize(
    ("expected", "resource", "elements"),
    [
        ("active", ENCOUNTER, {}),
        ("cancelled", ENCOUNTER, {"status": "cancelled"}),
        ("entered_in_error", ENCOUNTER, {"status": "entered-in-error"}),
        ("entered_in_error", OBSERVATION, {"status": "entered-in-error"}),
        ("cancelled", OBSERVATION, {"status": "cancelled"}),
        ("cancelled", REQUEST, {"status": "cancelled"}),
    ],
)
def test_statuses(expected: str, resource: Json, elements: dict[str, Any]) -> None:
    assert expected == only(Source().tell(resource | elements)).status


def test_a_planned_visit_has_not_happened() -> None:
    document = only(Source().tell(ENCOUNTER | {"status": "planned"}))
    assert (None, None) == (document.occurred_at, document.body["admitted_at"])


def test_a_wrong_condition_is_no_diagnosis() -> None:
    wrong = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "entered-in-error"}]
    }
    source = Source()
    source.tell(ENCOUNTER)
    assert "J18.9" == only(source.tell(CONDITION)).body["main_diagnosis"]
    assert [] == only(source.tell(CONDITION | {"verificationStatus": wrong})).body["diagnoses"]


def test_the_main_diagnosis_is_the_first_by_rank() -> None:
    other = CONDITION | {"id": "c2", "code": {"coding": [{"system": ICD10, "code": "I10"}]}}
    links = [
        {"condition": {"reference": "Condition/c1"}, "rank": 2},
        {"condition": {"reference": "Condition/c2"}, "rank": 1},
    ]
    ranked = documents(Source().tell(bundle("batch", ENCOUNTER | {"diagnosis": links}, CONDITION, other)))[0]
    assert ("I10", ["I10", "J18.9"]) == (ranked.body["main_diagnosis"], [d["code"] for d in ranked.body["diagnoses"]])
    unranked = documents(Source().tell(bundle("batch", ENCOUNTER, CONDITION, other)))[0]
    assert (None, 2) == (unranked.body["main_diagnosis"], len(unranked.body["diagnoses"]))


def test_hiv_is_restricted() -> None:
    hiv = CONDITION | {"code": {"coding": [{"system": ICD10, "code": "B20"}]}}
    assert "restricted" == documents(Source().tell(bundle("batch", ENCOUNTER, hiv)))[0].sensitivity
    label = {
        "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}
    }
    assert "restricted" == only(Source().tell(OBSERVATION | label)).sensitivity


def test_the_configured_visit_number() -> None:
    numbers = {"identifier": [*ENCOUNTER["identifier"], {"system": "http://his.example/lk", "value": "LK-9"}]}
    assert "LK-9" == only(Source(visit_system="http://his.example/lk").tell(ENCOUNTER | numbers)).visit_number
    assert "e1" == only(Source().tell({n: v for n, v in ENCOUNTER.items() if n != "identifier"})).visit_number


def test_corrected_when_each_part_says_when() -> None:
    source = Source()
    assert EIGHT == only(source.tell(updated(ENCOUNTER, "08:00:00"))).corrected_at
    assert EIGHT + 60_000 == only(source.tell(updated(CONDITION, "08:01:00"))).corrected_at
    assert None is only(source.tell(CONDITION | {"id": "c2"})).corrected_at


def test_an_older_resource_does_not_undo_a_newer_one() -> None:
    source = Source()
    source.tell(updated(ENCOUNTER, "08:01:00"))
    document = only(source.tell(updated(ENCOUNTER, "08:00:00", status="cancelled")))
    assert ("active", EIGHT + 60_000) == (document.status, document.corrected_at)


def test_repeats_in_one_message_are_folded_to_the_last() -> None:
    newest_first = bundle(
        "history", updated(OBSERVATION, "08:02:00", status="amended"), updated(OBSERVATION, "08:01:00")
    )
    assert "amended" == only(Source().tell(newest_first)).body["result_status"]
    assert (
        "corrected"
        == only(Source().tell(bundle("batch", OBSERVATION, OBSERVATION | {"status": "corrected"}))).body[
            "result_status"
        ]
    )


def test_deletions() -> None:
    source = Source()
    gone = only(source.delete("Observation/o1"))
    assert ("observation", ("Observation", "o1"), "entered_in_error") == (gone.kind, gone.natural_key, gone.status)
    assert ((), "no_kind") == ((made := source.delete("Immunization/i1")).outcomes, made.silence)
    source.tell(bundle("batch", PATIENT, ENCOUNTER, CONDITION))
    entries = [{"request": {"method": "DELETE", "url": "Encounter/e1"}}]
    deleted = bundle("batch", PATIENT)
    deleted["entry"] += entries
    visit = documents(source.tell(deleted))[0]
    assert ("entered_in_error", "LK-0001", False) == (visit.status, visit.visit_number, visit.partial)
    assert () == source.tell(CONDITION).outcomes


def test_a_condition_moved_to_another_visit_leaves_the_first() -> None:
    source = Source()
    second = ENCOUNTER | {"id": "e2", "identifier": [{"use": "official", "value": "LK-0002"}]}
    source.tell(bundle("batch", PATIENT, ENCOUNTER, second, CONDITION))
    made = documents(source.tell(CONDITION | {"encounter": {"reference": "Encounter/e2"}}))
    assert [("LK-0001", None), ("LK-0002", "J18.9")] == [(d.visit_number, d.body["main_diagnosis"]) for d in made]


def test_a_deleted_condition_is_taken_out() -> None:
    source = Source()
    source.tell(bundle("batch", PATIENT, ENCOUNTER, CONDITION))
    message = bundle("batch", PATIENT)
    message["entry"].append({"request": {"method": "DELETE", "url": "Condition/c1"}})
    assert [] == only(source.tell(message)).body["diagnoses"]


def test_a_deletion_that_names_nothing_is_refused() -> None:
    message = {"resourceType": "Bundle", "type": "batch"}
    message["entry"] = [{"request": {"method": "DELETE", "url": "Observation?code=1"}}]  # type: ignore[assignment]
    assert ("fhir_delete", "Bundle.entry[0].request") == ((r := refused(Source().tell(message))).reason, r.place)
    message["entry"] = [{"request": {"method": "DELETE", "url": "Patient?identifier=1"}}]  # type: ignore[assignment]
    assert () == Source().tell(message).outcomes


def test_what_is_kept_is_slim_and_bounded() -> None:
    source = Source()
    source.tell(
        PATIENT | {"text": {"status": "generated", "div": "<div>x</div>"}, "photo": [{"url": "http://x.example"}]}
    )
    for number in range(35):
        source.tell(ENCOUNTER | {"id": f"e{number}", "identifier": [{"value": f"LK-{number}"}]})
    kept = source.states["Patient/p1"]["resources"]
    assert not {"text", "photo"} & kept["Patient/p1"].keys()
    assert [f"Encounter/e{n}" for n in range(5, 35)] == [name for name in kept if name.startswith("Encounter")]


def test_a_bundle_of_several_patients_keeps_nothing() -> None:
    source = Source()
    other = PATIENT | {"id": "p2"}
    theirs = OBSERVATION | {"id": "o2", "subject": {"reference": "Patient/p2"}}
    made = documents(source.tell(bundle("collection", PATIENT, other, OBSERVATION, theirs)))
    assert {} == source.states
    assert [False, False] == [document.patient_number is None for document in made]


def test_references_of_every_form() -> None:
    inside = bundle("transaction", PATIENT, OBSERVATION)
    urn = "urn:uuid:0b8bb6d6-6c4b-4b0b-9a51-5f2a3ad4f7a1"
    inside["entry"][0]["fullUrl"] = urn
    contained = OBSERVATION | {"subject": {"reference": "#p"}, "contained": [PATIENT | {"id": "p"}]}
    del contained["encounter"]
    identifier = {"identifier": PATIENT["identifier"][3], "type": "Patient"}
    for subject in (
        {"reference": urn},
        {"reference": "http://his.example/fhir/Patient/p1/_history/3"},
        identifier,
        WHO,
    ):
        inside["entry"][1]["resource"] = OBSERVATION | {"subject": subject}
        assert "BN-77" == only(Source().tell(inside)).patient_number
    assert "BN-77" == only(Source().tell(contained)).patient_number


def test_a_resource_without_any_name_is_known_by_its_content() -> None:
    nameless = {name: value for name, value in OBSERVATION.items() if name != "id"}
    first, second = (only(Source().tell(nameless)).natural_key for _ in range(2))
    other = only(Source().tell(nameless | {"status": "amended"})).natural_key
    assert first == second != other
    assert ("Observation", "?|7") == only(Source().tell(nameless | {"identifier": [{"value": "7"}]})).natural_key


def test_a_url_may_tell_the_id() -> None:
    message = bundle("transaction", OBSERVATION)
    message["entry"][0]["resource"] = {name: value for name, value in OBSERVATION.items() if name != "id"}
    message["entry"][0]["fullUrl"] = "http://his.example/fhir/Observation/77"
    assert ("Observation", "77") == only(Source().tell(message)).natural_key


def test_refusals_hold_no_value() -> None:
    made = Source().tell(PATIENT | {"gender": NAME, "birthDate": NAME})
    assert isinstance(made.outcomes[0], Refusal)
    assert "fhir_time" == made.outcomes[0].reason
    assert NAME not in f"{made}"
    assert "also Patient.gender" == made.outcomes[0].detail
