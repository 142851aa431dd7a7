"""What happens in one visit: who, why, when, what was ordered and given, what it cost.

Times are local (Asia/Ho_Chi_Minh), to the minute, ordered as X01-X04 of QĐ 4750 ask, and never after `now`.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import accumulate
from random import Random
from typing import Final

from infra.city.care import Care, DrugLine, Numbers, Order, ServiceLine, benefit, stamp
from infra.city.diseases import DISEASES, Disease, weight
from infra.city.hospitals import REFERRAL_TARGETS, Hospital
from infra.city.identity import Desk, Identity
from infra.city.money import Amount, total

LOCAL: Final = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
CURVE: Final = (8, 6, 5, 5, 6, 14, 60, 160, 190, 150, 95, 50, 30, 75, 85, 60, 40, 28, 22, 20, 18, 15, 12, 10)
"""Arrivals by hour: 55 % between 7 and 10 o'clock's end, a smaller peak after lunch."""


@dataclass(frozen=True, slots=True)
class Visit:
    """`type` is MA_LOAI_KCB; `others` the diagnoses beside the main one; `revisit` and `referred_to` may be absent."""

    hospital: Hospital
    number: str = field(repr=False)
    identity: Identity = field(repr=False)
    type: str
    category: str
    disease: Disease
    others: tuple[tuple[str, str], ...]
    arrival: datetime
    inpatient: datetime | None
    end: datetime
    days: int
    department: str
    doctor: str
    drugs: tuple[DrugLine, ...]
    services: tuple[ServiceLine, ...]
    orders: tuple[Order, ...]
    total: Amount
    result: str
    leaving: str
    revisit: datetime | None
    referred_to: str
    weight: str

    @property
    def benefit(self) -> int:
        return benefit(self.identity.card)


_COME: Final = 0.5
"""How likely the next visit of a hospital is one of those who were referred to it and have not come yet."""
_DEPARTMENTS: Final = {
    "general": "K02", "heart": "K04", "paediatrics": "K18", "lung": "K07", "obstetrics": "K27", "oncology": "K33",
    "kidney": "K08", "eye": "K30", "skin": "K13", "mind": "K11", "infection": "K09", "rehabilitation": "K31",
}  # fmt: skip


class Clinic:
    """Makes visits. One for the city; each hospital has its own mix of diseases and its own running numbers."""

    def __init__(self, random: Random, desk: Desk, numbers: Numbers) -> None:
        self._random = random
        self._desk = desk
        self._care = Care(random, numbers)
        self._numbers = numbers
        self._mixes: dict[tuple[str, int], list[float]] = {}
        self._referred: dict[str, list[tuple[Disease, Identity]]] = {}

    def visit(self, hospital: Hospital, now: datetime) -> Visit:
        random = self._random
        local = now.astimezone(LOCAL)
        disease, identity = self._who(hospital, local)
        end = local.replace(second=0, microsecond=0) - timedelta(minutes=1 + int(random.random() * 20))
        kind = self._type(disease)
        inpatient = kind == "03"
        arrival = self._arrival(end, inpatient)
        admitted = arrival + timedelta(minutes=20 + int(random.random() * 70)) if inpatient else None
        orders = self._care.orders(hospital.code, disease, kind, admitted or arrival, end)
        rate = benefit(identity.card)
        days = self._care.drug_days(kind)
        drugs = self._care.drugs(disease, kind, days, stamp(admitted or end), rate)
        services = self._care.services(disease, kind, arrival, admitted, end, orders, rate)
        referred = REFERRAL_TARGETS[int(random.random() * len(REFERRAL_TARGETS))] if random.random() < 0.04 else ""
        if referred == hospital.code:
            referred = ""
        elif referred:
            self._referred.setdefault(referred, []).append((disease, identity))
        return Visit(
            hospital=hospital,
            number=f"{hospital.code}{self._numbers.next(hospital.code)}",
            identity=identity,
            type=kind,
            category="9" if not identity.card else "2" if random.random() < 0.07 else "1.1",
            disease=disease,
            others=self._others(disease),
            arrival=arrival,
            inpatient=admitted,
            end=end,
            days=(end.date() - arrival.date()).days + 1 if inpatient else days if kind == "05" else 0,
            department=_DEPARTMENTS[hospital.specialty] if inpatient else "K01",
            doctor=f"{int(random.random() * 60) + 1001:06d}/HNO-CCHN",
            drugs=drugs,
            services=services,
            orders=orders,
            total=total([line.amount for line in drugs] + [line.amount for line in services]),
            result="2" if referred else random.choices("1237", (30, 60, 8, 2))[0],
            leaving="2" if referred else "1",
            revisit=self._revisit(kind, end, days) if not referred else None,
            referred_to=referred,
            weight=_weight(random, identity.age),
        )

    def _who(self, hospital: Hospital, local: datetime) -> tuple[Disease, Identity]:
        """Somebody who was referred here, with the same disease, or whoever comes."""
        if (waiting := self._referred.get(hospital.code)) and self._random.random() < _COME:
            return waiting.pop(0)
        disease = self._disease(hospital.specialty, local.month)
        return disease, self._desk.arrive(disease.ages, disease.sex, local)

    def _disease(self, specialty: str, month: int) -> Disease:
        mix = self._mixes.get((specialty, month))
        if mix is None:
            mix = list(accumulate(weight(disease, specialty, month) for disease in DISEASES))
            self._mixes[specialty, month] = mix
        return self._random.choices(DISEASES, cum_weights=mix)[0]

    def _type(self, disease: Disease) -> str:
        if self._random.random() < disease.beds:
            return "03"
        return "05" if disease.chronic and self._random.random() < 0.6 else "01"

    def _arrival(self, end: datetime, inpatient: bool) -> datetime:
        """Outpatients came within the last hours, inpatients days ago; the hour follows the day's curve."""
        random = self._random
        minute = int(random.random() * 60)
        if inpatient:
            days = 1 + min(int(random.expovariate(1 / 5)), 40)
            hour = random.choices(range(24), CURVE)[0]
            return (end - timedelta(days=days)).replace(hour=hour, minute=minute)
        hours = random.choices((1, 2, 3, 4, 5), [CURVE[(end.hour - ago) % 24] for ago in (1, 2, 3, 4, 5)])[0]
        return end - timedelta(minutes=60 * hours - minute // 2)

    def _others(self, disease: Disease) -> tuple[tuple[str, str], ...]:
        if not disease.also or self._random.random() < 0.35:
            return ()
        count = 1 if self._random.random() < 0.6 else 2
        return tuple(self._random.sample(disease.also, count))

    def _revisit(self, kind: str, end: datetime, days: int) -> datetime | None:
        if self._random.random() > (0.95 if kind == "05" else 0.2):
            return None
        return (end + timedelta(days=days)).replace(hour=8, minute=0)


def _weight(random: Random, age: int) -> str:
    """Kilograms with two decimals."""
    middle = 3.3 + age * 2.6 if age < 18 else 57.0
    return f"{max(2.0, min(random.gauss(middle, middle * 0.12), 150.0)):.2f}"
