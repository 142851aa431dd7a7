"""Precision and recall of identification, by tier: a made-up city whose patients present with known flaws.

The generator is the simulated city's (names by real frequency, spellings of hospital software); it shares no code with
the matcher, least of all how names are normalised. What the shares below mean is what is measured: real hospitals may
be better or worse.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Any, Final

from infra.city.names import respelled
from infra.city.people import People, Person
from stream_processors import citizens, identify

KEY: Final = b"evaluation of identification ..."
TODAY: Final = date(2026, 5, 28)


@dataclass(frozen=True, slots=True)
class Shares:
    """Of events: `unregistered`, `no_number`, `wrong_digit`, `other_card`, `name_changed` (a word missing or moved),
    `year_only`. Of people: `twins` (pairs born on one day), of whose events a third give no name of their own."""

    unregistered: float = 0.10
    no_number: float = 0.25
    wrong_digit: float = 0.03
    other_card: float = 0.005
    name_changed: float = 0.04
    year_only: float = 0.06
    twins: float = 0.01


@dataclass(frozen=True, slots=True)
class Event:
    """What a hospital says, and who it is: `truth` is the number of a registered citizen, None for a stranger."""

    said: dict[str, str | None] = field(repr=False)
    truth: str | None = field(repr=False)


@dataclass(slots=True)
class Report:
    """Counts of events. `tiers`: tier -> (all, rightly linked, wrongly linked)."""

    registered: int = 0
    strangers: int = 0
    strangers_linked: int = 0
    tiers: dict[str, list[int]] = field(default_factory=dict)
    rules: dict[str, list[int]] = field(default_factory=dict)

    def enter(self, event: Event, found: identify.Identity, right: bool) -> None:
        linked = found.citizen_key is not None
        for table, name in ((self.tiers, found.tier), (self.rules, found.rule.partition("@")[0])):
            row = table.setdefault(name, [0, 0, 0])
            row[0] += 1
            row[1] += linked and right
            row[2] += linked and not right
        if event.truth is None:
            self.strangers += 1
            self.strangers_linked += linked
        else:
            self.registered += 1

    def figures(self) -> dict[str, float]:
        """Precision: of links, the share that is right. Recall: of events of registered people, those rightly linked.
        `strangers_left_alone`: of events of people not in the registry, those linked to nobody."""
        right, wrong = (sum(row[at] for row in self.tiers.values()) for at in (1, 2))
        figures = {
            f"precision_{tier}": row[1] / (row[1] + row[2]) for tier, row in self.tiers.items() if row[1] + row[2]
        }
        return figures | {
            "precision": right / (right + wrong) if right + wrong else 0.0,
            "recall": right / self.registered if self.registered else 0.0,
            "strangers_left_alone": 1 - self.strangers_linked / self.strangers if self.strangers else 1.0,
        }


TARGETS: Final = {"precision_verified": 0.999, "precision": 0.98, "strangers_left_alone": 0.97, "recall": 0.95}


class Town:
    """People, a registry of them (hashes), and events of theirs. The same for the same seed."""

    def __init__(self, size: int, shares: Shares = Shares(), seed: int = 1) -> None:
        self._random = Random(seed)
        self._shares = shares
        people = People(Random(f"{seed}:people"), TODAY, size)
        self.registered: Final = self._with_twins(people.registered)
        self.strangers: Final = people.strangers
        self._twins = (
            {person.citizen.number for person in self.registered[:: max(1, round(1 / shares.twins))]}
            if shares.twins
            else set()
        )
        self.registry: Final[dict[bytes, bytes]] = {}

    def _with_twins(self, people: list[Person]) -> list[Person]:
        """Every so many a pair: the second one gets the day of birth and the family name of the first."""
        every = round(2 / self._shares.twins) if self._shares.twins else len(people) + 1
        made = list(people)
        for at in range(0, len(made) - 1, every):
            first, second = made[at].citizen, made[at + 1].citizen
            _, *others = second.full_name.split(" ")
            name = " ".join((first.full_name.split(" ")[0], *others))
            made[at + 1] = replace(made[at + 1], citizen=replace(second, full_name=name, birth=first.birth))
        return made

    def register(self, progress: Callable[[int], Any] = lambda _: None) -> None:
        """Import everybody registered, as the command `identity import` does."""
        for person in self.registered:
            one = person.citizen
            rows = citizens.rows(KEY, citizens.Citizen(one.number, one.full_name, one.birth, one.sex, person.card))
            self.registry.update([rows.entry])
            for key, value in rows.index:
                known = self.registry.get(key, value)
                self.registry[key] = value if known[:16] == value[:16] else identify.AMBIGUOUS
            progress(1)

    def events(self, count: int) -> Iterator[Event]:
        """What hospitals say of people drawn at random."""
        for _ in range(count):
            stranger = self._random.random() < self._shares.unregistered
            yield self._event(self._random.choice(self.strangers if stranger else self.registered), stranger)

    def _event(self, person: Person, stranger: bool) -> Event:
        random, shares, one = self._random, self._shares, person.citizen
        number: str | None = one.number
        if random.random() < shares.no_number:
            number = None
        elif random.random() < shares.wrong_digit:
            number = _mistyped(random, one.number)
        name = _changed(random, one.full_name) if random.random() < shares.name_changed else one.full_name
        if one.number in self._twins and random.random() < 1 / 3:
            name, number = f"Con bà {random.choice(self.registered).citizen.full_name}", None
        card = random.choice(self.registered).card if random.random() < shares.other_card else person.card
        birth = f"{one.birth[:4]}00000000" if random.random() < shares.year_only else f"{one.birth}0000"
        said = {"citizen_id": number, "full_name": respelled(random, name), "birth": birth, "cards": card or None}
        return Event(said, None if stranger else one.number)

    def decide(self, event: Event) -> identify.Identity:
        """As a worker decides."""
        return identify.decide(KEY, identify.ask(KEY, event.said), self.registry)


def _mistyped(random: Random, number: str) -> str:
    at = random.randrange(len(number))
    return f"{number[:at]}{(int(number[at]) + random.randrange(1, 10)) % 10}{number[at + 1 :]}"


def _changed(random: Random, name: str) -> str:
    parts = name.split(" ")
    at = random.randrange(len(parts))
    if random.random() < 0.5 and len(parts) > 2:
        return " ".join(parts[:at] + parts[at + 1 :])
    other = (at + 1) % len(parts)
    parts[at], parts[other] = parts[other], parts[at]
    return " ".join(parts)


def evaluate(town: Town, count: int, progress: Callable[[int], Any] = lambda _: None) -> Report:
    """Decide `count` events and compare with the truth."""
    report = Report()
    for event in town.events(count):
        found = town.decide(event)
        truth = identify.hashed(KEY, b"citizen_key", event.truth, 16).hex() if event.truth else ""
        report.enter(event, found, found.citizen_key == truth)
        progress(1)
    return report
