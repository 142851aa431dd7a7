"""A visit told by a system that speaks FHIR: one transaction Bundle when it ends, then what is mended or repeated."""

from datetime import datetime, timedelta

from infra.city import fhir
from infra.city.labs import measure
from infra.city.message import REFUSED, Expected, Message, Said
from infra.city.names import respelled
from infra.city.telling import Office, Telling, Told
from infra.city.visits import LOCAL, Visit

DIALECT = "fhir"
SYSTEM = "HIS-FHIR"


class FhirTelling(Telling):
    """At most one thing that changes content goes wrong with a visit."""

    def __init__(self, office: Office, visit: Visit) -> None:
        super().__init__()
        self._office, self._visit = office, visit
        self._identity, self._name = visit.identity, respelled(office.random, visit.identity.name)
        self._status, self._end = "finished", visit.end
        self._values: dict[str, str] = {}
        self._cut = 1.0
        self._told = Told()
        self._exports = 0
        self._plan()

    def _plan(self) -> None:
        office, flaws = self._office, self._office.flaws
        self.then(0, self._export)
        if office.chance(flaws.malformed):
            self._cut = 0.3 + 0.6 * office.random.random()
            if office.chance(flaws.repaired):
                self.then(office.later(), self._mended)
        elif office.chance(flaws.cancellations):
            self.then(office.later(), self._cancel)
        elif office.chance(flaws.corrections):
            if office.chance(flaws.number_only) and office.desk.tier(self._identity) == "verified":
                self._identity = office.desk.wrong(self._identity)
                self.then(office.later(), self._numbered)
            elif self._visit.orders and office.chance(0.5):
                self.then(office.later(), self._revalued)
            else:
                self.then(office.later(), self._prolonged)

    def _mended(self, now: datetime) -> Message:
        self._cut = 1.0
        return self._export(now)

    def _cancel(self, now: datetime) -> Message:
        self._status = "cancelled"
        return self._export(now)

    def _numbered(self, now: datetime) -> Message:
        self._identity = self._visit.identity
        return self._export(now)

    def _prolonged(self, now: datetime) -> Message:
        self._end = self._visit.end + timedelta(minutes=1)
        return self._export(now)

    def _revalued(self, now: datetime) -> Message:
        order = self._visit.orders[0]
        result = order.results[0]
        value = result.value
        while value == result.value:
            value = measure(self._office.random, result.test).value
        self._values[fhir.observation_id(order, 1)] = value
        return self._export(now)

    def _export(self, now: datetime) -> Message:
        office, visit = self._office, self._visit
        self._exports += 1
        payload = fhir.bundle(visit, self._identity, self._name, self._status, self._end, self._values)
        broken = self._cut < 1.0
        if broken:
            payload = payload[: int(len(payload) * self._cut)]
        if not broken and self._status == "finished" and office.chance(office.flaws.duplicates):
            self.next(office.later(), self._export)
        return Message(
            facility=visit.hospital.code,
            dialect=DIALECT,
            name=f"{now.astimezone(LOCAL):%Y%m%d%H%M%S}-{visit.number}-{self._exports}.json",
            payload=payload,
            expected=REFUSED if broken else self._expect(),
            visit=visit.number,
            stands=None if broken else self._status == "finished",
        )

    def _expect(self) -> tuple[Expected, ...]:
        """The encounter, an observation per result, one prescription."""
        visit, told, tier = self._visit, self._told, self._office.desk.tier(self._identity)
        person = (self._identity, self._name)
        codes = (visit.disease.code, *(code for code, _ in visit.others))
        said = Said(SYSTEM, visit.number, visit, self._identity, self._status == "finished", codes, self._end)
        parts = [told.say("encounter", (person, self._status, self._end), tier, said)]
        for order in visit.orders:
            for number in range(1, len(order.results) + 1):
                name = fhir.observation_id(order, number)
                said = Said(SYSTEM, name, visit, self._identity, order=order, place=number)
                parts.append(told.say("observation", (person, self._values.get(name)), tier, said))
        if visit.drugs:
            said = Said(SYSTEM, f"{visit.number} drugs", visit, self._identity)
            parts.append(told.say("prescription", person, tier, said))
        return tuple(parts)
