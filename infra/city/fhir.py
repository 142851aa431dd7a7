"""Writes FHIR R4 transaction Bundles as a hospital system would: the patient, the visit, its diagnoses, results and drugs.

Identifiers follow VN Core. Each visit has a Patient resource of its own, as systems do that export visit by visit; the
hospital's number of the patient is the identifier.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from infra.city.care import Order
from infra.city.identity import Identity
from infra.city.labs import Result
from infra.city.visits import Visit

_SID: Final = "http://fhir.ehealth.gov.vn/core/sid/"
_ICD_10: Final = "http://hl7.org/fhir/sid/icd-10"
_SEX: Final = {"1": "male", "2": "female", "3": "unknown"}


def bundle(visit: Visit, identity: Identity, name: str, status: str, end: datetime, values: Mapping[str, str]) -> bytes:
    """`status` of the Encounter, `end` of its period; `values` corrected results by the id of their Observation."""
    resources = [_patient(visit, identity, name), _encounter(visit, status, end), *_conditions(visit)]
    for order in visit.orders:
        resources += [
            _observation(visit, order, result, values.get(observation_id(order, number)), number)
            for number, result in enumerate(order.results, 1)
        ]
    resources += [_drug(visit, number) for number in range(len(visit.drugs))]
    entries = [
        {"resource": resource, "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}}
        for resource in resources
    ]
    whole = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def observation_id(order: Order, number: int) -> str:
    return f"o-{order.filler}-{number}"


def _patient(visit: Visit, identity: Identity, name: str) -> dict[str, Any]:
    numbers = [("patient-internal-id", identity.patient_number)]
    if identity.number:
        numbers.append(("national_id", identity.number))
    if identity.card:
        numbers.append(("insurance_number", identity.card))
    birth = identity.birth
    born = birth[:4] if birth[4:8] == "0000" else f"{birth[:4]}-{birth[4:6]}-{birth[6:8]}"
    made: dict[str, Any] = {
        "resourceType": "Patient",
        "id": f"p-{visit.number}",
        "identifier": [{"system": _SID + system, "value": value} for system, value in numbers],
        "name": [{"use": "official", "text": name}],
        "gender": _SEX[identity.sex],
        "birthDate": born,
        "address": [{"line": [identity.street], "district": identity.commune[1], "city": "Hà Nội"}],
    }
    if identity.phone:
        made["telecom"] = [{"system": "phone", "value": identity.phone}]
    return made


def _of(visit: Visit) -> dict[str, Any]:
    return {
        "subject": {"reference": f"Patient/p-{visit.number}"},
        "encounter": {"reference": f"Encounter/e-{visit.number}"},
    }


def _encounter(visit: Visit, status: str, end: datetime) -> dict[str, Any]:
    kind = "IMP" if visit.inpatient else "EMER" if visit.category == "2" else "AMB"
    return {
        "resourceType": "Encounter",
        "id": f"e-{visit.number}",
        "identifier": [{"type": {"coding": [{"code": "VN"}]}, "value": visit.number}],
        "status": status,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": kind},
        "subject": {"reference": f"Patient/p-{visit.number}"},
        "period": {"start": visit.arrival.isoformat(), "end": end.isoformat()},
        "diagnosis": [
            {"condition": {"reference": f"Condition/c-{visit.number}-{rank}"}, "rank": rank}
            for rank in range(1, 2 + len(visit.others))
        ],
    }


def _conditions(visit: Visit) -> list[dict[str, Any]]:
    told = [(visit.disease.code, visit.disease.text), *visit.others]
    return [
        {
            "resourceType": "Condition",
            "id": f"c-{visit.number}-{rank}",
            **_of(visit),
            "code": {"coding": [{"system": _ICD_10, "code": code, "display": text}]},
        }
        for rank, (code, text) in enumerate(told, 1)
    ]


def _observation(visit: Visit, order: Order, result: Result, corrected: str | None, number: int) -> dict[str, Any]:
    test, value = result.test, result.value if corrected is None else corrected
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "id": observation_id(order, number),
        "status": "final" if corrected is None else "corrected",
        "code": {"coding": [{"system": "http://loinc.org", "code": test.loinc}], "text": test.name},
        **_of(visit),
        "effectiveDateTime": order.sampled.isoformat(),
        "issued": order.resulted.isoformat(),
    }
    if test.words:
        made["valueString"] = value
    else:
        made["valueQuantity"] = {"value": float(value)} | ({"unit": test.unit} if test.unit else {})
    return made


def _drug(visit: Visit, number: int) -> dict[str, Any]:
    line = visit.drugs[number]
    drug, ordered = line.drug, line.ordered
    at = f"{ordered[:4]}-{ordered[4:6]}-{ordered[6:8]}T{ordered[8:10]}:{ordered[10:12]}:00+07:00"
    return {
        "resourceType": "MedicationRequest",
        "id": f"m-{visit.number}-{number + 1}",
        "groupIdentifier": {"system": "http://his.example/don-thuoc", "value": visit.number},
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"code": drug.code}], "text": drug.name},
        **_of(visit),
        "authoredOn": at,
        "requester": {"identifier": {"system": "http://his.example/cchn", "value": visit.doctor}},
        "dispenseRequest": {"quantity": {"value": line.quantity, "unit": drug.unit}},
        "dosageInstruction": [{"route": {"coding": [{"code": drug.route}]}}],
    }
