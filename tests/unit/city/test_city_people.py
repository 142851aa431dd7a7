"""People: who they are in the registry, and what identification must say of them."""

from collections import Counter
from datetime import date, datetime
from itertools import islice
from random import Random

from infra.city.city import City
from infra.city.people import Citizen, People, tier
from infra.city.visits import LOCAL

LAN = Citizen("001190000001", "Nguyễn Thị Lan", "19900203", "2")
REGISTRY = {LAN.number: LAN}


def test_tiers() -> None:
    assert "verified" == tier(REGISTRY, LAN.number, LAN.full_name, "199002030000")
    assert "verified" == tier(REGISTRY, LAN.number, LAN.full_name, "199000000000")
    assert "conflict" == tier(REGISTRY, LAN.number, LAN.full_name, "199002040000")
    assert "conflict" == tier(REGISTRY, LAN.number, LAN.full_name, "199100000000")
    assert "conflict" == tier(REGISTRY, LAN.number, "Trần Thị Lan", "199002030000")
    assert "unmatched" == tier(REGISTRY, "", LAN.full_name, "199002030000")
    assert "unmatched" == tier(REGISTRY, "001190000002", LAN.full_name, "199002030000")


def test_no_two_registered_people_share_a_number_and_strangers_are_not_in_the_registry() -> None:
    people = People(Random(1), date(2026, 11, 24), 3_000)
    assert 3_000 == len(people.registry) == len(people.registered)
    assert all(person.citizen.number not in people.registry for person in people.strangers)


def test_the_commonest_family_name_is_nguyen() -> None:
    people = People(Random(1), date(2026, 11, 24), 3_000)
    families = Counter(citizen.full_name.split()[0] for citizen in people.registry.values())
    assert "Nguyễn" == families.most_common(1)[0][0]
    assert 0.25 < families["Nguyễn"] / 3_000 < 0.4


def test_nothing_of_a_patient_is_in_a_repr() -> None:
    city = City(1, 2, start=datetime(2026, 11, 24, 9, 30, tzinfo=LOCAL), people=200)
    citizens = list(city.registry())
    shown = " ".join(repr(citizen) for citizen in citizens)
    shown += " ".join(repr(message) for message in islice(city.messages(lambda: city.start), 100))
    assert not any(citizen.number in shown or citizen.full_name in shown for citizen in citizens)
