"""How a patient presents at the desk: with or without a number, unknown, or under another's number."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from infra.city.flaws import Flaws
from infra.city.names import full_name
from infra.city.people import People, Person, tier


@dataclass(frozen=True, slots=True)
class Identity:
    """What a message says of the patient. `name` is canonical (before respelling); `birth` `yyyymmddHHMM` with zeros
    for what is unknown; `number` and `card` may be empty."""

    name: str = field(repr=False)
    number: str = field(repr=False)
    birth: str = field(repr=False)
    sex: str = field(repr=False)
    card: str = field(repr=False)
    phone: str = field(repr=False)
    street: str = field(repr=False)
    commune: tuple[str, str] = field(repr=False)
    patient_number: str = field(repr=False)
    age: int = field(repr=False)
    occupation: str = field(repr=False)
    ethnicity: str = field(repr=False)

    @property
    def address(self) -> str:
        return f"{self.street}, {self.commune[1]}, Thành phố Hà Nội"


_HANOI: Final = ("00070", "Phường Hoàn Kiếm")


class Desk:
    """Registers who comes in. Draws from the city's people in the shares of `Flaws`."""

    def __init__(self, random: Random, people: People, flaws: Flaws) -> None:
        self._random = random
        self._people = people
        self._flaws = flaws
        self._unknown = 0

    def tier(self, identity: Identity) -> str:
        return tier(self._people.registry, identity.number, identity.name, identity.birth)

    def arrive(self, ages: tuple[int, int], sex: str, now: datetime) -> Identity:
        """Somebody whom the disease fits, as far as a few looks into the crowd find one."""
        random, flaws = self._random, self._flaws
        if random.random() < flaws.unregistered:
            if random.random() < 0.35:
                return self._nobody(now)
            return self._present(*self._find(self._people.strangers, ages, sex), len(self._people.registered))
        person, index = self._find(self._people.registered, ages, sex)
        shown = self._present(person, index, 0)
        roll = random.random()
        if roll < flaws.no_number:
            return _numbered(shown, "")
        if roll < flaws.no_number + flaws.other_number:
            return _numbered(shown, self._other(person))
        return shown

    def wrong(self, identity: Identity) -> Identity:
        """The same patient with a number that will be corrected later: missing, mistyped, or another's."""
        roll = self._random.random()
        if roll < 0.5 or not identity.number:
            return _numbered(identity, "")
        if roll < 0.8:
            at = self._random.randrange(6, 12)
            digit = (int(identity.number[at]) + self._random.randrange(1, 10)) % 10
            return _numbered(identity, f"{identity.number[:at]}{digit}{identity.number[at + 1 :]}")
        return _numbered(identity, self._random.choice(self._people.registered).citizen.number)

    def malformed(self, identity: Identity) -> Identity:
        """A number of bad form, as typed at a busy desk."""
        number = identity.number or "001099000000"
        return _numbered(identity, self._random.choice((number[:-1], f"{number[:3]} {number[3:]}", f"{number}0", "0")))

    def _find(self, people: list[Person], ages: tuple[int, int], sex: str) -> tuple[Person, int]:
        low, high = ages
        random, size = self._random, len(people)
        for _ in range(40):
            index = int(random.random() * size)
            person = people[index]
            if low <= person.age <= high and (not sex or person.citizen.sex == sex):
                break
        return person, index

    def _present(self, person: Person, index: int, offset: int) -> Identity:
        citizen = person.citizen
        year_only = person.age > 50 and self._random.random() < 0.05
        return Identity(
            name=citizen.full_name,
            number=citizen.number,
            birth=f"{citizen.birth[:4]}00000000" if year_only else f"{citizen.birth}0000",
            sex=citizen.sex,
            card=person.card,
            phone=person.phone,
            street=person.street,
            commune=person.commune,
            patient_number=f"BN{offset + index:08d}",
            age=person.age,
            occupation=person.occupation,
            ethnicity=person.ethnicity,
        )

    def _other(self, person: Person) -> str:
        """A number of the registry that belongs to another name."""
        while True:
            citizen = self._random.choice(self._people.registered).citizen
            if citizen.full_name != person.citizen.full_name:
                return citizen.number

    def _nobody(self, now: datetime) -> Identity:
        """An unnamed newborn, or an emergency whom nobody knows."""
        self._unknown += 1
        random = self._random
        number = f"VD-{now:%Y%m%d}-{self._unknown:05d}"
        if random.random() < 0.7:
            born = now - timedelta(minutes=random.randrange(600, 12_000))
            mother = full_name(random, "2")
            return Identity(f"Con bà {mother}", "", f"{born:%Y%m%d%H%M}", random.choice("12"), "", "", "Thôn Trung",
                            _HANOI, number, 0, "00000", "01")  # fmt: skip
        year = now.year - random.randrange(20, 80)
        return Identity("Không rõ họ tên", "", f"{year}00000000", random.choice("123"), "", "", "Không rõ", _HANOI,
                        number, now.year - year, "00000", "56")  # fmt: skip


def _numbered(identity: Identity, number: str) -> Identity:
    return Identity(
        identity.name, number, identity.birth, identity.sex, identity.card, identity.phone, identity.street,
        identity.commune, identity.patient_number, identity.age, identity.occupation, identity.ethnicity,
    )  # fmt: skip
