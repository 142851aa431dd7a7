"""Each rule: a document that passes and one that fails. The document made by `tests.received.event` breaks no rule."""

from typing import Any

import pytest

from schemas.rules import RULES
from stream_processors.rules import CHECKS, known_icd10
from stream_processors.validate import validate
from tests.received import DAY, HOUR, IDENTITY_OF, NOW, event

Fields = dict[str, Any]

WARD = NOW - 3 * DAY


def failed(kind: str, fields: Fields, identity: Fields | None = None) -> set[str]:
    verdict = validate(event(kind, **fields), IDENTITY_OF | (identity or {}))
    assert set() == {rule for rule in verdict.blocking if RULES[rule].mode != "block"}
    assert set() == {rule for rule in verdict.quality if RULES[rule].mode != "warn"}
    return {*verdict.blocking, *verdict.quality}


def drug(**fields: Any) -> Fields:
    line: Fields = {"line": 1, "cost_group": "4", "tender": "123/QĐ;G1;N2;2026", "quantity": 10_000, "unit_price": 1_500_000,
                    "amount_hospital": 15_000_000, "amount_insured": 15_000_000, "insurance_pays": 12_000_000,
                    "patient_copay": 3_000_000, "ordered_at": WARD, "performed_at": WARD + HOUR}  # fmt: skip
    return {"lines": [line | fields]}


def service(**fields: Any) -> Fields:
    line: Fields = {"line": 1, "cost_group": "13", "quantity": 1_000, "unit_price": 45_000_000, "amount_hospital": 45_000_000,
                    "ordered_at": WARD, "performed_at": WARD + HOUR, "resulted_at": WARD + 2 * HOUR,
                    "performers": ["0012345/HNO-CCHN"]}  # fmt: skip
    return {"lines": [line | fields]}


def other(*codes: str) -> Fields:
    return {"diagnoses": [{"code": code, "system": "ICD-10", "role": "other", "text": None} for code in codes]}


PASSES: list[tuple[str, Fields]] = [
    ("encounter", {}),
    ("encounter", {"discharged_at": None, "treatment_days": None}),
    ("encounter", {"admitted_at": WARD, "discharged_at": WARD, "inpatient_at": WARD, "treatment_days": 1}),
    ("encounter", {"visit_type": "01", "inpatient_at": None, "treatment_days": 0}),
    ("encounter", {"visit_type": "10", "treatment_days": 77}),
    ("encounter", {"visit_state": "arrived", "main_diagnosis": None}),
    ("encounter", other("I10", "E11.9", "K29.70")),
    ("prescription", drug()),
    ("prescription", drug(cost_group="7", tender=None)),
    ("prescription", drug(quantity=3_000, unit_price=333_333, amount_hospital=1_000_000)),
    ("service", service()),
    ("service", service(cost_group="8")),
    ("observation", {"results": [{"line": 1, "value_text": "5.1", "resulted_at": NOW}]}),
    ("observation", {"results": [{"line": 1, "value_text": "5.1", "observed_at": NOW}]}),
    ("observation", {"results": [{"line": 1, "value_text": None}]}),
    ("appointment", {"discharged_at": NOW, "appointed_at": NOW + 7 * DAY}),
    ("referral", {"main_diagnosis": "I21.0"}),
    ("discharge", {}),
    ("imaging", {}),
]  # fmt: skip

FAILS: list[tuple[str, str, Fields]] = [
    ("X01", "encounter", {"discharged_at": WARD - HOUR}),
    ("X01", "referral", {"admitted_at": NOW, "discharged_at": NOW - 1}),
    ("X01b", "encounter", {"inpatient_at": WARD - 60_000}),
    ("X02", "prescription", drug(performed_at=WARD - 60_000)),
    ("X02", "service", service(resulted_at=WARD - 60_000)),
    ("X03", "appointment", {"discharged_at": NOW, "appointed_at": NOW - DAY}),
    ("X04", "encounter", {"treatment_days": 3}),
    ("X04", "encounter", {"visit_type": "01", "treatment_days": 1}),
    ("X06", "encounter", {"inpatient_at": None}),
    ("X08", "service", service(cost_group="1", performers=[])),
    ("X08", "service", service(cost_group="18", performed_at=None)),
    ("X09", "prescription", drug(tender=None)),
    ("X10", "observation", {"results": [{"line": 1, "value_text": "5.1"}]}),
    ("X11", "prescription", drug(amount_hospital=16_000_000)),
    ("X11", "service", service(quantity=2_000)),
    ("X12", "prescription", drug(patient_copay=9_000_000)),
    ("X13", "encounter", {"total_hospital": 100_000_000, "patient_outside": 0, "patient_copay": 0, "paid_other": 0,
                          "insurance_pays": 80_000_000}),
    ("X15", "encounter", {"main_diagnosis": "Q99.99X"}),
    ("X15", "encounter", {"main_diagnosis": "J18.9;I10"}),
    ("X15b", "encounter", other("I10", "XYZ")),
    ("X15b", "encounter", other(*["I10"] * 13)),
    ("R06", "encounter", {"admitted_at": None, "treatment_days": None}),
    ("R06", "encounter", {"main_diagnosis": None}),
    ("R07", "encounter", {"captured_at": NOW + 8 * DAY}),
    ("R08", "encounter", {"occurred_at": NOW + DAY + 1}),
    ("M01", "service", {"marks": ["M01"]}),
    ("M02", "service", {"marks": ["M02"]}),
    ("M03", "service", {"marks": ["M03"]}),
    ("M04", "service", {"marks": ["M04"]}),
    ("M05", "service", {"marks": ["M05"]}),
]  # fmt: skip

IDENTITIES: list[tuple[str, Fields]] = [
    ("R01", {"citizen_id": None}),
    ("R01", {"citizen_id": ""}),
    ("R02", {"citizen_id": "00108012345"}),
    ("R02", {"citizen_id": "0010801234567"}),
    ("R02", {"citizen_id": "003080123456"}),
    ("R02", {"citizen_id": "b1234567"}),
    ("R03", {"citizen_id": "001180123456"}),
    ("R03", {"citizen_id": "001081123456"}),
    ("R04", {"cards": "DN401012345678"}),
    ("R04", {"cards": "DN4010123456789;DN6010123456789"}),
    ("R05", {"full_name": None}),
]


@pytest.mark.parametrize(("kind", "fields"), PASSES)
def test_what_passes(kind: str, fields: Fields) -> None:
    assert set() == failed(kind, fields)


@pytest.mark.parametrize(("rule", "kind", "fields"), FAILS)
def test_what_fails(rule: str, kind: str, fields: Fields) -> None:
    assert rule in failed(kind, fields)


@pytest.mark.parametrize(("rule", "identity"), IDENTITIES)
def test_what_fails_of_the_identity(rule: str, identity: Fields) -> None:
    assert {rule} == failed("service", {}, identity)


@pytest.mark.parametrize("number", ["001080123456", "079180000001", "123456789", "B1234567", "401080123456"])
def test_numbers_of_good_form(number: str) -> None:
    assert "R02" not in failed("service", {}, {"citizen_id": number})


@pytest.mark.parametrize("cards", ["DN4010123456789", "0123456789", "DN4010123456789; TE1010123456789", None, ""])
def test_cards_of_good_form(cards: str | None) -> None:
    assert "R04" not in failed("service", {}, {"cards": cards})


def test_a_card_needs_its_facility_and_validity() -> None:
    card = {"cards": "DN4010123456789;0123456789"}
    whole = {"card_facilities": ["01003"] * 2, "card_valid_from": ["20260101"] * 2, "card_valid_to": ["20261231"] * 2}
    assert set() == failed("encounter", whole, card)
    assert {"X07"} == failed("encounter", whole | {"card_valid_to": ["20261231"]}, card)
    assert {"X07"} == failed("encounter", {}, card)
    assert set() == failed("encounter", {"source_format": "hl7v2"}, card)


def test_only_two_rules_block() -> None:
    verdict = validate(event(discharged_at=WARD - HOUR, occurred_at=NOW + 2 * DAY), IDENTITY_OF)
    assert {"X01", "R08"} == set(verdict.blocking)
    assert {"X01", "R08"} == {rule.id for rule in RULES.values() if rule.mode == "block"}


@pytest.mark.parametrize("status", ["cancelled", "entered_in_error"])
def test_a_cancelled_document_need_not_say_anything(status: str) -> None:
    nothing: dict[str, Any] = dict.fromkeys(
        ("admitted_at", "discharged_at", "visit_type", "main_diagnosis", "sex", "birth_year")
    )
    verdict = validate(event(status=status, occurred_at=None, **nothing), {})
    assert ((), ()) == (verdict.blocking, verdict.quality)
    assert ("R08",) == validate(event(status=status, occurred_at=NOW + 2 * DAY), {}).blocking
    assert ("M01",) == validate(event(status=status, marks=["M01"]), {}).quality


def test_both_tables_name_the_same_rules() -> None:
    assert set(RULES) == set(CHECKS)


def test_every_rule_has_a_failing_case_here() -> None:
    named = {rule for rule, _, _ in FAILS} | {rule for rule, _ in IDENTITIES} | {"X07"}
    assert set() == set(RULES) - named


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_texts_are_whole_in_both_languages(rule: Any) -> None:
    assert all(text.strip() for text in (rule.vi, rule.en, rule.mend_vi, rule.mend_en, rule.source))
    assert rule.kinds


@pytest.mark.parametrize("code", ["A00", "A00.0", "J18.9", "j18.9", " I10 ", "E11.90", "M17.1", "A17.0+", "G01*"])
def test_known_codes(code: str) -> None:
    assert known_icd10(code)


@pytest.mark.parametrize(
    "code", ["", "A", "A0", "A00-A09", "I", "IX", "Z99.99.9", "J18.9;I10", "XYZ", "A00.123", "U99"]
)
def test_unknown_codes(code: str) -> None:
    assert not known_icd10(code)
