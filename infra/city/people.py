"""The people of the city and what a hospital knows of them.

All of it is invented. A CCCD has the form of a real one (`0`, one of the 63 province codes, sex and century, year,
six random digits); the digits are drawn at random, and any likeness to a real person's number is chance.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Final

from infra.city.names import Weighted, full_name
from schemas.codes import PROVINCES_63


@dataclass(frozen=True, slots=True)
class Citizen:
    """A line of the citizen registry. `birth` is `yyyymmdd`."""

    number: str = field(repr=False)
    full_name: str = field(repr=False)
    birth: str = field(repr=False)
    sex: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Who comes to a hospital. `card` is empty for the uninsured; `age` in whole years at the city's start."""

    citizen: Citizen = field(repr=False)
    registered: bool
    age: int = field(repr=False)
    card: str = field(repr=False)
    phone: str = field(repr=False)
    street: str = field(repr=False)
    commune: tuple[str, str] = field(repr=False)
    occupation: str = field(repr=False)
    ethnicity: str = field(repr=False)


_PROVINCES: Final = Weighted({code: 60.0 if code == "01" else 1.0 for code in PROVINCES_63})
_AGES: Final = Weighted(
    {(0, 1): 3.0, (1, 6): 11.0, (6, 15): 8.0, (15, 30): 15.0, (30, 45): 17.0, (45, 60): 18.0, (60, 75): 19.0,
     (75, 96): 9.0}
)  # fmt: skip
_COMMUNES: Final = (
    ("00070", "Phường Hoàn Kiếm"), ("00082", "Phường Cửa Nam"), ("00004", "Phường Ba Đình"),
    ("00008", "Phường Ngọc Hà"), ("00025", "Phường Giảng Võ"), ("00256", "Phường Hai Bà Trưng"),
    ("00283", "Phường Vĩnh Tuy"), ("00292", "Phường Bạch Mai"), ("00235", "Phường Đống Đa"),
    ("00229", "Phường Kim Liên"), ("00190", "Phường Láng"), ("00226", "Phường Ô Chợ Dừa"),
    ("00167", "Phường Cầu Giấy"), ("00160", "Phường Nghĩa Đô"), ("00175", "Phường Yên Hòa"),
    ("00367", "Phường Thanh Xuân"), ("00352", "Phường Khương Đình"), ("00145", "Phường Long Biên"),
    ("09556", "Phường Hà Đông"), ("09574", "Phường Sơn Tây"), ("00376", "Xã Sóc Sơn"), ("00454", "Xã Đông Anh"),
    ("00565", "Xã Gia Lâm"), ("00640", "Xã Thanh Trì"), ("09619", "Xã Quảng Oai"), ("09715", "Xã Phúc Thọ"),
    ("09784", "Xã Đan Phượng"), ("09832", "Xã Hoài Đức"), ("09895", "Xã Quốc Oai"), ("09955", "Xã Thạch Thất"),
    ("10015", "Xã Chương Mỹ"), ("10114", "Xã Thanh Oai"), ("10183", "Xã Thường Tín"), ("10273", "Xã Phú Xuyên"),
    ("10354", "Xã Vân Đình"), ("10441", "Xã Mỹ Đức"), ("08973", "Xã Mê Linh"),
)  # fmt: skip
"""Communes of Hanoi; the codes have the right form, their agreement with the list in force is not claimed."""
_STREETS: Final = (
    "Trần Phú", "Lý Thường Kiệt", "Hai Bà Trưng", "Nguyễn Trãi", "Quang Trung", "Lê Lợi", "Trần Hưng Đạo",
    "Nguyễn Văn Cừ", "Giải Phóng", "Láng Hạ", "Kim Mã", "Phố Huế", "Thôn Đông", "Thôn Trung", "Thôn Hạ", "Thôn Đoài",
)  # fmt: skip
_OCCUPATIONS: Final = ("00000", "21000", "51000", "61000", "71000", "83000", "91000", "96000")
_PHONES: Final = ("032", "035", "038", "070", "077", "083", "086", "091", "094", "097", "098")


def number(random: Random, birth: date, sex: str) -> str:
    """A CCCD of valid form (vn-CCCD: province, sex and century, year, six digits; there is no checksum)."""
    century = (birth.year // 100 - 19) * 2 + (1 if sex == "2" else 0)
    return f"0{_PROVINCES.draw(random)}{century}{birth.year % 100:02d}{random.randrange(1_000_000):06d}"


def _group(random: Random, age: int) -> str:
    """Card group and benefit: children 100 %, the poor 100 %, pensioners 95 %, the rest 80 %."""
    if age < 6:
        return "TE1"
    if age < 23:
        return "HS4" if age < 18 else "SV4"
    if age >= 60:
        return random.choices(("HT3", "BT2", "GD4"), (5, 2, 3))[0]
    return random.choices(("DN4", "GD4", "HC4", "HN2", "CN3", "DT2"), (45, 32, 9, 5, 6, 3))[0]


def person(random: Random, today: date, registered: bool) -> Person:
    """One made-up person; ages follow who goes to hospital rather than who lives."""
    low, high = _AGES.draw(random)
    born = today - timedelta(days=random.randrange(max(40, int(low * 365.25)), int(high * 365.25)))
    sex = "2" if random.random() < 0.53 else "1"
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    insured = random.random() < 0.9
    return Person(
        citizen=Citizen(number(random, born, sex), full_name(random, sex), f"{born:%Y%m%d}", sex),
        registered=registered,
        age=age,
        card=f"{_group(random, age)}01{random.randrange(10**10):010d}" if insured else "",
        phone=f"{random.choice(_PHONES)}{random.randrange(10**7):07d}" if random.random() < 0.85 else "",
        street=f"Số {random.randrange(1, 400)} {random.choice(_STREETS)}",
        commune=random.choice(_COMMUNES),
        occupation=_OCCUPATIONS[0] if age < 15 else random.choice(_OCCUPATIONS),
        ethnicity="01" if random.random() < 0.97 else random.choice(("02", "03", "05", "13")),
    )


class People:
    """The registered and the unregistered people of a city. No two share a number."""

    def __init__(self, random: Random, today: date, size: int) -> None:
        self.registry: Final[dict[str, Citizen]] = {}
        self.registered: Final = self._fill(random, today, size, registered=True)
        self.strangers: Final = self._fill(random, today, max(1, size // 10), registered=False)

    def _fill(self, random: Random, today: date, size: int, *, registered: bool) -> list[Person]:
        found: list[Person] = []
        while len(found) < size:
            one = person(random, today, registered)
            if one.citizen.number in self.registry:
                continue
            found.append(one)
            if registered:
                self.registry[one.citizen.number] = one.citizen
        return found


def tier(registry: Mapping[str, Citizen], number: str, name: str, birth: str) -> str:
    """What identification must say. `name` is the person's name before any respelling; `birth` as the message has it.

    `verified`: number found, name and birth agree (the year alone where day and month are unknown); `conflict`: found,
    but another person; `unmatched`: no number, of bad form, or not in the registry.
    """
    citizen = registry.get(number)
    if citizen is None:
        return "unmatched"
    known = birth[:8] if len(birth) >= 8 and birth[4:8] != "0000" else birth[:4]
    return "verified" if name == citizen.full_name and citizen.birth.startswith(known) else "conflict"
