"""Whole documents as hospitals send them by insurance XML: made so that no rule fails."""

from typing import Any, Final

from tests.received import DAY, HOUR, NOW, event

Fields = dict[str, Any]

ARRIVED: Final = NOW - 3 * DAY
ORDERED: Final = ARRIVED + HOUR
ENDED: Final = NOW - HOUR

IDENTITY: Final[dict[str, str | None]] = {
    "full_name": "Nguyễn Văn An",
    "citizen_id": "001080123456",
    "birth": "198002030000",
    "sex": "1",
    "cards": None,
    "phone": "0912345678",
    "address": "Số 1 Trần Phú",
    "patient_number": "BN1",
    "visit_number": "V1",
}

_SHARES: Final[Fields] = {
    "amount_hospital": 15_000_000, "amount_insured": 15_000_000, "paid_state_budget": 0, "paid_foreign_aid": 0,
    "paid_domestic_aid": 0, "paid_rest": 0, "paid_other": 0, "patient_outside": 0, "patient_copay": 3_000_000,
    "insurance_pays": 12_000_000, "benefit_rate": 80_000,
}  # fmt: skip
_LINE: Final[Fields] = {
    "line": 1, "scope": "1", "insurance_rate": 100, "quantity": 10_000, "unit_price": 1_500_000, "departments": ["K01"],
    "doctors": ["0012345/HNO-CCHN"], "ordered_at": ORDERED, "performed_at": ORDERED + HOUR, "payment_method": "1",
}  # fmt: skip
DRUG: Final[Fields] = _SHARES | _LINE | {
    "drug_code": "40.48", "drug_name": "Paracetamol", "cost_group": "4", "unit": "Viên", "strength": "500mg",
    "route": "1.01", "dose": "2 viên/ngày", "tender": "123/QĐ-SYT;G1;N2;2026", "paid_by": "1",
}  # fmt: skip
SERVICE: Final[Fields] = _SHARES | _LINE | {
    "service_code": "18.0119.0028", "service_name": "Chụp Xquang ngực thẳng", "cost_group": "2", "unit": "Lần",
    "insured_price": 1_500_000, "service_rate": 100, "performers": ["0012345/HNO-CCHN"], "diagnoses": ["J18.9"],
    "devices": ["XQ.1.01003.A1"], "resulted_at": ORDERED + 2 * HOUR,
}  # fmt: skip
RESULT: Final[Fields] = {
    "line": 1,
    "test_code": "2200101",
    "test_name": "Bạch cầu",
    "value_text": "5.1",
    "resulted_at": NOW,
}
CHILD: Final[Fields] = {
    "line": 1, "child_sex": "1", "weight_g": 3_000, "children_born": 1, "births": 1, "children_alive": 1,
    "by_surgery": "0", "below_32_weeks": "0", "nationality": "000", "ethnicity": "01", "province": "01",
    "issued_on": 20_601, "head_of_unit": "0123456789",
}  # fmt: skip
COURSE: Final[Fields] = {
    "line": 1, "by_site": "1", "by_history": "1", "by_bacteria": "1", "by_resistance": "1", "treatment_type": "1",
    "regimen": "01", "treated_from": 20_601, "result": "1",
}  # fmt: skip

BODIES: Final[dict[str, Fields]] = {
    "encounter": {
        "visit_state": "finished", "visit_type": "03", "patient_category": "1.1", "admitted_at": ARRIVED, "inpatient_at": ARRIVED + HOUR,
        "discharged_at": ENDED, "treatment_days": 4, "treatment_result": "1", "discharge_type": "1",
        "main_diagnosis": "J18.9", "diagnoses": [], "admission_diagnosis": "Viêm phổi", "discharge_diagnosis": "Viêm phổi",
        "departments": ["K01", "K03"], "inpatient_reason": "1", "nationality": "000", "ethnicity": "01",
        "occupation": "00000", "province": "01", "commune": "00070", "weight": 55_500, "settlement_year": 2026,
        "settlement_month": 5, "head_of_unit": "0123456789", "total_drugs": 15_000_000, "total_supplies": 0,
        "total_hospital": 30_000_000, "total_insured": 30_000_000, "patient_outside": 0, "patient_copay": 6_000_000,
        "insurance_pays": 24_000_000, "paid_other": 0, "insurance_fee_for_service": 0,
        "notes": [{"line": 1, "noted_at": ORDERED, "performers": ["0012345/HNO-CCHN"]}],
    },
    "prescription": {"lines": [DRUG]},
    "service": {"lines": [SERVICE]},
    "observation": {"results": [RESULT]},
    "referral": {
        "admitted_at": ARRIVED, "discharged_at": ENDED, "referred_from": "01003", "referred_to": "01929", "reason": "1",
        "doctors": ["0012345/HNO-CCHN"], "head_of_unit": "0123456789", "main_diagnosis": "J18.9",
    },
    "appointment": {
        "admitted_at": ARRIVED, "discharged_at": ENDED, "appointed_at": NOW + 7 * DAY, "issued_on": "20260528",
        "doctors": ["0012345/HNO-CCHN"], "head_of_unit": "0123456789", "main_diagnosis": "J18.9",
    },
    "discharge": {
        "admitted_at": ARRIVED, "discharged_at": ENDED, "issued_on": "20260528", "summarised_on": "20260528",
        "visit_type": "03", "departments": ["K03"], "treatment_result": "1", "main_diagnosis": "J18.9",
        "admission_diagnosis": "Viêm phổi", "discharge_diagnosis": "Viêm phổi", "doctors": ["0012345/HNO-CCHN"],
        "head_of_unit": "0123456789",
    },
    "birth": {"children": [CHILD]},
    "leave": {
        "paper": "sick", "days_off": 3, "off_from": 20_601, "off_to": 20_603, "issued_on": "20260528",
        "discharge_diagnosis": "Viêm phổi", "doctors": ["0012345/HNO-CCHN"], "head_of_unit": "0123456789",
    },
    "tuberculosis": {"courses": [COURSE]},
    "hiv_care": {
        "sampled_at": "01992", "confirmed_at": "01992", "arv_started_at": "01992", "reason": "1", "tb_treatment": "0",
        "tb_screening": "0", "tb_result": "0", "patient_type": "1", "clinical_stage": "1", "patient_group": "1",
        "states": ["1"], "action": "1", "regimen": "1", "regimen_changed_on": 20_000, "regimen_changed_for": "1",
    },
}  # fmt: skip

CHECK_IN: Final[Fields] = {
    "visit_state": "arrived", "visit_type": "01", "patient_category": "1.1", "admitted_at": NOW, "first_service": "13.1",
    "first_ordered_at": NOW, "sex": "1", "birth_year": 1980, "inpatient_at": None, "discharged_at": None,
    "treatment_days": None, "treatment_result": None, "discharge_type": None, "main_diagnosis": None,
}  # fmt: skip
"""XML0."""

_CHILD: Final = (
    "born_at birthplace child_state child_card carer carer_birth carer_number carer_number_on carer_number_by "
    "carer_address commune district midwife written_by number book note"
)
NARRATIVES: Final[dict[str, dict[str, str]]] = {
    "encounter": dict.fromkeys(
        ("visit_reason", "record_number", "inpatient_reason_text", "treatment", "notes[1].course"), "x"
    ),
    "referral": dict.fromkeys(
        ("file_number", "register_number", "referral_number", "clinical_signs", "course", "plan", "transport"), "x"
    ),
    "appointment": {"appointment_number": "x"},
    "discharge": dict.fromkeys(
        ("archive_number", "medical_code", "treatment", "doctor_name", "course", "results", "summary_treatment"), "x"
    ),
    "birth": {f"children[1].{name}": "x" for name in _CHILD.split()},
    "leave": dict.fromkeys(
        ("serial", "number", "employer", "visit_register", "insurance_number", "treatment", "doctor_name"), "x"
    ),
}


def document(kind: str, **fields: Any) -> Fields:
    """A whole document of the kind, decoded."""
    return event(kind, **({"source_format": "insurance_xml"} | BODIES.get(kind, {}) | fields))
