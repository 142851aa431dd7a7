"""Small FHIR messages of invented people, and what the translator makes of them one after another."""

import json
from typing import Any, Final

from producers.adapter import Document, Feed, Outcome, Parsed, Refusal, State, Translation
from producers.fhir.json_text import Json
from producers.fhir.releases import Release
from producers.fhir.translate import TRANSLATOR

SID: Final = "http://fhir.ehealth.gov.vn/core/sid/"
NAME: Final = "Nguyễn Thị Hư Cấu"
CCCD: Final = "099185012345"
WHO: Final = {"reference": "Patient/p1"}
VISIT: Final = {"reference": "Encounter/e1"}
ICD10: Final = "http://hl7.org/fhir/sid/icd-10"

PATIENT: Final[Json] = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [
        {"system": f"{SID}citizen_id", "value": "099123456"},
        {"system": f"{SID}national_id", "value": CCCD},
        {"system": f"{SID}insurance_number", "value": "DN4999900000001"},
        {"system": f"{SID}patient-internal-id", "value": "BN-77"},
    ],
    "name": [{"use": "official", "family": "Nguyễn", "given": ["Thị", "Hư", "Cấu"]}],
    "gender": "female",
    "birthDate": "1985-03-12",
    "telecom": [{"system": "email", "value": "x@example.org"}, {"system": "phone", "value": "0900000000"}],
    "address": [{"line": ["1 phố Hư Cấu"], "district": "Phường Hư Cấu", "city": "Hà Nội"}],
}
ENCOUNTER: Final[Json] = {
    "resourceType": "Encounter",
    "id": "e1",
    "identifier": [{"type": {"coding": [{"code": "VN"}]}, "value": "LK-0001"}],
    "status": "finished",
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
    "subject": WHO,
    "period": {"start": "2026-11-23T08:00:00+07:00", "end": "2026-11-23T09:30:00+07:00"},
}
CONDITION: Final[Json] = {
    "resourceType": "Condition",
    "id": "c1",
    "subject": WHO,
    "encounter": VISIT,
    "code": {"coding": [{"system": ICD10, "code": "J18.9", "display": "Viêm phổi"}]},
}
OBSERVATION: Final[Json] = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}], "text": "Creatinin"},
    "subject": WHO,
    "encounter": VISIT,
    "effectiveDateTime": "2026-11-23T08:10:00+07:00",
    "valueQuantity": {"value": 80, "unit": "umol/L"},
}
REQUEST: Final[Json] = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "active",
    "intent": "order",
    "medicationCodeableConcept": {"coding": [{"code": "05C.76"}], "text": "Amoxicilin 500mg"},
    "subject": WHO,
    "encounter": VISIT,
    "authoredOn": "2026-11-23T09:00:00+07:00",
    "dispenseRequest": {"quantity": {"value": 21, "unit": "viên"}},
}


def raw(message: Json) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode()


def bundle(kind: str, *resources: Json) -> Json:
    entries = [
        {
            "fullUrl": f"http://his.example/fhir/{resource['resourceType']}/{resource['id']}",
            "resource": resource,
            "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
        }
        for resource in resources
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def feed(**options: Any) -> Feed:
    return Feed("01999.his", "01999", "HIS", "fhir", options=options)


class Source:
    """One feed's messages in order, with the state that an outbox keeps between them."""

    def __init__(self, **options: Any) -> None:
        self.feed = feed(**options)
        self.states: dict[str, State] = {}

    def parse(self, message: Json | bytes, release: Release | None = None) -> Parsed | Refusal:
        return TRANSLATOR.parse(message if isinstance(message, bytes) else raw(message), self.feed, release=release)

    def tell(self, message: Json | bytes, release: Release | None = None) -> Translation:
        return self.take(self.parse(message, release))

    def delete(self, target: str) -> Translation:
        return self.take(TRANSLATOR.delete(target))

    def take(self, parsed: Parsed | Refusal) -> Translation:
        if isinstance(parsed, Refusal):
            return Translation((parsed,))
        key = parsed.state_key
        made = TRANSLATOR.translate(self.states.get(key) if key else None, parsed, self.feed)
        if key and made.state is not None:
            self.states[key] = json.loads(json.dumps(made.state))
        return made


def documents(made: Translation) -> list[Document]:
    return [outcome for outcome in made.outcomes if isinstance(outcome, Document)]


def only(made: Translation) -> Document:
    (outcome,) = made.outcomes
    assert isinstance(outcome, Document)
    return outcome


def refused(made: Translation) -> Refusal:
    outcome: Outcome = made.outcomes[0]
    assert isinstance(outcome, Refusal)
    return outcome
