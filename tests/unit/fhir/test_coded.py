"""Concepts with several codings: which one is compared, which one is kept beside it, and that the rest stays sealed."""

from typing import Any

import pytest

from producers.fhir import coded
from producers.fhir.diagnoses import codes, icd10, line
from tests.unit.fhir.told import ICD10

LOINC = {"system": "http://loinc.org", "code": "2345-7"}
SNOMED = {"system": "http://snomed.info/sct", "code": "33747003"}
OWN = {"system": "http://lis.example", "code": "GLU"}


@pytest.mark.parametrize(
    ("codings", "expected"),
    [
        ([], {"test_code": None, "test_system": None}),
        ([OWN], {"test_code": "GLU", "test_system": "http://lis.example"}),
        ([OWN, OWN], {"test_code": "GLU", "test_system": "http://lis.example"}),
        ([OWN | {"userSelected": True}, LOINC],
         {"test_code": "2345-7", "test_system": "LN", "alternate_code": "GLU", "alternate_system": "http://lis.example"}),
        ([LOINC, SNOMED, OWN],
         {"test_code": "2345-7", "test_system": "LN", "alternate_code": "GLU", "alternate_system": "http://lis.example"}),
        ([SNOMED, LOINC],
         {"test_code": "2345-7", "test_system": "LN", "alternate_code": "33747003", "alternate_system": "SCT"}),
        ([LOINC, {"code": "GLU"}],
         {"test_code": "2345-7", "test_system": "LN", "alternate_code": "GLU", "alternate_system": "local"}),
    ],
)  # fmt: skip
def test_the_code_that_is_compared_and_the_one_beside_it(codings: list[Any], expected: dict[str, Any]) -> None:
    assert expected == coded.of_test({"coding": codings}, "test")


def test_what_several_codings_say_is_sealed_whole() -> None:
    assert coded.rest(None) is None
    assert coded.rest({"coding": [OWN], "text": "Glucose"}) is None
    assert '{"coding":[{"code":"A"},{"display":"B"}]}' == coded.rest({"coding": [{"code": "A"}, {"display": "B"}]})


def test_a_diagnosis_keeps_the_hospitals_own_code() -> None:
    concept = {"coding": [OWN, {"system": ICD10, "code": "J18.9"}], "text": "Viêm phổi"}
    assert {
        "code": "J18.9", "system": "ICD-10", "alternate_code": "GLU", "alternate_system": "http://lis.example",
        "role": "main", "text": "Viêm phổi",
    } == line(concept, "main")  # fmt: skip
    assert "J18.9" == icd10(concept)["code"]
    assert ["GLU", "J18.9"] == codes([concept, None])
