"""Each resource type as its kind of document."""

from typing import Any

import pytest

from producers.fhir.json_text import Json
from schemas.kinds import KINDS
from tests.unit.fhir.told import ICD10, OBSERVATION, PATIENT, REQUEST, VISIT, WHO, Source, bundle, documents, only, raw

LOINC = "http://loinc.org"


def result(**elements: Any) -> dict[str, Any]:
    base = {name: value for name, value in OBSERVATION.items() if name != "valueQuantity"}
    (line,) = only(Source().tell(base | elements)).body["results"]
    return dict(line)


def test_a_value_keeps_its_text() -> None:
    message = raw(OBSERVATION).replace(b'"value": 80', b'"value": 0.40')
    (line,) = only(Source().tell(message)).body["results"]
    assert ("0.40", 0.4, "umol/L") == (line["value_text"], line["value_number"], line["unit"])


@pytest.mark.parametrize(
    ("text", "number", "elements"),
    [
        ("<5", None, {"valueQuantity": {"value": 5, "comparator": "<"}}),
        ("7", 7.0, {"valueInteger": 7}),
        ("Âm tính", None, {"valueString": "Âm tính"}),
        ("Dương tính", None, {"valueCodeableConcept": {"coding": [{"code": "1", "display": "Dương tính"}]}}),
        ("POS", None, {"valueCodeableConcept": {"coding": [{"code": "POS"}]}}),
        ("true", None, {"valueBoolean": True}),
        ("1:128", None, {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}),
        ("3-5", None, {"valueRange": {"low": {"value": 3}, "high": {"value": 5}}}),
        (">=3", None, {"valueRange": {"low": {"value": 3}}}),
        ("08:00:00", None, {"valueTime": "08:00:00"}),
        ("2026/2027", None, {"valuePeriod": {"start": "2026", "end": "2027"}}),
        (None, None, {"valueString": "x" * 1001}),
        (None, None, {"dataAbsentReason": {"coding": [{"code": "error"}]}}),
    ],
)
def test_values(text: str | None, number: float | None, elements: dict[str, Any]) -> None:
    line = result(**elements)
    assert (text, number) == (line["value_text"], line["value_number"])


def test_a_long_text_is_sealed() -> None:
    base = {name: value for name, value in OBSERVATION.items() if name != "valueQuantity"}
    assert "x" * 1001 == only(Source().tell(base | {"valueString": "x" * 1001})).narrative["results[1].description"]


def test_ranges_and_flags() -> None:
    line = result(
        valueInteger=7,
        referenceRange=[{"low": {"value": 3, "unit": "g/L"}, "high": {"value": 5, "unit": "g/L"}}],
        interpretation=[{"coding": [{"code": "H"}]}],
        issued="2026-11-23T09:00:00+07:00",
        performer=[{"reference": "Practitioner/bs1", "display": "BS Hư Cấu"}],
    )
    assert ("3-5 g/L", "H", "bs1") == (line["reference_range"], line["abnormal"], line["reader"])
    assert 3_000_000 == line["resulted_at"] - line["observed_at"]


def test_components_are_lines() -> None:
    parts = [
        {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": {"value": value, "unit": "mmHg"}}
        for code, value in (("8480-6", 120), ("8462-4", 80))
    ]
    base = {name: value for name, value in OBSERVATION.items() if name != "valueQuantity"}
    body = only(Source().tell(base | {"component": parts})).body
    assert [(1, "8480-6", "120"), (2, "8462-4", "80")] == [
        (x["line"], x["test_code"], x["value_text"]) for x in body["results"]
    ]
    assert ("2160-0", "LN") == (body["order_code"], body["order_system"])


def report(**elements: Any) -> Json:
    return {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "58410-2"}], "text": "Công thức máu"},
        "subject": WHO,
        "effectiveDateTime": "2026-11-23T08:10:00+07:00",
        "conclusion": "Bình thường",
    } | elements


def test_a_report_has_its_own_conclusion_and_what_it_contains() -> None:
    inside = {name: value for name, value in OBSERVATION.items() if name not in ("id", "encounter")} | {"id": "a"}
    document = only(Source().tell(report(contained=[inside], result=[{"reference": "#a"}])))
    assert ("58410-2", ["2160-0"]) == (document.body["order_code"], [x["test_code"] for x in document.body["results"]])
    assert "Bình thường" == document.narrative["conclusion"]


def test_an_observation_is_counted_once() -> None:
    made = documents(Source().tell(bundle("batch", report(result=[{"reference": "Observation/o1"}]), OBSERVATION)))
    assert [("DiagnosticReport", 0), ("Observation", 1)] == [(d.natural_key[0], len(d.body["results"])) for d in made]


def test_a_prescription_of_one_request() -> None:
    document = only(
        Source().tell(REQUEST | {"dosageInstruction": [{"text": "Ngày 3 viên", "route": {"coding": [{"code": "PO"}]}}]})
    )
    (line,) = document.body["lines"]
    assert ("05C.76", "Amoxicilin 500mg", 21_000, "viên", "PO") == tuple(line[n] for n in ("drug_code", "drug_name", "quantity", "unit", "route"))  # fmt: skip
    assert ("MedicationRequest", "m1") == document.natural_key
    assert line["ordered_at"] == document.occurred_at
    assert "Ngày 3 viên" == document.narrative["lines[1].instructions"]


def test_requests_written_together_are_one_prescription() -> None:
    source = Source()
    together = {"groupIdentifier": {"system": "http://his.example/don", "value": "DT-1"}}
    first = only(source.tell(REQUEST | together))
    second = only(source.tell(REQUEST | together | {"id": "m2"}))
    assert first.natural_key == second.natural_key
    assert [1, 2] == [len(first.body["lines"]), len(second.body["lines"])]
    third = only(source.tell(REQUEST | together | {"status": "cancelled"}))
    assert ("active", 1) == (third.status, len(third.body["lines"]))
    assert "cancelled" == only(source.tell(REQUEST | together | {"id": "m2", "status": "cancelled"})).status


def test_plans_and_prohibitions_are_no_prescriptions() -> None:
    for elements in ({"intent": "plan"}, {"intent": "proposal"}, {"doNotPerform": True}):
        assert () == Source().tell(REQUEST | elements).outcomes


def test_a_drug_by_reference() -> None:
    drug = {"resourceType": "Medication", "id": "d1", "code": {"coding": [{"code": "40.1"}], "text": "Thuốc Hư Cấu"}}
    request = {name: value for name, value in REQUEST.items() if name != "medicationCodeableConcept"}
    request["medicationReference"] = {"reference": "Medication/d1"}
    (line,) = only(Source().tell(bundle("batch", drug, request))).body["lines"]
    assert ("40.1", "Thuốc Hư Cấu") == (line["drug_code"], line["drug_name"])


def test_a_procedure_is_a_service() -> None:
    procedure = {
        "resourceType": "Procedure",
        "id": "s1",
        "status": "completed",
        "subject": WHO,
        "encounter": VISIT,
        "code": {"coding": [{"code": "10.0807.0577"}, {"system": "http://hl7.org/fhir/sid/icd-9-cm", "code": "47.09"}]},
        "performedDateTime": "2026-11-23T08:30:00+07:00",
        "performer": [{"actor": {"reference": "Practitioner/bs1"}}],
        "reasonCode": [{"coding": [{"system": ICD10, "code": "K35.8"}]}],
    }
    document = only(Source().tell(procedure))
    (line,) = document.body["lines"]
    assert ("service", "10.0807.0577", ["47.09"]) == (document.kind, line["service_code"], line["procedures"])
    assert (["bs1"], ["K35.8"], document.occurred_at) == (line["performers"], line["diagnoses"], line["performed_at"])
    assert "cancelled" == only(Source().tell(procedure | {"status": "not-done"})).status


REFERRAL: Json = {
    "resourceType": "ServiceRequest",
    "id": "g1",
    "status": "active",
    "intent": "order",
    "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]}],
    "subject": WHO,
    "authoredOn": "2026-11-23T09:00:00+07:00",
    "performer": [{"identifier": {"value": "01003"}}],
    "reasonCode": [{"coding": [{"system": ICD10, "code": "I21"}]}],
}


def test_a_referral() -> None:
    document = only(Source().tell(REFERRAL))
    assert ("referral", "01003", "I21") == (
        document.kind,
        document.body["referred_to"],
        document.body["main_diagnosis"],
    )
    assert "cancelled" == only(Source().tell(REFERRAL | {"status": "revoked"})).status


def test_other_orders_are_no_referrals() -> None:
    laboratory = REFERRAL | {"category": [{"coding": [{"system": "http://snomed.info/sct", "code": "108252007"}]}]}
    assert ((), "no_kind") == ((made := Source().tell(laboratory)).outcomes, made.silence)
    own = Source(referral_categories=["http://snomed.info/sct|108252007"])
    assert "referral" == only(own.tell(laboratory)).kind


def test_an_appointment_happened_when_it_was_made() -> None:
    appointment = {
        "resourceType": "Appointment",
        "id": "h1",
        "status": "booked",
        "created": "2026-11-23",
        "start": "2026-12-01T08:00:00+07:00",
        "end": "2026-12-01T08:15:00+07:00",
        "participant": [
            {"actor": {"reference": "Practitioner/bs1"}, "status": "accepted"},
            {"actor": WHO, "status": "accepted"},
        ],
    }
    document = documents(Source().tell(bundle("batch", PATIENT, appointment)))[0]
    assert ("20261123", ["bs1"], "BN-77") == (
        document.body["issued_on"],
        document.body["doctors"],
        document.patient_number,
    )
    assert 8 * 86_400_000 + 8 * 3_600_000 == document.body["appointed_at"] - (document.occurred_at or 0)


def test_a_study() -> None:
    study = {
        "resourceType": "ImagingStudy",
        "id": "i1",
        "status": "available",
        "subject": WHO,
        "started": "2026-11-23T08:20:00+07:00",
        "series": [
            {"uid": "1.2", "modality": {"code": "CT"}, "numberOfInstances": 30, "bodySite": {"code": "CHEST"}},
            {"uid": "1.3", "modality": {"code": "CT"}, "numberOfInstances": 12},
        ],
    }
    body = only(Source().tell(study)).body
    assert (["CT"], "CHEST", 2, 42) == tuple(
        body[n] for n in ("modalities", "body_part", "series_count", "instance_count")
    )


def test_the_facility_is_believed_by_its_form() -> None:
    licence = {"system": "http://fhir.ehealth.gov.vn/core/sid/provider-medical-license-number", "value": "GP-0001/HNO"}
    code = {"system": licence["system"], "value": "01003"}
    unit = {"resourceType": "Organization", "id": "b1", "identifier": [licence, code], "name": "Bệnh viện Hư Cấu"}
    made = documents(Source().tell(bundle("batch", unit, REFERRAL | {"performer": [{"reference": "Organization/b1"}]})))
    assert "01003" == made[0].body["referred_to"]


def test_what_is_not_mapped_is_sealed() -> None:
    document = only(Source().tell(OBSERVATION | {"method": {"text": "Máy Hư Cấu"}, "note": [{"text": "Ghi chú"}]}))
    assert ('{"text":"Máy Hư Cấu"}', "Ghi chú") == (document.narrative["extra.method"], document.narrative["note"])


@pytest.mark.parametrize("resource", [OBSERVATION, REQUEST, REFERRAL, report()])
def test_bodies_speak_the_language_of_the_house(resource: Json) -> None:
    document = only(Source().tell(resource))
    fields = {one.name: one for one in KINDS[document.kind] if not one.sealed}
    assert set() == document.body.keys() - fields.keys()
    for name in ("lines", "results", "diagnoses"):
        inner = {line.name for line in fields[name].lines if not line.sealed} if name in fields else set()
        assert all(line.keys() <= inner for line in document.body.get(name, []))


def test_r5() -> None:
    source = Source(release="R5")
    request = {name: value for name, value in REQUEST.items() if name != "medicationCodeableConcept"}
    request["medication"] = {"concept": {"coding": [{"code": "05C.76"}]}}
    assert "05C.76" == only(source.tell(request)).body["lines"][0]["drug_code"]
    visit = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "completed",
        "class": [{"coding": [{"code": "AMB"}]}],
        "subject": WHO,
        "actualPeriod": {"start": "2026-11-23T08:00:00+07:00", "end": "2026-11-23T09:00:00+07:00"},
        "diagnosis": [{"condition": [{"concept": {"coding": [{"system": ICD10, "code": "J18.9"}]}}]}],
    }
    body = only(source.tell(visit)).body
    assert ("O", "J18.9", 3_600_000) == (
        body["patient_class"],
        body["main_diagnosis"],
        body["discharged_at"] - body["admitted_at"],
    )
    study: Json = {"resourceType": "ImagingStudy", "id": "i", "status": "available", "subject": WHO}
    study["modality"] = [{"coding": [{"code": "MR"}]}]
    assert ["MR"] == only(source.tell(study)).body["modalities"]
