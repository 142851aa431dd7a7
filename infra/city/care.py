"""What is done for a patient: tests, drugs and services, in the order of time that X02 of QĐ 4750 asks for."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Final

from infra.city.diseases import Disease
from infra.city.drugs import DRUGS, Drug
from infra.city.labs import PANELS, Panel, Result, billing, measure
from infra.city.money import Amount, charge
from infra.city.services import SERVICES, Service

_OFTEN: Final = ("40.677", "40.48", "40.1048", "40.998", "40.84")
"""Drugs that are added to many prescriptions."""
_BENEFIT: Final = {"1": 100, "2": 100, "3": 95, "4": 80, "5": 100}


@dataclass(frozen=True, slots=True)
class DrugLine:
    drug: Drug
    quantity: int
    days: int
    ordered: str
    amount: Amount


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """`resulted` is empty for what has no result."""

    service: Service
    quantity: int
    ordered: str
    performed: str
    resulted: str
    amount: Amount


@dataclass(frozen=True, slots=True)
class Order:
    """A laboratory order: one OBR, or some rows of XML4."""

    panel: Panel
    filler: str
    results: tuple[Result, ...] = field(repr=False)
    sampled: datetime
    resulted: datetime


def benefit(card: str) -> int:
    """Percent that the insurance pays: the third character of the card; 0 without one."""
    return _BENEFIT[card[2]] if card else 0


def stamp(at: datetime) -> str:
    """`yyyymmddHHMM`."""
    return f"{at.year:04d}{at.month:02d}{at.day:02d}{at.hour:02d}{at.minute:02d}"


class Numbers:
    """Running numbers of a city; each begins with the run's start, so that two runs share none."""

    def __init__(self, start: datetime) -> None:
        self._run = f"{start:%y%m%d%H%M%S}"
        self._count: dict[str, int] = {}

    def next(self, series: str) -> str:
        self._count[series] = count = self._count.get(series, 0) + 1
        return f"{self._run}{count:07d}"


class Care:
    """Orders what a disease asks for, with the variation of real days."""

    def __init__(self, random: Random, numbers: Numbers) -> None:
        self._random = random
        self._numbers = numbers

    def orders(self, facility: str, disease: Disease, kind: str, since: datetime, end: datetime) -> tuple[Order, ...]:
        """Ordered soon after arrival; the result comes back before the visit ends."""
        random = self._random
        if not disease.panels or (kind != "03" and random.random() < 0.12):
            return ()
        wait = int((end - since).total_seconds()) // 60
        sampled = since + timedelta(minutes=min(wait // 4, 30))
        resulted = since + timedelta(minutes=min(wait * 3 // 4, 120))
        return tuple(
            Order(
                PANELS[key],
                "XN" + self._numbers.next(f"{facility} LIS"),
                tuple([measure(random, test) for test in PANELS[key].tests]),
                sampled,
                resulted,
            )
            for key in disease.panels
        )

    def drug_days(self, kind: str) -> int:
        return 28 if kind == "05" else 3 + int(self._random.random() * 5)

    def drugs(self, disease: Disease, kind: str, days: int, ordered: str, rate: int) -> tuple[DrugLine, ...]:
        random = self._random
        if kind == "01" and random.random() < 0.1:
            return ()
        lines = []
        more = [code for code in _OFTEN if code not in disease.drugs and random.random() < 0.22]
        for code in (*disease.drugs, *more):
            drug = DRUGS[code]
            given = 1 if drug.unit in ("Lọ", "Bình", "Tuýp") and drug.route != "2.10" else drug.daily * days
            amount = charge(given, drug.price, drug.price, 100 if rate else 0, rate, drug.programme)
            lines.append(DrugLine(drug, given, days, ordered, amount))
        return tuple(lines)

    def services(
        self,
        disease: Disease,
        kind: str,
        arrival: datetime,
        admitted: datetime | None,
        end: datetime,
        orders: tuple[Order, ...],
        rate: int,
    ) -> tuple[ServiceLine, ...]:
        covered = 100 if rate else 0
        came, asked = stamp(arrival), stamp(admitted or arrival)
        lines = [_line(SERVICES["EMERG" if kind == "03" else "EXAM"], 1, came, came, "", covered, rate)]
        for order in orders:
            sampled, resulted = stamp(order.sampled), stamp(order.resulted)
            lines += [_line(test, 1, asked, sampled, resulted, covered, rate) for test in _billed(order.panel.key)]
        middle = stamp((admitted or arrival) + (end - (admitted or arrival)) / 2)
        for key in disease.services:
            service = SERVICES[key]
            if kind != "03" and service.group in (8, 10) and self._random.random() < 0.6:
                continue
            count = 1 + int(self._random.random() * 3) if service.supply and service.price < 10_000 else 1
            done = middle if service.group in (2, 3) else ""
            lines.append(_line(service, count, asked, middle, done, covered, rate))
        if kind == "03":
            nights = (end.date() - arrival.date()).days + 1
            bed = SERVICES["BEDS" if disease.code.startswith(("K35", "S", "O82")) else "BED"]
            lines.append(_line(bed, nights, asked, asked, "", covered, rate))
        return tuple(lines)


def _line(
    service: Service, count: int, ordered: str, performed: str, resulted: str, covered: int, rate: int
) -> ServiceLine:
    amount = charge(count, service.price, service.insured, covered, rate, False)
    return ServiceLine(service, count, ordered, performed, resulted, amount)


@lru_cache(maxsize=64)
def _billed(key: str) -> tuple[Service, ...]:
    """The XML3 lines of a panel."""
    device = PANELS[key].device
    return tuple(
        Service(key, code, 1, name, "Lần", Decimal(price), Decimal(price), device) for code, name, price in billing(key)
    )
