"""Documents as hospitals send them, many and different, as values on `accepted.*`: what a sink is measured with."""

import random
from collections.abc import Iterator
from typing import Any, Final

from tests.rows import NOW, TODAY, accepted_row
from tests.store import Message

CODES: Final = ("J18.9", "I10", "E11.9", "A97.0", "K29.7", "M54.5", "J06.9", "N39.0", "B08.4", "O80")
TEXTS: Final = (
    "Viêm phổi không đặc hiệu",
    "Tăng huyết áp vô căn",
    "Đái tháo đường típ 2 không biến chứng",
    "Sốt xuất huyết Dengue",
)
SECOND: Final = 1_000


def _key(dice: random.Random) -> str:
    return f"{dice.getrandbits(128):032x}"


def header(dice: random.Random, number: int, facilities: int = 42) -> dict[str, Any]:
    facility = f"01{dice.randrange(facilities):03d}"
    days = -dice.randrange(3)
    when = NOW - days * 86_400_000 + dice.randrange(36_000) * SECOND
    return {
        "adapter_id": f"{facility}.his", "facility": facility, "sequence": number, "document_id": _key(dice),
        "content_hash": _key(dice), "patient_key": _key(dice), "visit_key": _key(dice), "citizen_key": _key(dice),
        "trace_id": _key(dice), "source_message_id": _key(dice), "version": (when + number % 1000) << 20, "occurred_at": when,
        "recorded_at": when + 60 * SECOND, "captured_at": when + 90 * SECOND, "processed_at": when + 91 * SECOND,
        "document_date": TODAY - days, "identity_tier": "verified", "identity_rule": "number.1", "identity_score": 950,
        "sex": dice.choice("12"), "birth_year": 1940 + dice.randrange(80), "rows_read": 30, "rows_used": 30,
        "quality": dice.choice(([], [], ["R01"], ["X04", "R07"])),
    }  # fmt: skip


def encounter(dice: random.Random) -> dict[str, Any]:
    money = dice.randrange(50_000, 5_000_000) * 1000
    return {
        "visit_type": dice.choice(("01", "02", "03")), "patient_category": "1.1", "admitted_at": NOW, "discharged_at": NOW + 7_200_000,
        "treatment_days": dice.randrange(9), "treatment_result": "2", "discharge_type": "1", "main_diagnosis": dice.choice(CODES),
        "diagnoses": [{"code": dice.choice(CODES), "system": "ICD-10", "role": role, "text": dice.choice(TEXTS)} for role in ("main", "other", "other")],
        "admission_diagnosis": dice.choice(TEXTS), "discharge_diagnosis": dice.choice(TEXTS), "departments": ["K01", "K02"],
        "nationality": "000", "ethnicity": "01", "occupation": "00000", "province": "01", "commune": f"{dice.randrange(126):05d}",
        "weight": 55_000, "insured": True, "card_group": "DN4", "card_facilities": ["01003"], "card_valid_from": ["20260101"],
        "card_valid_to": ["20261231"], "paid_at": NOW, "total_drugs": money, "total_supplies": 0, "total_hospital": money * 2,
        "total_insured": money, "patient_outside": 0, "patient_copay": money // 5, "insurance_pays": money - money // 5,
        "settlement_year": 2026, "settlement_month": 1,
        "notes": [{"line": n, "noted_at": NOW, "performers": ["001234/HNO-CCHN"]} for n in (1, 2)],
    }  # fmt: skip


def observation(dice: random.Random) -> dict[str, Any]:
    return {
        "order_code": "CBC", "sampled_at": NOW, "result_status": "F",
        "results": [
            {"line": n, "test_code": f"23001{n:02d}", "test_name": "Định lượng Glucose", "value_text": f"{value}",
             "value_number": value, "unit": "mmol/L", "reference_range": "3.9-6.4", "abnormal": "N", "status": "F",
             "observed_at": NOW, "resulted_at": NOW + 3_600_000, "reader": "001234/HNO-CCHN"}
            for n in range(1, 21) for value in (round(3 + dice.random() * 5, 2),)
        ],
    }  # fmt: skip


BODIES: Final = {"encounter": encounter, "observation": observation}


def messages(kind: str, count: int, seed: int = 8, variety: int = 20_000) -> Iterator[Message]:
    """`count` messages; above `variety` bodies repeat under new offsets (making them costs more than inserting)."""
    dice = random.Random(seed)
    made = [
        accepted_row(kind, **header(dice, number), **BODIES[kind](dice))[1]
        for number in range(1, min(count, variety) + 1)
    ]
    for offset in range(count):
        yield Message(f"accepted.{kind}", offset, made[offset % len(made)])
