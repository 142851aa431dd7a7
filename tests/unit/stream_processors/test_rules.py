"""Each rule: whole documents that pass, and one made to fail. Expected is the very set of rules that fail."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.kinds import KINDS
from schemas.rules import RULES, Mode
from stream_processors.checks import communes, icd10
from stream_processors.rules import BOOK, Rulebook
from stream_processors.validate import validate
from tests.documents import (
    ARRIVED,
    BODIES,
    CHECK_IN,
    CHILD,
    COURSE,
    DRUG,
    ENDED,
    IDENTITY,
    NARRATIVES,
    ORDERED,
    RESULT,
    SERVICE,
    Fields,
    document,
)
from tests.received import DAY, HOUR, NOW, event


def failed(
    kind: str, fields: Fields, identity: Fields | None = None, narrative: Fields | None = None
) -> dict[str, str]:
    """Rule -> place, of all modes."""
    said = NARRATIVES.get(kind, {}) | (narrative or {})
    verdict = validate(document(kind, **fields), IDENTITY | (identity or {}), said)
    for id_, mode, _ in verdict.failures:
        assert RULES[id_].mode == mode
        assert kind in RULES[id_].kinds
    return {id_: place for id_, _, place in verdict.failures}


def drug(**fields: Any) -> Fields:
    return {"lines": [DRUG, DRUG | {"line": 2} | fields]}


def service(**fields: Any) -> Fields:
    return {"lines": [SERVICE, SERVICE | {"line": 2} | fields]}


def result(**fields: Any) -> Fields:
    return {"results": [RESULT | fields]}


def other(*codes: str) -> Fields:
    return {"diagnoses": [{"code": code, "system": "ICD-10", "role": "other", "text": None} for code in codes]}


def ms(year: int, month: int, day: int) -> int:
    """A moment of that day, noon in Hanoi."""
    return int(datetime(year, month, day, 5, tzinfo=UTC).timestamp() * 1000)


def ended(year: int, month: int, day: int) -> Fields:
    """An outpatient visit of that day, sent the next."""
    at = ms(year, month, day)
    return {"admitted_at": at, "discharged_at": at, "occurred_at": at, "captured_at": at + DAY, "visit_type": "01",
            "inpatient_at": None, "treatment_days": 0}  # fmt: skip


SURGERY = {"cost_group": "8", "anaesthesia": "1", "devices": []}
CARD = {"cards": "DN4010123456789"}
CARD_FIELDS = {"card_facilities": ["01003"], "card_valid_from": ["20260101"], "card_valid_to": ["20261231"]}

PASSES: list[tuple[str, Fields]] = [
    *((kind, {}) for kind in KINDS),
    ("encounter", {"visit_type": "10", "treatment_days": 77}),
    ("encounter", other("I10", "E11.9", "K29.7")),
    ("encounter", ended(2025, 6, 30) | {"district": "001", "province": "02", "commune": "00001"}),
    ("encounter", ended(2026, 6, 19) | {"visit_type": "16", "treatment_days": 3}),
    ("encounter", ended(2026, 7, 2) | {"main_diagnosis": "K29.70"}),
    ("encounter", {"sex": "3", "main_diagnosis": "O80"}),
    ("encounter", ended(2026, 7, 2) | {"main_diagnosis": "A83", "captured_at": ms(2026, 7, 6)}),
    ("prescription", drug(cost_group="7", tender=None)),
    ("prescription", drug(quantity=3_000, unit_price=333_333, amount_hospital=1_000_000, amount_insured=1_000_000,
                          insurance_pays=800_000, patient_copay=200_000)),
    ("prescription", drug(amount_insured=0, insurance_rate=0, insurance_pays=0, patient_copay=0, paid_other=15_000_000)),
    ("service", service(**SURGERY, performed_at=ORDERED)),
    ("service", service(cost_group="10", service_code=None, supply_code="N01", tender="1", devices=[], performers=[])),
    ("service", service(ceiling=1, amount_insured=10_000_000, patient_outside=5_000_000, insurance_pays=8_000_000,
                        patient_copay=2_000_000)),
    ("service", service(resulted_at=NOW) | {"occurred_at": NOW - 30 * DAY}),
    ("observation", result(resulted_at=None, observed_at=NOW)),
    ("observation", result(value_text=None, resulted_at=None)),
    ("appointment", {"discharged_at": None}),
    ("referral", {"main_diagnosis": "I21.0"}),
    ("birth", {"children": [CHILD | {"children_alive": 0}]}),
    ("leave", {"paper": "pregnancy"}),
    ("tuberculosis", {"courses": [COURSE | {"treated_to": None}]}),
]  # fmt: skip

FAILS: list[tuple[str, str, str, Fields]] = [
    ("X01", "encounter", "discharged_at", {"discharged_at": ARRIVED - 60_000, "treatment_days": 1}),
    ("X01", "referral", "discharged_at", {"admitted_at": NOW, "discharged_at": NOW - 1}),
    ("X01b", "encounter", "inpatient_at", {"inpatient_at": ARRIVED - 60_000}),
    ("X02", "prescription", "lines[2].performed_at", drug(performed_at=ORDERED - 60_000)),
    ("X02", "service", "lines[2].performed_at", service(performed_at=ORDERED - 60_000)),
    ("X02b", "service", "lines[2].resulted_at", service(resulted_at=ORDERED - 60_000)),
    ("X03", "appointment", "appointed_at", {"appointed_at": ENDED - 1}),
    ("X03b", "appointment", "issued_on", {"issued_on": "20260501"}),
    ("X04", "encounter", "treatment_days", {"treatment_days": 3}),
    ("X04", "encounter", "treatment_days", {"visit_type": "01", "treatment_days": 1}),
    ("X05", "discharge", "visit_type", {"visit_type": "01"}),
    ("X06", "encounter", "inpatient_at", {"inpatient_at": None}),
    ("X06b", "encounter", "inpatient_reason", {"inpatient_reason": None}),
    ("X08", "service", "lines[2].performers", service(performers=[])),
    ("X08", "service", "lines[2].performed_at", service(cost_group="18", devices=[], performed_at=None)),
    ("X08b", "service", "lines[2].devices", service(cost_group="1", devices=[])),
    ("X08c", "service", "lines[2].anaesthesia", service(**SURGERY | {"anaesthesia": None})),
    ("X08c", "service", "lines[2].anaesthesia", service(**SURGERY | {"anaesthesia": "5"})),
    ("X08d", "service", "lines[2].fuel_code", service(cost_group="12", devices=[])),
    ("X08e", "service", "lines[2].tender", service(cost_group="10", devices=[], supply_code="N01")),
    ("X09", "prescription", "lines[2].tender", drug(tender=None)),
    ("X09b", "prescription", "lines[2].tender", drug(tender="123/QĐ-SYT")),
    ("X10", "observation", "results[1].resulted_at", result(resulted_at=None)),
    ("X11", "prescription", "lines[2].amount_hospital", drug(amount_hospital=16_000_000, patient_outside=1_000_000)),
    ("X11", "service", "lines[2].amount_hospital", service(amount_hospital=16_000_000, patient_outside=1_000_000)),
    ("X11b", "prescription", "lines[2].amount_insured", drug(insurance_rate=50)),
    ("X11c", "service", "lines[2].amount_insured", service(insured_price=1_400_000)),
    ("X12", "prescription", "lines[2].insurance_pays", drug(patient_copay=9_000_000)),
    ("X12b", "service", "lines[2].patient_outside", service(patient_outside=1_000_000)),
    ("X12c", "prescription", "lines[2].insurance_pays", drug(benefit_rate=95_000)),
    ("X13", "encounter", "total_hospital", {"total_hospital": 40_000_000}),
    ("X15", "encounter", "main_diagnosis", {"main_diagnosis": "Q99.99X"}),
    ("X15", "encounter", "main_diagnosis", {"main_diagnosis": "J18.9;I10"}),
    ("X15", "encounter", "main_diagnosis", ended(2026, 6, 30) | {"main_diagnosis": "K29.70"}),
    ("X15b", "encounter", "diagnoses[2].code", other("I10", "XYZ")),
    ("X15b", "encounter", "diagnoses", other(*["I10"] * 13)),
    ("X15c", "encounter", "diagnoses[1].code", other("U50.011")),
    ("X15d", "encounter", "main_diagnosis", {"main_diagnosis": "R53"}),
    ("X15d", "referral", "main_diagnosis", {"main_diagnosis": "Z00.0"}),
    ("X16", "encounter", "weight", {"weight": 0}),
    ("X16", "encounter", "weight", {"weight": 200_001}),
    ("X18", "service", "lines[2].beds", service(beds=["H001", "X12"])),
    ("X19", "encounter", "head_of_unit", {"head_of_unit": "123456789"}),
    ("X21", "discharge", "gestation_weeks", {"pregnancy_ended": "1", "pregnancy_ended_at": NOW}),
    ("X21b", "discharge", "off_to", {"days_off": 3, "off_from": "20260529"}),
    ("X22", "service", "lines[2].performed_at", {"lines": [SERVICE | SURGERY] * 2}),
    ("X22b", "service", "lines[2].ordered_at", {"lines": [SERVICE | {"cost_group": "15", "devices": []}] * 2}),
    ("X23", "observation", "results[1].value_text", result(value_text=None) | {"captured_at": NOW + 31 * DAY}),
    ("X24", "encounter", "first_service", {"visit_state": "arrived"}),
    ("X24", "encounter", "first_service", {"visit_state": "arrived", "first_service": "1", "first_drug": "2"}),
    ("X25", "encounter", "main_diagnosis", {"sex": "1", "main_diagnosis": "O80"}),
    ("X25", "encounter", "diagnoses[1].code", {"sex": "1"} | other("N84.0")),
    ("X25b", "encounter", "main_diagnosis", {"sex": "2", "main_diagnosis": "C61"}),
    ("R06", "encounter", "admitted_at", {"admitted_at": None}),
    ("R07", "encounter", "captured_at", {"captured_at": NOW + 8 * DAY}),
    ("R07", "service", "captured_at", service() | {"captured_at": NOW + 8 * DAY, "occurred_at": ORDERED}),
    ("R08", "encounter", "occurred_at", {"occurred_at": NOW + DAY + 1}),
    ("N01", "encounter", "captured_at", ended(2026, 7, 2) | {"main_diagnosis": "B05.9", "captured_at": ms(2026, 7, 3) + 1}),
    ("N02", "encounter", "captured_at", ended(2026, 7, 2) | {"main_diagnosis": "A97.0", "captured_at": ms(2026, 7, 4) + 1}),
    ("M01", "service", "marks", {"marks": ["M01"]}),
    ("M02", "service", "marks", {"marks": ["M02"]}),
    ("M03", "service", "marks", {"marks": ["M03"]}),
    ("M04", "service", "marks", {"marks": ["M04"]}),
    ("M05", "service", "marks", {"marks": ["M05"]}),
    ("F001", "encounter", "first_ordered_at", {"visit_state": "arrived"}),
    ("F101", "encounter", "occupation", {"occupation": None}),
    ("F102", "encounter", "commune", {"commune": None}),
    ("F103", "encounter", "district", ended(2025, 6, 30)),
    ("F104", "encounter", "departments", {"departments": []}),
    ("F105", "encounter", "treatment_result", {"treatment_result": None}),
    ("F106", "encounter", "discharge_diagnosis", {"discharge_diagnosis": ""}),
    ("F107", "encounter", "total_supplies", {"total_supplies": None}),
    ("F108", "encounter", "settlement_month", {"settlement_month": None}),
    ("F109", "encounter", "weight", {"weight": None}),
    ("F201", "prescription", "lines[2].dose", drug(dose=None)),
    ("F202", "prescription", "lines[2].paid_by", drug(paid_by=None)),
    ("F203", "prescription", "lines[2].paid_rest", drug(paid_rest=None)),
    ("F301", "service", "lines[2].service_code", service(service_code=None)),
    ("F302", "service", "lines[2].doctors", service(doctors=[])),
    ("F303", "service", "lines[2].scope", service(scope=None)),
    ("F401", "observation", "results[1].test_name", result(test_name=None)),
    ("F501", "encounter", "notes[1].performers", {"notes": [{"line": 1, "noted_at": NOW, "performers": []}]}),
    ("F061", "hiv_care", "regimen", {"regimen": None}),
    ("F071", "discharge", "doctors", {"doctors": []}),
    ("F081", "discharge", "treatment_result", {"treatment_result": None}),
    ("F091", "birth", "children[1].weight_g", {"children": [CHILD | {"weight_g": None}]}),
    ("F091", "birth", "children[1].by_surgery", {"children": [CHILD | {"by_surgery": None}]}),
    ("F110", "leave", "off_to", {"off_to": None}),
    ("F110", "leave", "doctors", {"paper": "pregnancy", "doctors": []}),
    ("F131", "referral", "reason", {"reason": None}),
    ("F141", "appointment", "issued_on", {"issued_on": None}),
    ("F151", "tuberculosis", "courses[2].regimen", {"courses": [COURSE, COURSE | {"line": 2, "regimen": ""}]}),
    ("F151", "tuberculosis", "courses[1].result", {"courses": [COURSE | {"result": None}]}),
    ("C01", "encounter", "visit_type", ended(2026, 6, 18) | {"visit_type": "11"}),
    ("C02", "encounter", "patient_category", {"patient_category": "1.19"}),
    ("C03", "encounter", "departments", {"departments": ["K61"]}),
    ("C03b", "service", "lines[2].departments", service(departments=["NOI"])),
    ("C04", "encounter", "discharge_type", {"discharge_type": "6"}),
    ("C05", "service", "sex", {"sex": "M"}),
    ("C06", "encounter", "nationality", {"nationality": "VN"}),
    ("C07", "encounter", "occupation", {"occupation": "0"}),
    ("C08", "encounter", "ethnicity", {"ethnicity": "1"}),
    ("C09", "encounter", "province", ended(2025, 7, 1) | {"province": "02"}),
    ("C10", "encounter", "commune", {"commune": "70"}),
    ("C11", "encounter", "area", {"area": "K4"}),
    ("C12", "encounter", "referred_from", {"referred_from": "1929"}),
    ("C12b", "referral", "referred_to", {"referred_to": "BM"}),
    ("C13", "encounter", "card_valid_to", {"card_valid_to": ["31/12/2026"]}),
    ("C14", "referral", "reason", {"reason": "9"}),
    ("C20", "prescription", "lines[2].scope", drug(scope="4")),
    ("C21", "prescription", "lines[2].paid_by", drug(paid_by="0")),
    ("C22", "service", "lines[2].reused", service(reused="0")),
    ("C23", "service", "lines[2].insurance_rate", service(insurance_rate=101, ceiling=1)),
    ("C24", "prescription", "lines[2].route", drug(route="oral")),
    ("C25", "service", "lines[2].supply_pack", service(supply_pack="1")),
    ("C26", "service", "lines[2].devices", service(devices=["XQ.1.01003.A1", "XQ1"])),
    ("C27", "service", "lines[2].service_code", service(service_code="XQUANG")),
    ("C28", "observation", "results[1].test_code", result(test_code="WBC")),
    ("C29", "encounter", "settlement_month", {"settlement_month": 13}),
]  # fmt: skip

IDENTITIES: list[tuple[str, str, Fields]] = [
    ("R01", "identity.citizen_id", {"citizen_id": None}),
    ("R01", "identity.citizen_id", {"citizen_id": ""}),
    ("R02", "identity.citizen_id", {"citizen_id": "00108012345"}),
    ("R02", "identity.citizen_id", {"citizen_id": "0010801234567"}),
    ("R02", "identity.citizen_id", {"citizen_id": "003080123456"}),
    ("R02", "identity.citizen_id", {"citizen_id": "b1234567"}),
    ("R02", "identity.citizen_id", {"citizen_id": "٠٠١٠٨٠١٢٣٤٥٦"}),
    ("R03", "identity.citizen_id", {"citizen_id": "001180123456"}),
    ("R03", "identity.citizen_id", {"citizen_id": "001081123456"}),
    ("R03", "identity.citizen_id", {"citizen_id": "001280123456"}),
    ("R04", "identity.cards", {"cards": "DN401012345678"}),
    ("R04", "identity.cards", {"cards": "DN4010123456789;DN6010123456789"}),
    ("R04b", "identity.cards", {"cards": "ZZ4010123456789"}),
    ("R05", "identity.full_name", {"full_name": None}),
    ("R09", "identity.citizen_id", {"citizen_id": "123456789"}),
    ("R10", "identity.citizen_id", {"citizen_id": "401080123456"}),
    ("R11", "identity.birth", {"birth": "03/02/1980"}),
    ("R11", "identity.birth", {"birth": "19801301"}),
    ("R11", "identity.birth", {"birth": "198002032460"}),
    ("R12", "birth_year", {"birth": "20300101"}),
    ("R13", "identity.phone", {"phone": "12345"}),
]

NARRATIVES_LEFT_OUT: list[tuple[str, str, str]] = [
    ("X06b", "encounter", "treatment"),
    ("F104", "encounter", "record_number"),
    ("F502", "encounter", "notes[1].course"),
    ("F131", "referral", "clinical_signs"),
    ("F141", "appointment", "appointment_number"),
    ("F071", "discharge", "archive_number"),
    ("F081", "discharge", "course"),
    ("F092", "birth", "children[1].born_at"),
    ("F092", "birth", "children[1].book"),
    ("F094", "birth", "children[1].note"),
    ("F110", "leave", "employer"),
    ("F111", "leave", "insurance_number"),
]


@pytest.mark.parametrize(("kind", "fields"), PASSES)
def test_what_passes(kind: str, fields: Fields) -> None:
    assert {} == failed(kind, fields)


@pytest.mark.parametrize(("rule", "kind", "place", "fields"), FAILS)
def test_what_fails(rule: str, kind: str, place: str, fields: Fields) -> None:
    assert place == failed(kind, fields).get(rule)


@pytest.mark.parametrize(("rule", "place", "identity"), IDENTITIES)
def test_what_fails_of_the_identity(rule: str, place: str, identity: Fields) -> None:
    assert {rule: place} == failed("service", {}, identity)


@pytest.mark.parametrize(("rule", "kind", "path"), NARRATIVES_LEFT_OUT)
def test_what_fails_of_the_narrative(rule: str, kind: str, path: str) -> None:
    assert {rule: path} == failed(kind, {}, None, {path: ""})


@pytest.mark.parametrize("number", ["001080123456", "B1234567", "079080000001"])
def test_numbers_of_good_form(number: str) -> None:
    assert {} == failed("service", {}, {"citizen_id": number})


@pytest.mark.parametrize("cards", ["DN4010123456789", "0123456789", "DN4010123456789; TE1010123456789", None, ""])
def test_cards_of_good_form(cards: str | None) -> None:
    assert {} == failed("service", {}, {"cards": cards})


@pytest.mark.parametrize("birth", ["1980", "198000000000", "19800203", "198002032359", None, ""])
def test_births_of_good_form(birth: str | None) -> None:
    assert {} == failed("service", {}, {"birth": birth})


@pytest.mark.parametrize("phone", ["0912345678", "+84 912 345 678", "84912345678", "091.234.5678", None, ""])
def test_phones_of_good_form(phone: str | None) -> None:
    assert {} == failed("service", {}, {"phone": phone})


@pytest.mark.parametrize("code", ["K01", "K60", "K99", "K0101", "K01.1", "K01.D02", "K5901"])
def test_departments_of_good_form(code: str) -> None:
    assert {} == failed("encounter", {"departments": [code]})


def test_a_card_needs_its_facility_and_validity() -> None:
    assert {} == failed("encounter", CARD_FIELDS, CARD)
    assert {"X07": "card_valid_to"} == failed("encounter", CARD_FIELDS | {"card_valid_to": []}, CARD)
    two = {"cards": "DN4010123456789;0123456789"}
    assert {"X07": "card_facilities"} == failed("encounter", CARD_FIELDS, two)
    assert {"X07b", "F104"} == set(failed("encounter", CARD_FIELDS, CARD, {"visit_reason": ""}))
    assert "X07" not in failed("encounter", {"source_format": "hl7v2"}, CARD)


def test_a_check_in_is_asked_for_little() -> None:
    verdict = validate(event("encounter", source_format="insurance_xml", **CHECK_IN), IDENTITY, {})
    assert () == verdict.failures


def test_a_childs_card() -> None:
    assert {} == failed("discharge", {}, None, {"child_card": "TE1010123456789"})
    assert {"X17": "child_card"} == failed("discharge", {}, None, {"child_card": "TE101012345678"})


def test_days_off_are_all_there_or_none() -> None:
    assert {} == failed("discharge", {"days_off": 3, "off_from": "20260529", "off_to": "20260531"})
    assert {"X21b": "days_off"} == failed("discharge", {"off_from": "20260529", "off_to": "20260531"})


def test_each_paper_for_leave_is_asked_for_what_is_its_own() -> None:
    of_sickness = {"visit_register": "", "insurance_number": "", "treatment": ""}
    assert {} == failed("leave", {"paper": "pregnancy"}, None, of_sickness)
    assert {"F110b": "doctor_name"} == failed("leave", {"paper": "pregnancy"}, None, {"doctor_name": ""})
    assert {} == failed("leave", {}, None, {"doctor_name": ""})


def test_a_birth_has_a_district_as_long_as_there_were_districts() -> None:
    left_out = {"children[1].district": ""}
    before, after = ({"occurred_at": at, "captured_at": at + DAY} for at in (ms(2025, 6, 30), ms(2025, 7, 1)))
    assert {"F093": "children[1].district"} == failed("birth", before, None, left_out)
    assert {} == failed("birth", before)
    assert {} == failed("birth", after, None, left_out)


DAYS = [ms(2020, 1, 1), ms(2025, 3, 1), ms(2025, 8, 1), ms(2026, 6, 25), ms(2026, 7, 10), NOW + 9000 * DAY]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("format_", ["insurance_xml", "hl7v2", "fhir"])
def test_total_on_every_kind_format_and_day(kind: str, format_: str) -> None:
    """A document that says nothing, and a whole one, ask every check of every plan; none of them raises."""
    for at in DAYS:
        for active in ("active", "cancelled"):
            nothing = event(kind, source_format=format_, status=active, occurred_at=at, sex=None, birth_year=None)
            validate(nothing, {}, {})
            whole = event(kind, **BODIES.get(kind, {}) | {"source_format": format_, "status": active})
            if "discharged_at" in whole:
                whole["discharged_at"] = at
            validate(whole | {"occurred_at": at}, IDENTITY, NARRATIVES.get(kind, {}))


def test_what_only_the_insurance_xml_requires_is_not_asked_of_others() -> None:
    for kind in KINDS:
        nothing = event(kind, source_format="hl7v2")
        found = {id_ for id_, _, _ in validate(nothing, IDENTITY, {}).failures}
        assert set() == {id_ for id_ in found if RULES[id_].formats}
        assert not any(id_.startswith("F") for id_ in found)


def test_only_two_rules_block() -> None:
    assert {"X01", "R08"} == {rule.id for rule in RULES.values() if rule.mode == "block"}
    verdict = validate(document("encounter", discharged_at=ARRIVED - HOUR, occurred_at=NOW + 2 * DAY), IDENTITY, {})
    assert {"X01", "R08"} == set(verdict.blocking)
    assert "discharged_at" == verdict.place


@pytest.mark.parametrize("status", ["cancelled", "entered_in_error"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_cancelled_document_need_not_say_anything(kind: str, status: str) -> None:
    nothing = {"status": status, "sex": None, "birth_year": None, "occurred_at": None}
    assert () == validate(event(kind, **nothing), {}, {}).failures
    assert ("R08",) == validate(event(kind, **nothing | {"occurred_at": NOW + 2 * DAY}), {}, {}).blocking
    assert ("M01",) == validate(event(kind, **nothing | {"marks": ["M01"]}), {}, {}).quality


@pytest.mark.parametrize("mode", ["shadow", "warn", "block"])
def test_a_group_of_facilities_may_have_another_mode(mode: Mode) -> None:
    rule = replace(RULES["X04"], groups={"pilot": mode})
    book = Rulebook([rule], {"01003": "pilot"})
    wrong, elsewhere = (
        document("encounter", treatment_days=9),
        document("encounter", treatment_days=9, facility="01004"),
    )
    assert [("X04", mode, "treatment_days")] == book(wrong, IDENTITY, {})
    assert [("X04", "warn", "treatment_days")] == book(elsewhere, IDENTITY, {})


def test_a_shadow_neither_blocks_nor_lowers_quality() -> None:
    verdict = validate(document("prescription", **drug(benefit_rate=95_000)), IDENTITY, {})
    assert ((), (), ("X12c",)) == (verdict.blocking, verdict.quality, verdict.of("shadow"))


CATALOGUED = ("C30", "C31", "C32")
"""Rules of imported catalogues: tests/unit/schemas/test_catalogues.py."""


def test_every_rule_has_a_failing_case_here() -> None:
    named = (
        {rule for rule, *_ in FAILS} | {rule for rule, *_ in IDENTITIES} | {rule for rule, *_ in NARRATIVES_LEFT_OUT}
    )
    assert set() == {id_ for id_, rule in RULES.items() if rule.scope == "document"} - named - {
        "F093", "F110b", "X07", "X07b", "X17", *CATALOGUED
    }  # fmt: skip


def test_every_rule_can_be_made() -> None:
    BOOK.check()


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_texts_say_nothing_of_code_names(rule: Any) -> None:
    """Texts are for hospitals: fields have the names of the forms, not ours."""
    for text in (rule.vi, rule.en):
        assert "_" not in text or text != text.lower()


def test_many_lines_at_fault_are_one_failure() -> None:
    assert {"X09": "lines[1].tender"} == failed("prescription", {"lines": [DRUG | {"tender": None}] * 5})


@pytest.mark.parametrize("code", ["A00", "A00.0", "J18.9", "j18.9", " I10 ", "M17.1", "A17.0+", "G01*", "U07.1"])
def test_known_codes(code: str) -> None:
    assert icd10.known(code, five=False)


@pytest.mark.parametrize("code", ["E11.90", "K29.70"])
def test_five_characters_are_of_the_list_of_2026(code: str) -> None:
    assert icd10.known(code, five=True)
    assert not icd10.known(code, five=False)


@pytest.mark.parametrize(
    "code", ["", "A", "A0", "A00-A09", "I", "IX", "Z99.99.9", "J18.9;I10", "XYZ", "A00.123", "U99"]
)
def test_unknown_codes(code: str) -> None:
    assert not icd10.known(code, five=True)


def test_communes_where_the_list_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(communes, "_read", lambda: {"01": frozenset({"00070"})})
    book = Rulebook([RULES["C10"]])
    assert [] == book(document("encounter"), IDENTITY, {})
    assert ["C10"] == [id_ for id_, _, _ in book(document("encounter", commune="00071"), IDENTITY, {})]
    assert ["C10"] == [id_ for id_, _, _ in book(document("encounter", province="04"), IDENTITY, {})]
    before = ended(2025, 6, 30) | {"commune": "00071"}
    assert [] == book(document("encounter", **before), IDENTITY, {})


def test_the_list_of_communes_is_read_as_data() -> None:
    found = communes._read()
    if found is None:
        pytest.skip("the package vietnam-provinces is not installed: it is optional")
    assert 34 == len(found)
    assert "00070" in found["01"]
