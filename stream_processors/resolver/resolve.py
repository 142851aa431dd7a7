"""Questions -> late links: what was asked lately is remembered, the rest is asked, some at once."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from runtime import telemetry
from runtime.links import Statement
from stream_processors.resolver.cache import Cache
from stream_processors.resolver.population import Person, Refused, Verdict
from stream_processors.resolver.question import Question

RULE: Final = "N1@1"
"""The national service says that the number is this person's."""
KNOWN_SECONDS: Final = 86_400.0
UNKNOWN_SECONDS: Final = 3_600.0
"""Who is not known yet may be known soon: a newborn's number, a number issued anew."""


class Asks(Protocol):
    """`patience.Patient`, or a fake."""

    async def check(self, person: Person) -> Verdict: ...


class Resolver:
    """Remembers verdicts by keyed hash, and which links were told, `size` of each. No value of a person is kept."""

    def __init__(self, asks: Asks, *, at_once: int, size: int) -> None:
        self._asks, self._room = asks, asyncio.Semaphore(at_once)
        self._verdicts: Cache[Verdict | str] = Cache(size)
        self._told: Cache[str] = Cache(size)

    async def __call__(self, questions: Sequence[Question]) -> list[Statement]:
        """The links to tell. Takes as long as the service needs."""
        by_key = {each.key: each for each in questions}
        await asyncio.gather(*(self._answer(each) for each in by_key.values()))
        return list(self._links(questions))

    async def _answer(self, asked: Question) -> None:
        if self._verdicts.get(asked.key) is not None:
            telemetry.RESOLVER.labels("remembered").inc()
            return
        async with self._room:
            try:
                verdict: Verdict | str = await self._asks.check(asked.person)
            except Refused:
                verdict = "refused"
        telemetry.RESOLVER.labels(verdict).inc()
        self._verdicts.put(asked.key, verdict, KNOWN_SECONDS if verdict == "same" else UNKNOWN_SECONDS)

    def _links(self, questions: Iterable[Question]) -> Iterable[Statement]:
        for each in questions:
            patient = each.patient_key.encode()
            if self._verdicts.get(each.key) != "same" or self._told.get(patient) == each.citizen_key:
                continue
            self._told.put(patient, each.citizen_key, KNOWN_SECONDS)
            yield Statement(each.patient_key, each.facility, "link", RULE, each.citizen_key)
