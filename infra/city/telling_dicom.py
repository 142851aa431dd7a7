"""A visit told by a PACS: one study of one image, never corrected.

An adapter waits until nothing new comes for a study, so what comes of a later correction would depend on the clock; the
city decides only what it can know. Most visits have no image taken: for a PACS alone in the demo they have one.
"""

from datetime import datetime

from infra.city.care import stamp
from infra.city.dicom import Exam, instance
from infra.city.message import ACCEPTED, REFUSED, Expected, Message, Said
from infra.city.names import respelled
from infra.city.services import SERVICES
from infra.city.telling import Office, Telling, known
from infra.city.visits import Visit

DIALECT = "dicom"


class DicomTelling(Telling):
    def __init__(self, office: Office, visit: Visit) -> None:
        super().__init__()
        self._office, self._visit = office, visit
        self._broken = office.chance(office.flaws.malformed)
        taken = next((line for line in visit.services if line.service.group == 2), None)
        chosen = taken.service if taken else SERVICES[office.random.choice(("XRAY", "USABD", "CT"))]
        at = taken.performed if taken else stamp(visit.arrival)
        uid = f"2.25.{office.random.getrandbits(100)}"
        self._exam = Exam(chosen, at, uid, office.numbers.next(f"{visit.hospital.code} RIS"))
        self.then(0, self._store)

    def _store(self, now: datetime) -> Message:  # noqa: ARG002 - a step
        office, visit = self._office, self._visit
        identity = known(visit.identity)
        payload = instance(self._exam, visit, identity, respelled(office.random, identity.name))
        if self._broken:
            payload = payload[: 200 + int(office.random.random() * 100)]
        tier = office.desk.tier(identity)
        said = Said("PACS", self._exam.uid, visit, identity)
        expected = REFUSED if self._broken else (Expected("imaging", ACCEPTED, tier, said),)
        name = f"{visit.hospital.code}-{self._exam.modality}{self._exam.accession}.dcm"
        return Message(visit.hospital.code, DIALECT, name, payload, expected, visit=visit.number)
