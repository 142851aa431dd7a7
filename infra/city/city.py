"""The city: an endless stream of messages from its hospitals, the same for the same seed, start and clock."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from heapq import heappop, heappush
from itertools import accumulate
from random import Random
from typing import Any, Final

from infra.city.care import Numbers
from infra.city.flaws import Flaws
from infra.city.hospitals import HOSPITALS, Hospital, register_entry
from infra.city.identity import Desk
from infra.city.message import REFUSED, Message
from infra.city.people import Citizen, People
from infra.city.telling import Office, Telling
from infra.city.telling_csv import CsvTelling
from infra.city.telling_dicom import DicomTelling
from infra.city.telling_fhir import FhirTelling
from infra.city.telling_hl7 import Hl7Telling
from infra.city.telling_xml import XmlTelling
from infra.city.visits import LOCAL, Clinic, Visit

ONLY: Final[dict[str, Callable[[Office, Visit], Telling]]] = {
    "fhir": FhirTelling,
    "dicom": DicomTelling,
    "history_csv": CsvTelling,
}
"""Dialects that a hospital speaks alone; the others have both an HIS of HL7 v2 and insurance XML."""
_NEVER_AGAIN: Final = ("dicom",)
"""An image that comes again while its study is still waited for is part of it, afterwards a message of its own."""
DIALECTS: Final = ("insurance_xml", "hl7v2", *ONLY)


def every(facilities: int) -> dict[str, str]:
    """All dialects among the first so many hospitals: in turn usual, FHIR, DICOM, CSV."""
    turns = ("", *ONLY)
    spoken = {hospital.code: turns[at % len(turns)] for at, hospital in enumerate(HOSPITALS[:facilities])}
    return {code: dialect for code, dialect in spoken.items() if dialect}


class City:
    """`facilities` hospitals (the first ones of the list) and `people` citizens in the registry.

    `start` is aware; running numbers begin with it, so that two runs into one store share no visit number. Raises
    ValueError for a naive `start` or a number of facilities that the list does not have. `dialects` names the hospitals
    that speak one of `ONLY`.
    """

    def __init__(
        self,
        seed: int,
        facilities: int = len(HOSPITALS),
        *,
        start: datetime,
        flaws: Flaws = Flaws(),  # noqa: B008 - frozen
        people: int = 20_000,
        dialects: Mapping[str, str] | None = None,
    ) -> None:
        if start.tzinfo is None:
            raise ValueError("the city's start needs a time zone")
        if not 1 <= facilities <= len(HOSPITALS):
            raise ValueError(f"the city has 1 to {len(HOSPITALS)} hospitals")
        self.hospitals: Final[tuple[Hospital, ...]] = HOSPITALS[:facilities]
        self.start: Final = start.astimezone(LOCAL)
        self.dialects: Final[Mapping[str, str]] = dialects or {}
        self._seed: Final = seed
        self._flaws: Final = flaws
        self._people: Final = People(Random(f"{seed}:people"), self.start.date(), people)

    def registry(self) -> Iterator[Citizen]:
        """Who is in the citizen registry."""
        return iter(self._people.registry.values())

    def register(self) -> list[dict[str, Any]]:
        """The facility register: an entry per hospital."""
        return [register_entry(hospital, self.dialects.get(hospital.code)) for hospital in self.hospitals]

    def messages(self, now: Callable[[], datetime]) -> Iterator[Message]:
        """Endless. `now` gives the (aware) time to stamp and is asked once per message; each call starts afresh."""
        return _Stream(self, self._seed, self._people, self._flaws).run(now)


class _Stream:
    def __init__(self, city: City, seed: int, people: People, flaws: Flaws) -> None:
        self._random: Final = Random(f"{seed}:messages")
        self._flaws: Final = flaws
        self._hospitals: Final = city.hospitals
        self._dialects: Final = city.dialects
        self._weights: Final = list(accumulate(hospital.weight for hospital in city.hospitals))
        numbers, desk = Numbers(city.start), Desk(self._random, people, flaws)
        self._office: Final = Office(self._random, numbers, desk, flaws)
        self._clinic: Final = Clinic(self._random, desk, numbers)
        self._due: list[tuple[int, int, Telling | Message]] = []
        self._sent = 0
        self._pushed = 0

    def run(self, now: Callable[[], datetime]) -> Iterator[Message]:
        while True:
            if not self._due or self._due[0][0] > self._sent:
                self._arrive(now())
            item = heappop(self._due)[2]
            if isinstance(item, Message):
                message = item
            else:
                message = item.tell(now())
                if item.wait is not None:
                    self._push(item.wait, item)
                repeated = message.expected != REFUSED and message.dialect not in _NEVER_AGAIN
                if repeated and self._office.chance(self._flaws.retransmissions):
                    again = replace(message, expected=(), retransmission=True, stands=None)
                    self._push(self._office.later(), again)
            self._sent += 1
            yield message

    def _arrive(self, now: datetime) -> None:
        """Somebody comes to a hospital; one source will tell it, or both."""
        hospital = self._random.choices(self._hospitals, cum_weights=self._weights)[0]
        visit = self._clinic.visit(hospital, now)
        alone = self._dialects.get(hospital.code)
        if alone is not None:
            self._push(0, ONLY[alone](self._office, visit))
            return
        roll, flaws = self._random.random(), self._flaws
        both = roll < flaws.told_by_both
        if both or roll >= flaws.told_by_both + flaws.told_by_xml:
            self._push(0, Hl7Telling(self._office, visit, not both, now))
        if both or roll < flaws.told_by_both + flaws.told_by_xml:
            self._push(self._office.later() if both else 0, XmlTelling(self._office, visit))

    def _push(self, wait: int, item: Telling | Message) -> None:
        self._pushed += 1
        heappush(self._due, (self._sent + wait, self._pushed, item))
