"""Rules that need several documents of one visit."""

from typing import Any

import pytest

from schemas.rules import RULES
from stream_processors.validate import validate_visit
from tests.documents import ARRIVED, CHECK_IN, DRUG, ENDED, NARRATIVES, SERVICE, Fields, document

KINDS = ("encounter", "prescription", "service", "observation", "appointment", "discharge")
RESULT = {"line": 1, "test_name": "X-quang", "service_code": SERVICE["service_code"]}
TOLD = {"results[1].description": "x", "results[1].conclusion": "x"}


def failed(
    changed: dict[str, Fields] | None = None, left_out: tuple[str, ...] = (), said: dict[str, str] | None = None
) -> dict[str, str]:
    """Rule -> place, of a whole visit in which documents are changed or left out."""
    fields: dict[str, Fields] = {"observation": {"results": [RESULT]}, "referral": {"discharge_type": "1"}}
    other = changed or {}
    documents = {
        kind: document(kind, **fields.get(kind, {}) | other.get(kind, {}))
        for kind in {*KINDS, *other}
        if kind not in left_out
    }
    narratives: dict[str, dict[str, str]] = NARRATIVES | {"observation": TOLD if said is None else said}
    verdict = validate_visit(documents, narratives)
    return {rule: place for rule, _, place in verdict.failures}


def test_a_whole_visit_passes() -> None:
    assert {} == failed()
    assert {} == failed({"encounter": {"discharge_type": "2"}, "referral": {"discharge_type": "2"}})
    assert {} == failed({"encounter": {"discharge_type": "3"}}, ("discharge",))


CASES: list[tuple[str, str, dict[str, Fields]]] = [
    ("X02c", "service.lines[1].ordered_at", {"service": {"lines": [SERVICE | {"ordered_at": ENDED + 1}]}}),
    ("X02c", "prescription.lines[1].ordered_at", {"prescription": {"lines": [DRUG | {"ordered_at": ARRIVED - 1}]}}),
    ("X13b", "encounter.total_hospital", {"encounter": {"total_hospital": 31_000_000}}),
    ("X13c", "encounter.total_drugs", {"encounter": {"total_drugs": 14_000_000}}),
    ("X13d", "encounter.total_supplies", {"encounter": {"total_supplies": 1_000_000}}),
    ("X13e", "encounter.patient_outside", {"encounter": {"patient_outside": 1_000_000}}),
    ("X13f", "encounter.patient_copay", {"encounter": {"patient_copay": 1_000_000}}),
    ("X13g", "encounter.insurance_pays", {"encounter": {"insurance_pays": 1_000_000}}),
    ("X14", "referral.main_diagnosis", {"referral": {"main_diagnosis": "I10"}}),
    ("X14b", "appointment.admitted_at", {"appointment": {"admitted_at": ARRIVED + 60_000}}),
    ("X20", "referral", {"encounter": {"discharge_type": "5"}}),
]


@pytest.mark.parametrize(("rule", "place", "changed"), CASES)
def test_what_fails(rule: str, place: str, changed: dict[str, Fields]) -> None:
    assert {rule: place} == failed(changed)


def test_an_image_needs_description_and_conclusion() -> None:
    assert {"X10b": "observation.results[1].conclusion"} == failed(said={"results[1].description": "x"})
    assert {} == failed({"observation": {"results": [RESULT | {"service_code": "22.1"}]}}, said={})
    assert {} == failed(said={}, left_out=("observation",))


def test_an_inpatient_gets_a_discharge_paper() -> None:
    assert {"X20b": "discharge"} == failed(left_out=("discharge",))
    assert {} == failed({"encounter": {"visit_type": "01"}}, ("discharge",))


def test_what_is_not_there_is_not_judged() -> None:
    assert {} == failed({"encounter": {"total_supplies": 5}}, ("prescription", "service"))
    nobody: dict[str, Any] = {"service": document("service")}
    assert () == validate_visit(nobody, {}).failures
    assert () == validate_visit(nobody | {"encounter": document("encounter", **CHECK_IN)}, {}).failures
    assert () == validate_visit({"encounter": document("encounter", status="cancelled")}, {}).failures
    assert {} == failed(
        {"service": {"lines": [SERVICE | {"amount_hospital": None}]}, "encounter": {"total_hospital": 1}}
    )


def test_days_with_services_of_type_08() -> None:
    days = {"visit_type": "08", "treatment_days": 2, "inpatient_at": None}
    one = {"lines": [SERVICE | {"ordered_at": ARRIVED + 60_000}]}
    two = {"lines": [*one["lines"], SERVICE | {"ordered_at": ENDED}]}
    assert {"X04b": "encounter.treatment_days"} == failed({"encounter": days, "service": one})
    assert "X04b" not in failed({"encounter": days, "service": two})
    assert "X04b" not in failed({"encounter": days | {"visit_type": "01"}, "service": one})


def test_every_visit_rule_has_a_failing_case_here() -> None:
    assert {id_ for id_, rule in RULES.items() if rule.scope == "visit"} == {rule for rule, *_ in CASES} | {
        "X04b",
        "X10b",
        "X20b",
    }
