"""One chunk's way: pure functions around one question to Redis.

records -> receive -> validate -> [claim and look up] -> enrich -> records to produce
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from runtime import telemetry
from runtime.clock import now_ms
from runtime.keyring import Keyring, KeyringError
from schemas import topics
from stream_processors import account, claims, codes, enrich, identify
from stream_processors.account import Produced
from stream_processors.lookup import NOTHING, Answers, Lookup
from stream_processors.receive import Opened, Rejected, Source, receive
from stream_processors.rules import BOOK, Rulebook
from stream_processors.validate import validate


@dataclass(slots=True)
class Checked:
    """An opened document that no rule blocks, and what is to be asked for it."""

    opened: Opened
    quality: Sequence[str]
    asked: identify.Asked
    codes: Sequence[codes.Wanted]
    document_date: int


Step = Checked | Rejected

Question = tuple[list[bytes], bytes, list[bytes], list[tuple[bytes, bytes]]]
"""What a chunk asks of Redis: the arguments of `Lookup.claim_and_find`."""


@dataclass(frozen=True, slots=True)
class House:
    """What every document is checked with."""

    keyring: Keyring = field(repr=False)
    citizen: bytes = field(repr=False)
    limit: int
    rules: Rulebook = BOOK


def check(source: Source, house: House, code_maps: frozenset[bytes]) -> Step:
    """Everything that can be said of one record alone."""
    opened = receive(source, house.keyring, house.limit)
    if isinstance(opened, Rejected):
        return opened
    event = opened.event
    verdict = validate(event, opened.identity, opened.narrative, house.rules)
    if verdict.failures:
        for rule, mode, _ in verdict.failures:
            telemetry.RULES.labels(rule, mode).inc()
        if verdict.blocking:
            rules = (*verdict.blocking, *verdict.quality)
            return Rejected(source, "rule", verdict.place, rules=rules, event=event)
    asked = identify.ask(house.citizen, opened.identity)
    return Checked(opened, verdict.quality, asked, codes.wanted(event, code_maps), enrich.document_date(event))


class Pipeline:
    """Turns the records of a chunk into the records to produce. Holds no state between chunks."""

    def __init__(
        self,
        keyring: Keyring,
        store: Lookup,
        worker: str,
        limit: int,
        clock: Callable[[], int] = now_ms,
        rules: Rulebook = BOOK,
    ) -> None:
        if keyring.citizen is None:
            raise KeyringError("a worker needs the city's keyring: the citizen key is missing")
        self._house = House(keyring, keyring.citizen, limit, rules)
        self._store, self._worker, self._clock = store, worker, clock

    async def __call__(self, sources: Sequence[Source]) -> list[Produced]:
        """Each record's outcome, and what goes on: to `accepted`, `rejected` and `outcomes`."""
        started = time.perf_counter()
        maps = self._store.code_maps
        steps, asked = self._check(sources, maps)
        telemetry.CHUNK_SECONDS.labels("check").observe(time.perf_counter() - started)
        started = time.perf_counter()
        answers = NOTHING if asked is None else await self._store.claim_and_find(*asked)
        telemetry.CHUNK_SECONDS.labels("claim").observe(time.perf_counter() - started)
        started = time.perf_counter()
        produced = self._finish(steps, answers)
        telemetry.CHUNK_SECONDS.labels("enrich").observe(time.perf_counter() - started)
        return produced

    def _check(self, sources: Sequence[Source], maps: frozenset[bytes]) -> tuple[list[Step], Question | None]:
        """What becomes of each record as far as it alone can say, and what is to be asked for those that go on."""
        steps = [check(source, self._house, maps) for source in sources]
        checked = [step for step in steps if isinstance(step, Checked)]
        return steps, self._question(checked, maps) if checked else None

    def _question(self, checked: Sequence[Checked], maps: frozenset[bytes]) -> Question:
        keys = [claims.key(step.opened.event) for step in checked]
        live = self._store.claim_seconds
        events = [(step.opened.event, step.document_date) for step in checked]
        asked = b"".join([claims.ask(event, day, claims.seconds(event, live)) for event, day in events])
        persons = dict.fromkeys(key for step in checked for key in step.asked.keys)
        places = dict.fromkeys(
            place
            for step in checked
            if step.codes
            for place in codes.asked_of(step.opened.event["facility"], step.codes, maps)
        )
        return keys, asked, list(persons), list(places)

    def _finish(self, steps: Sequence[Step], answers: Answers) -> list[Produced]:
        now = self._clock()
        produced: list[Produced] = []
        runs: dict[tuple[str, int], list[tuple[Source, dict[str, Any] | None, str]]] = {}
        given = iter(answers.claims)
        for step in steps:
            if isinstance(step, Rejected):
                source, event, outcome = step.source, step.event, "rejected"
                produced.append(account.rejection(step, self._house.keyring, self._house.limit, now))
                telemetry.REJECTIONS.labels("worker", step.reason).inc()
            else:
                claim = next(given)
                source, event, outcome = step.opened.source, step.opened.event, claim.outcome
                if outcome != "duplicate":
                    produced.append(self._accepted(step, claim, answers, now))
            runs.setdefault((source.topic, source.partition), []).append((source, event, outcome))
        for (topic, _), run in runs.items():
            produced.append(account.outcomes(self._worker, run, now))
            kind = topics.kind_of(topic)
            for outcome, count in Counter(outcome for _, _, outcome in run).items():
                telemetry.PARTS.labels(kind, outcome).inc(count)
            for (facility, outcome), count in Counter((self._facility(event), o) for _, event, o in run).items():
                telemetry.FACILITY_PARTS.labels(facility, outcome).inc(count)
        return produced

    def _facility(self, event: dict[str, Any] | None) -> str:
        """For a metric: one that the keyring knows. A header that is refused may say anything."""
        facility = event["facility"] if event else ""
        return facility if facility in self._house.keyring.pseudonym else "unknown"

    def _accepted(self, step: Checked, claim: claims.Claim, answers: Answers, now: int) -> Produced:
        identity = identify.decide(self._house.citizen, step.asked, answers.persons)
        mapped: Sequence[dict[str, str]] = ()
        if step.codes:
            mapped = codes.mapped(step.opened.event["facility"], step.codes, answers.codes, claim.document_date)
        return enrich.accepted(step.opened, claim, identity, step.quality, mapped, now)
