"""A visit told by an old system's export: a row when it ends, then what is mended, cancelled or repeated.

Live, each file holds one row, so that the books know what becomes of every file; `city write` puts the rows of a
hospital into one file.
"""

from datetime import datetime, timedelta

from infra.city import history_csv
from infra.city.message import REJECTED, Expected, Message, Said
from infra.city.names import respelled
from infra.city.telling import Office, Telling, Told, known
from infra.city.visits import LOCAL, Visit

DIALECT = "history_csv"
_KIND = "encounter"


class CsvTelling(Telling):
    def __init__(self, office: Office, visit: Visit) -> None:
        super().__init__()
        self._office, self._visit = office, visit
        self._identity = known(visit.identity)
        self._name = respelled(office.random, visit.identity.name)
        self._end, self._status = visit.end, ""
        self._wrong = ""
        self._told = Told()
        self._exports = 0
        self._plan()

    def _plan(self) -> None:
        office, flaws = self._office, self._office.flaws
        self.then(0, self._export)
        if office.chance(flaws.malformed):
            self._wrong = "ragged"
        elif office.chance(flaws.discharge_before_arrival):
            self._wrong, self._end = "before", self._visit.arrival - timedelta(days=1)
        elif office.chance(flaws.cancellations):
            self.then(office.later(), self._cancel)
        elif office.chance(flaws.corrections):
            self.then(office.later(), self._prolonged)
        if self._wrong and office.chance(flaws.repaired):
            self.then(office.later(), self._mended)

    def _mended(self, now: datetime) -> Message:
        self._wrong, self._end = "", self._visit.end
        return self._export(now)

    def _cancel(self, now: datetime) -> Message:
        self._status = "HUY"
        return self._export(now)

    def _prolonged(self, now: datetime) -> Message:
        self._end = self._visit.end + timedelta(minutes=1)
        return self._export(now)

    def _export(self, now: datetime) -> Message:
        office, visit = self._office, self._visit
        self._exports += 1
        row = history_csv.row(visit, self._identity, self._name, self._end, self._status)
        if self._wrong == "ragged":
            row = row[:5]
        if self._wrong:
            expected = Expected(_KIND, REJECTED)
        else:
            tier = office.desk.tier(self._identity)
            codes = (visit.disease.code,)
            said = Said("HIS-OLD", visit.number, visit, self._identity, not self._status, codes, self._end)
            expected = self._told.say(_KIND, (self._end, self._status), tier, said)
            if not self._status and office.chance(office.flaws.duplicates):
                self.next(office.later(), self._export)
        return Message(
            facility=visit.hospital.code,
            dialect=DIALECT,
            name=f"{now.astimezone(LOCAL):%Y%m%d%H%M%S}-{visit.number}-{self._exports}.csv",
            payload=history_csv.write([row]),
            expected=(expected,),
            visit=visit.number,
            stands=None if self._wrong else not self._status,
        )
