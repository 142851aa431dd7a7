"""A visit told by HL7 v2: the HIS sends ADT as things happen, the laboratory sends ORU; per visit in order.

Every event has its own second, one after another and never in the future.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from infra.city import hl7v2
from infra.city.care import stamp
from infra.city.hl7v2 import Patient, Report, Stay
from infra.city.labs import measure
from infra.city.message import DUPLICATE, REFUSED, Expected, Message, Said
from infra.city.names import respelled
from infra.city.telling import Office, Telling, Told
from infra.city.visits import LOCAL, Visit

DIALECT = "hl7v2"
_ENCOUNTER = "encounter"
_LAG = timedelta(seconds=30)
"""Events are written down half a minute late, so that many in one second still have seconds of their own."""
_WARDS = ("K02", "K03", "K05", "K19", "K26", "K48")


class Hl7Telling(Telling):
    """`alone`: no other source tells this visit, so it may be cancelled."""

    def __init__(self, office: Office, visit: Visit, alone: bool, now: datetime) -> None:
        super().__init__()
        self._office = office
        self._visit = visit
        self._patient = Patient(visit.identity, respelled(office.random, visit.identity.name))
        self._clock = now.astimezone(LOCAL).replace(microsecond=0) - timedelta(seconds=120)
        self._stay = Stay(
            "I" if visit.inpatient else "E" if visit.category == "2" else "O",
            visit.department,
            visit.doctor,
            stamp(visit.arrival) + "00",
            "",
            ((visit.disease.code, visit.disease.text, "A"),),
        )
        self._status = "active"
        self._left = visit.end
        self._told = Told()
        self._reports: dict[str, Report] = {}
        self._plan(alone)

    def _plan(self, alone: bool) -> None:
        office, flaws, visit = self._office, self._office.flaws, self._visit
        number_wrong = False
        correction = office.chance(flaws.corrections)
        if correction:
            number_wrong = office.chance(flaws.number_only) and office.desk.tier(visit.identity) == "verified"
            if number_wrong:
                self._patient = replace(self._patient, identity=office.desk.wrong(visit.identity))
        elif office.chance(flaws.quality):
            self._careless()
        self._step(0, partial(self._adt, "A01" if visit.inpatient else "A04"))
        if alone and office.chance(flaws.cancellations):
            self._step(office.soon(), self._cancel)
            return
        orders = list(visit.orders)
        while orders:
            size = 1 + int(office.random.random() * 2)
            now, orders = orders[:size], orders[size:]
            self._step(office.soon(), partial(self._oru, [order.filler for order in now]))
            self._reports |= {order.filler: Report(order, order.resulted) for order in now}
        if visit.others and office.chance(0.6):
            self._step(office.soon(), self._more)
        leaves = office.chance(0.95)
        if leaves:
            self._step(office.soon(), partial(self._leave, visit.end))
        if correction:
            self._correction(number_wrong, leaves)

    def _correction(self, number_wrong: bool, leaves: bool) -> None:
        office, visit = self._office, self._visit
        way = "number" if number_wrong else office.random.choice(("result", "ward", "phone", "discharge"))
        if way == "number":
            self._step(office.later(), self._numbered)
        elif way == "result" and self._numeric():
            self._step(office.later(), self._revalued)
        elif way == "discharge" and leaves:
            self._step(office.later(), self._back)
            self._step(office.later(), partial(self._leave, visit.end + timedelta(minutes=1)))
        elif way == "ward":
            self._step(office.later(), self._moved)
        else:
            self._step(office.later(), self._phoned)

    def _careless(self) -> None:
        if self._office.chance(0.5):
            identity = self._office.desk.malformed(self._visit.identity)
            self._patient = replace(self._patient, identity=identity)
        else:
            self._stay = replace(self._stay, diagnoses=(("Q99.99X", self._visit.disease.text, "A"),))

    def _step(self, wait: int, step: Callable[[datetime], Message]) -> None:
        """A step, now and then with a malformed message before it."""
        if self._office.chance(self._office.flaws.malformed):
            self.then(wait, self._malformed)
        self.then(wait, step)

    # What happens

    def _more(self, at: datetime) -> Message:
        """Another diagnosis is added."""
        others = tuple((code, text, "W") for code, text in self._visit.others)
        self._stay = replace(self._stay, diagnoses=self._stay.diagnoses + others)
        return self._adt("A08", at)

    def _leave(self, end: datetime, at: datetime) -> Message:
        final = tuple((code, text, "F") for code, text, _ in self._stay.diagnoses)
        self._stay, self._left = replace(self._stay, end=stamp(end) + "00", diagnoses=final), end
        return self._adt("A03", at)

    def _back(self, at: datetime) -> Message:
        """The discharge is cancelled."""
        self._stay = replace(self._stay, end="")
        return self._adt("A13", at)

    def _cancel(self, at: datetime) -> Message:
        self._status = "cancelled"
        return self._adt("A11", at)

    def _numbered(self, at: datetime) -> Message:
        self._patient = replace(self._patient, identity=self._visit.identity)
        return self._adt("A08", at)

    def _phoned(self, at: datetime) -> Message:
        phone = f"09{int(self._office.random.random() * 10**8):08d}"
        self._patient = replace(self._patient, identity=replace(self._patient.identity, phone=phone))
        return self._adt("A08", at)

    def _moved(self, at: datetime) -> Message:
        ward = self._office.random.choice([ward for ward in _WARDS if ward != self._stay.department])
        self._stay = replace(self._stay, department=ward)
        return self._adt("A08", at)

    def _numeric(self) -> list[str]:
        return [f for f, report in self._reports.items() if not report.order.results[0].test.words]

    def _revalued(self, at: datetime) -> Message:
        """One value of one order is corrected."""
        filler = self._office.random.choice(self._numeric())
        report = self._reports[filler]
        old = report.order.results[0]
        value = old.value
        while value == old.value:
            value = measure(self._office.random, old.test).value
        self._reports[filler] = replace(report, changed={1: value})
        return self._oru([filler], at)

    # How it is written down

    def _now(self, now: datetime) -> datetime:
        """The second of this event: near now, after the last one."""
        latest = now.astimezone(LOCAL).replace(microsecond=0)
        self._clock = max(self._clock + timedelta(seconds=1), latest - _LAG)
        return self._clock

    def _control_id(self) -> str:
        return f"H{self._office.numbers.next(f'{self._visit.hospital.code} MSH')}"

    def _segments(self, event: str, control_id: str, at: datetime, sparse: bool) -> list[str]:
        """`sparse` leaves out what has not changed, as many systems do."""
        stay = self._stay
        if sparse:
            stay = replace(stay, department="", doctor="", diagnoses=())
        code = self._visit.hospital.code
        return hl7v2.adt(event, control_id, at, code, self._patient, self._visit.number, stay, not sparse)

    def _adt(self, event: str, now: datetime, sparse: bool = False) -> Message:
        office, at, control_id = self._office, self._now(now), self._control_id()
        content = (self._patient, self._stay, self._status)
        said = Said(
            "HIS",
            self._visit.number,
            self._visit,
            self._patient.identity,
            self._status == "active",
            tuple(code for code, _, _ in self._stay.diagnoses),
            self._left if self._stay.end else None,
        )
        expected = self._told.say(_ENCOUNTER, content, office.desk.tier(self._patient.identity), said)
        if self._status == "active" and office.chance(office.flaws.duplicates):
            self.next(office.soon(), partial(self._adt, "A08", sparse=office.chance(0.5)))
        payload = hl7v2.write(self._segments(event, control_id, at, sparse))
        return self._message(control_id, payload, (expected,), self._status == "active")

    def _oru(self, fillers: list[str], now: datetime) -> Message:
        office, at, control_id = self._office, self._now(now), self._control_id()
        tier = office.desk.tier(self._patient.identity)
        person = replace(self._patient.identity, phone="", street="", commune=("", ""))
        expected = []
        for filler in fillers:
            report = self._reports[filler]
            content = (person, self._patient.name, tuple(report.changed.items()))
            said = Said("LIS", filler, self._visit, self._patient.identity, order=report.order)
            part = self._told.say("observation", content, tier, said)
            if part.outcome != DUPLICATE:
                self._reports[filler] = replace(report, reported=at)
            expected.append(part)
        reports = [self._reports[filler] for filler in fillers]
        if office.chance(office.flaws.duplicates):
            self.next(office.soon(), partial(self._oru, fillers))
        segments = hl7v2.oru(control_id, at, self._patient, self._visit, self._stay.patient_class, reports)
        return self._message(control_id, hl7v2.write(segments), tuple(expected), None)

    def _message(
        self, control_id: str, payload: bytes, expected: tuple[Expected, ...], stands: bool | None, answer: str = "AA"
    ) -> Message:
        visit = self._visit
        return Message(visit.hospital.code, DIALECT, control_id, payload, expected, answer, False, visit.number, stands)

    def _malformed(self, now: datetime) -> Message:
        """A message that must be refused; it changes nothing of what was told."""
        office, at, control_id = self._office, self._now(now), self._control_id()
        segments = self._segments("A08", control_id, at, False)
        way = office.random.choice(("event", "type", "no_pid", "no_number", "no_visit", "no_msh"))
        if way in ("event", "type"):
            kind = hl7v2.UNSUPPORTED[way]
            segments[0] = hl7v2.msh("HIS", self._visit.hospital.code, at, kind, control_id)
        elif way == "no_pid":
            del segments[2]
        elif way == "no_number":
            fields = segments[2].split("|")
            segments[2] = "|".join((*fields[:3], "", *fields[4:]))
        elif way == "no_visit":
            segments[3] = hl7v2.pv1("", self._stay, self._visit.hospital.code)
        else:
            del segments[0]
        answer = "AR" if way in ("event", "type", "no_msh") else "AE"
        return self._message(control_id, hl7v2.write(segments), REFUSED, None, answer)
