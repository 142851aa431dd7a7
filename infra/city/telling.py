"""A telling: one visit as one source tells it, message after message, and what each part must come to.

The expectation compares what is said now with what was said last of the same document: never told is accepted, the
same again is a duplicate, anything else is amended. What it compares is decided here, before it is written down.
"""

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Final

from infra.city.care import Numbers
from infra.city.flaws import Flaws
from infra.city.identity import Desk, Identity
from infra.city.message import ACCEPTED, AMENDED, DUPLICATE, Expected, Message, Said

Step = Callable[[datetime], Message]


class Told:
    """What this source last said of each of its documents."""

    __slots__ = ("_content", "_said")

    def __init__(self) -> None:
        self._content: dict[str, Hashable] = {}
        self._said: dict[str, Said] = {}

    def __contains__(self, document: str) -> bool:
        return document in self._said

    def say(self, kind: str, content: Hashable, tier: str, said: Said) -> Expected:
        document = said.document
        known, last = document in self._said, self._content.get(document)
        self._content[document], self._said[document] = content, said
        if not known:
            return Expected(kind, ACCEPTED, tier, said)
        return Expected(kind, DUPLICATE, None, said) if last == content else Expected(kind, AMENDED, tier, said)

    def withdraw(self, document: str, kind: str, tier: str) -> Expected:
        """The document is no longer there: a cancellation. From now on it is as if never told."""
        del self._content[document]
        return Expected(kind, AMENDED, tier, replace(self._said.pop(document), active=False))

    def documents(self) -> list[str]:
        return list(self._said)


class Office:
    """What all tellings share: chance, running numbers, the desk that knows the registry, the flaws."""

    __slots__ = ("desk", "flaws", "numbers", "random")

    def __init__(self, random: Random, numbers: Numbers, desk: Desk, flaws: Flaws) -> None:
        self.random: Final = random
        self.numbers: Final = numbers
        self.desk: Final = desk
        self.flaws: Final = flaws

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def soon(self) -> int:
        """Messages of the city to let pass before the next step of a visit."""
        return 3 + int(self.random.random() * 30)

    def later(self) -> int:
        """As `soon`, for a correction or a repeat."""
        return 20 + int(self.random.random() * 120)


class Telling:
    """Steps in their order, each with the number of the city's messages to wait for it."""

    def __init__(self) -> None:
        self._steps: deque[tuple[int, Step]] = deque()

    def then(self, wait: int, step: Step) -> None:
        self._steps.append((wait, step))

    def next(self, wait: int, step: Step) -> None:
        """Before the steps that already wait."""
        self._steps.appendleft((wait, step))

    @property
    def wait(self) -> int | None:
        """How long until the next step; None when all is told."""
        return self._steps[0][0] if self._steps else None

    def tell(self, now: datetime) -> Message:
        _, step = self._steps.popleft()
        return step(now)


def known(identity: Identity) -> Identity:
    """As formats write it that have whole birth dates only: of whom the year alone is known they carry no number."""
    return replace(identity, number="") if identity.birth[4:8] == "0000" else identity
