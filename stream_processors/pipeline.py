"""One chunk's way: pure functions around one question to Redis.

records -> receive -> validate -> [claim and look up] -> enrich -> records to produce
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from runtime import telemetry
from runtime.clock import now_ms
from runtime.keyring import Keyring, KeyringError
from stream_processors import account, claims, enrich, identify
from stream_processors.account import Produced
from stream_processors.receive import Opened, Rejected, Source, receive
from stream_processors.validate import validate


class Claims(Protocol):
    """What the pipeline asks of Redis (`stores.Store`, or a fake)."""

    async def claim_and_find(
        self, keys: Sequence[bytes], asked: bytes, citizens: Sequence[bytes]
    ) -> tuple[Sequence[claims.Claim], list[bytes | None]]: ...


@dataclass(frozen=True, slots=True)
class Checked:
    """An opened document that no rule blocks, and what is to be asked for it."""

    opened: Opened
    quality: tuple[str, ...]
    asked: identify.Asked
    document_date: int


Step = Checked | Rejected


def check(source: Source, keyring: Keyring, citizen_key: bytes, limit: int) -> Step:
    """Everything that can be said of one record alone."""
    opened = receive(source, keyring, limit)
    if isinstance(opened, Rejected):
        return opened
    verdict = validate(opened.event, opened.identity, opened.narrative)
    if verdict.blocking:
        rules = (*verdict.blocking, *verdict.quality)
        return Rejected(source, "rule", verdict.place, rules=rules, event=opened.event)
    asked = identify.ask(citizen_key, opened.identity)
    return Checked(opened, verdict.quality, asked, enrich.document_date(opened.event))


class Pipeline:
    """Turns the records of a chunk into the records to produce. Holds no state between chunks."""

    def __init__(
        self, keyring: Keyring, store: Claims, worker: str, limit: int, clock: Callable[[], int] = now_ms
    ) -> None:
        if keyring.citizen is None:
            raise KeyringError("a worker needs the city's keyring: the citizen key is missing")
        self._keyring, self._citizen, self._store = keyring, keyring.citizen, store
        self._worker, self._limit, self._clock = worker, limit, clock

    async def __call__(self, sources: Sequence[Source]) -> list[Produced]:
        started = time.perf_counter()
        steps = [check(source, self._keyring, self._citizen, self._limit) for source in sources]
        telemetry.CHUNK_SECONDS.labels("check").observe(time.perf_counter() - started)
        started = time.perf_counter()
        checked = [step for step in steps if isinstance(step, Checked)]
        answers, found = await self._ask(checked)
        telemetry.CHUNK_SECONDS.labels("claim").observe(time.perf_counter() - started)
        started = time.perf_counter()
        produced = self._finish(steps, iter(zip(answers, found, strict=True)))
        telemetry.CHUNK_SECONDS.labels("enrich").observe(time.perf_counter() - started)
        return produced

    async def _ask(self, checked: Sequence[Checked]) -> tuple[Sequence[claims.Claim], list[bytes | None]]:
        if not checked:
            return [], []
        keys = [claims.key(step.opened.event) for step in checked]
        asked = b"".join(claims.ask(step.opened.event, step.document_date) for step in checked)
        numbers = list({step.asked.number: None for step in checked if step.asked.number is not None})
        answers, entries = await self._store.claim_and_find(keys, asked, numbers)
        known = dict(zip(numbers, entries, strict=True))
        return answers, [known.get(step.asked.number) if step.asked.number else None for step in checked]

    def _finish(self, steps: Sequence[Step], answers: Any) -> list[Produced]:
        now = self._clock()
        produced: list[Produced] = []
        runs: dict[tuple[str, int], list[tuple[Source, dict[str, Any] | None, str]]] = {}
        for step in steps:
            if isinstance(step, Rejected):
                source, event, outcome = step.source, step.event, "rejected"
                produced.append(account.rejection(step, self._keyring, self._limit, now))
                telemetry.REJECTIONS.labels("worker", step.reason).inc()
            else:
                claim, entry = next(answers)
                source, event, outcome = step.opened.source, step.opened.event, claim.outcome
                if outcome != "duplicate":
                    identity = identify.decide(step.asked, entry)
                    produced.append(enrich.accepted(step.opened, claim, identity, step.quality, now))
            runs.setdefault((source.topic, source.partition), []).append((source, event, outcome))
        for (topic, _), run in runs.items():
            produced.append(account.outcomes(self._worker, run, now))
            kind = topic.partition(".")[2]
            for outcome in {outcome for _, _, outcome in run}:
                telemetry.PARTS.labels(kind, outcome).inc(sum(1 for _, _, o in run if o == outcome))
        return produced
