"""Coded elements with several codes: which one is compared, which one is kept beside it."""

import pytest

from producers.adapter import Document
from producers.hl7v2.coded import Coded, read
from tests.unit.hl7v2.telling import Telling, msh, pid, segment, write

PV1 = segment("PV1", f2="I", f19="V1")


def first(system: str) -> int:
    return 0 if system == "LN" else 1


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("", Coded()),
        ("GLU", Coded("GLU")),
        ("GLU^Glucose^L", Coded("GLU", "L", "Glucose")),
        ("GLU^Glucose^L^^^", Coded("GLU", "L", "Glucose")),
        ("GLU^Glucose^L^2345-7^Glu^LN", Coded("2345-7", "LN", "Glucose", "GLU", "L")),
        ("2345-7^Glu^LN^GLU^Glucose^L", Coded("2345-7", "LN", "Glu", "GLU", "L")),
        ("^^^2345-7^Glu^LN", Coded("2345-7", "LN", "Glu")),
        ("GLU^Glucose^L^GLU^Glucose^L", Coded("GLU", "L", "Glucose")),
        ("GLU^Glucose^L^X7", Coded("GLU", "L", "Glucose", "X7")),
        ("33747003^Glu^SCT^2345-7^Glu^LN^^^^GLU^Glucose^L", Coded("2345-7", "LN", "Glu", "GLU", "L")),
        ("33747003^Glu^SCT^2345-7^Glu^LN", Coded("2345-7", "LN", "Glu", "33747003", "SCT")),
        ("2345-7^Glu^^^^^^^^^^^^2.16.840.1.113883.6.1", Coded("2345-7", "LN", "Glu")),
        ("7^Glu^^^^^^^^^^^^1.2.3", Coded("7", "1.2.3", "Glu")),
        (f"{'x' * 101}^^L^2345-7^^LN", Coded("2345-7", "LN")),
    ],
)
def test_the_code_that_is_compared_and_the_one_beside_it(element: str, expected: Coded) -> None:
    assert expected == read(element.split("^") if element else [], first)


def encounter(*diagnoses: str) -> Document:
    (made,) = Telling().translate(write(msh("ADT^A01"), pid(), PV1, *diagnoses)).outcomes
    assert isinstance(made, Document)
    return made


def test_a_diagnosis_is_the_icd_10_code_wherever_it_stands() -> None:
    made = encounter("DG1|1||VP^Viêm phổi^99HIS^J18.9^^I10")
    assert "J18.9" == made.body["main_diagnosis"]
    assert [{
        "code": "J18.9", "system": "ICD-10", "alternate_code": "VP", "alternate_system": "99HIS", "role": "main",
        "text": "Viêm phổi",
    }] == made.body["diagnoses"]  # fmt: skip
    assert "VP^Viêm phổi^99HIS^J18.9^^I10" == made.narrative["diagnoses[1].extra.DG1-3"]


def test_a_disease_to_be_kept_apart_is_seen_in_either_code() -> None:
    assert "restricted" == encounter("DG1|1||X7^^99HIS^B20.1^^I10").sensitivity
    assert "restricted" == encounter("DG1|1||J18^^I10^B20^^99HIS").sensitivity
    assert "normal" == encounter("DG1|1||X7^^99HIS^J18^^I10").sensitivity
    order = segment("OBR", f1="1", f3="F1", f4="X", f31="X7^^99HIS^Z21^^I10")
    (made,) = Telling().translate(write(msh("ORU^R01"), pid(), PV1, order)).outcomes
    assert isinstance(made, Document)
    assert "restricted" == made.sensitivity
