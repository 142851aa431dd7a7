"""What may not be taken: by the shapes alone, and by the models as well."""

from typing import Any

import pytest

from producers.fhir.bounds import Limits
from producers.fhir.check import check, place
from producers.fhir.codes import CODES, CONCEPTS
from producers.fhir.json_text import Json, read, rough
from producers.fhir.releases import CLASSES, Release, model
from schemas.reasons import REASONS
from tests.unit.fhir.told import CONDITION, ENCOUNTER, OBSERVATION, PATIENT, raw


def reasons(resource: Json, release: Release = "R4") -> list[tuple[str, str]]:
    return [(problem.reason, problem.place) for problem in check(read(raw(resource)), release)]


def changed(resource: Json, **elements: Any) -> Json:
    return {name: value for name, value in (resource | elements).items() if value is not ...}


@pytest.mark.parametrize("resource", [PATIENT, ENCOUNTER, CONDITION, OBSERVATION])
def test_what_may_be_taken(resource: Json) -> None:
    assert [] == check(read(raw(resource)), "R4", lambda: rough(raw(resource)))


@pytest.mark.parametrize(
    ("reason", "where", "elements"),
    [
        ("fhir_code", "Patient.gender", {"gender": "X"}),
        ("fhir_code", "Patient.name[0].use", {"name": [{"use": "X", "text": "A"}]}),
        ("fhir_code", "Patient.telecom[0].system", {"telecom": [{"system": "X", "value": "1"}]}),
        ("fhir_id", "Patient.id", {"id": "a" * 65}),
        ("fhir_id", "Patient.id", {"id": "a_b"}),
        ("fhir_id", "Patient.id", {"id": ""}),
        ("fhir_id", "Patient.meta.versionId", {"meta": {"versionId": "a b"}}),
        ("fhir_empty", "Patient.name", {"name": []}),
        ("fhir_empty", "Patient.name[0]", {"name": [{}]}),
        ("fhir_empty", "Patient.contact[0].name", {"contact": [{"name": {}}]}),
        ("fhir_empty", "Patient.name[0].text", {"name": [{"text": ""}]}),
        ("fhir_time", "Patient.birthDate", {"birthDate": "1990-02-30"}),
        ("fhir_time", "Patient.birthDate", {"birthDate": "12/03/1985"}),
        ("fhir_time", "Patient.meta.lastUpdated", {"meta": {"lastUpdated": "2026-11-23"}}),
        ("fhir_value", "Patient.active", {"active": "true"}),
        ("fhir_value", "Patient.name", {"name": {"text": "A"}}),
        ("fhir_value", "Patient.name[0].given[0]", {"name": [{"given": [1]}]}),
        ("fhir_code", "Patient.gender", {"gender": None}),
        ("fhir_value", "Patient.multipleBirthInteger", {"multipleBirthInteger": 1.5}),
        ("fhir_choice", "Patient.multipleBirth[x]", {"multipleBirthInteger": 1, "multipleBirthBoolean": True}),
        ("fhir_missing", "Patient.link[0].other", {"link": [{"type": "seealso"}]}),
        ("fhir_unknown_element", "Patient.nickname", {"nickname": "A"}),
        ("fhir_unknown_element", "Patient.?", {"Nguyễn Văn An": 1}),
        ("fhir_unknown_type", "Patient.contained[0].resourceType", {"contained": [{"resourceType": "Person2"}]}),
        ("fhir_no_type", "Patient.contained[0]", {"contained": [{"id": "x"}]}),
        ("fhir_code", "Patient.contained[0].gender", {"contained": [{"resourceType": "Person", "gender": "X"}]}),
    ],
)
def test_a_patient_that_may_not(reason: str, where: str, elements: dict[str, Any]) -> None:
    assert [(reason, where)] == reasons(changed(PATIENT, **elements))


@pytest.mark.parametrize(
    ("reason", "where", "resource"),
    [
        ("fhir_code", "Observation.status", changed(OBSERVATION, status="done")),
        ("fhir_missing", "Observation.status", changed(OBSERVATION, status=...)),
        ("fhir_missing", "Observation.code", changed(OBSERVATION, code=...)),
        ("fhir_code", "Observation.valueQuantity.comparator",
         changed(OBSERVATION, valueQuantity={"value": 1, "comparator": "=="})),
        ("fhir_value", "Observation.valueQuantity.value", changed(OBSERVATION, valueQuantity={"value": "0.4"})),
        ("fhir_choice", "Observation.value[x]", changed(OBSERVATION, valueString="A")),
        ("fhir_time", "Observation.effectiveDateTime", changed(OBSERVATION, effectiveDateTime="2026-11-23T08:00:00")),
        ("fhir_code", "Encounter.status", changed(ENCOUNTER, status="completed")),
        ("fhir_missing", "Encounter.class", {k: v for k, v in ENCOUNTER.items() if k != "class"}),
        ("fhir_code", "Condition.clinicalStatus", changed(CONDITION, clinicalStatus={"coding": [{"code": "active"}]})),
        ("fhir_unknown_type", "resourceType", {"resourceType": "Visit"}),
        ("fhir_unknown_type", "resourceType", {"resourceType": "Quantity"}),
        ("fhir_unknown_type", "resourceType", {"resourceType": "Resource"}),
        ("fhir_no_type", "", {"id": "x"}),
        ("fhir_no_type", "", {"resourceType": 7}),
        ("fhir_no_type", "", []),
        ("fhir_id", "MedicinalProduct.id", {"resourceType": "MedicinalProduct", "id": "a b"}),
    ],
)  # fmt: skip
def test_a_resource_that_may_not(reason: str, where: str, resource: Json) -> None:
    assert [(reason, where)] == reasons(resource)


def test_a_required_element_may_say_why_it_is_absent() -> None:
    absent = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]
    }
    assert [] == reasons(changed(OBSERVATION, status=..., _status=absent))


def test_a_null_keeps_the_place_of_an_extension() -> None:
    extension = {"extension": [{"url": "http://example.org/x", "valueString": "A"}]}
    assert [] == reasons(changed(PATIENT, name=[{"given": [None, "B"], "_given": [extension, None]}]))


def test_releases_differ() -> None:
    r5 = {"resourceType": "Encounter", "status": "completed", "class": [{"text": "A"}]}
    assert [] == reasons(r5, "R5")
    assert ("fhir_value", "Encounter.class") in reasons(r5)
    assert [] == reasons({"resourceType": "MedicinalProduct", "id": "x", "name": [{"productName": "A"}]})
    assert [("fhir_unknown_type", "resourceType")] == reasons({"resourceType": "MedicinalProduct"}, "R5")


def test_the_codes_that_would_be_allowed_are_told() -> None:
    (problem,) = check(changed(PATIENT, gender="X"), "R4")
    assert "female | male | other | unknown" == problem.detail


def test_the_models_are_asked_too() -> None:
    resource = changed(PATIENT, extension=[{"url": "http://example.org/x", "valueUuid": f"urn:uuid:{'-' * 36}"}])
    assert [] == check(resource, "R4")
    assert ["fhir_model"] == [problem.reason for problem in check(resource, "R4", lambda: resource)]


def test_a_problem_holds_no_value() -> None:
    secret = "Nguyễn Thị Hư Cấu"
    resource: Json
    for resource in (
        changed(PATIENT, gender=secret),
        changed(PATIENT, birthDate=secret),
        changed(PATIENT, active=secret),
        changed(PATIENT, **{secret: secret}),
        changed(PATIENT, id=secret),
        {"resourceType": secret},
    ):
        assert secret not in f"{check(resource, 'R4', resource.copy)}"


def test_many_faults_are_cut() -> None:
    assert [("fhir_empty", "Patient.name[0]")] == reasons(changed(PATIENT, name=[{}] * 50))
    assert [("fhir_unknown_element", "Patient")] == reasons(changed(PATIENT, **{f"x{n}": n for n in range(200)}))
    elements = dict.fromkeys(("active", "gender", "birthDate", "telecom", "address", "contact", "photo", "link"), 7)
    assert 2 == len(check(changed(PATIENT, **elements), "R4", limits=Limits(problems=2)))


def test_every_reason_is_of_the_table() -> None:
    resource: Json
    for resource in (changed(PATIENT, gender="X"), changed(PATIENT, name=[]), {"resourceType": "Visit"}, []):
        assert all(problem.reason in REASONS for problem in check(resource, "R4"))


@pytest.mark.parametrize("release", ["R4", "R5"])
def test_the_tables_of_codes_name_elements_of_the_models(release: Release) -> None:
    classes = {name.split(".")[0] for name in CODES[release]} | {name.split(".")[0] for name in CONCEPTS}
    for name in classes:
        elements = {field.alias for field in CLASSES[release](name).model_fields.values()}
        wanted = {key.split(".")[1] for key in (*CODES[release], *CONCEPTS) if key.split(".")[0] == name}
        assert wanted <= elements
    assert model(release, "Observation") is not None


def test_places_are_paths() -> None:
    assert "Bundle.entry[3].resource" == place("Bundle", ("entry", 3, "resource"))
    assert "Bundle.?" == place("Bundle", ("Nguyễn",))
