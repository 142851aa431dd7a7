"""The role `livingdata identity resolver`: accepted.* -> the population service -> identity.links.

A consumer group of its own, so it is in nobody's way: where the service is slow or away it falls behind and catches up.
The position is committed after the broker has the links. It keeps its place in the group while it waits.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

from confluent_kafka import KafkaException

from runtime import kafka, keyring, logs, loop, telemetry
from runtime.clock import now_ms
from runtime.links import NotDelivered, Statement, Teller
from runtime.settings import ResolverSettings, SettingsError
from schemas import topics
from schemas.kinds import KINDS, RESTRICTED
from stream_processors.resolver.breaker import Breaker
from stream_processors.resolver.client import HttpPopulation
from stream_processors.resolver.patience import Patient
from stream_processors.resolver.question import Question, question
from stream_processors.resolver.resolve import Resolver

TOPICS: Final = [topics.accepted(kind) for kind in KINDS if kind not in RESTRICTED]
_POLL_SECONDS: Final = 0.5
_PAUSE_SECONDS: Final = 2.0

log = logs.get("resolver")

Ask = Callable[[Any], Question | None]
Tell = Callable[[Sequence[Statement]], None]


class Loop:
    """Read, ask, tell, commit. `reader` is a `confluent_kafka.Consumer`, or a fake."""

    def __init__(
        self,
        reader: Any,
        ask: Ask,
        resolve: Callable[[Sequence[Question]], Awaitable[list[Statement]]],
        tell: Tell,
        batch: int,
    ) -> None:
        self._reader, self._ask, self._resolve, self._tell, self._batch = reader, ask, resolve, tell, batch
        self._held: list[Any] = []

    async def run(self, stopped: Callable[[], bool], on_ready: Callable[[], None] | None = None) -> None:
        """Until `stopped`; what is in hand then is not committed and read again."""
        try:
            while not stopped():
                if on_ready is not None and self._reader.assignment():
                    on_ready()
                    on_ready = None
                await self._turn(stopped)
                telemetry.PROGRESS.labels("resolver").set(now_ms() / 1000)
        finally:
            await asyncio.to_thread(self._reader.close)

    async def _turn(self, stopped: Callable[[], bool]) -> None:
        taken, self._held = self._held, []
        taken += await asyncio.to_thread(self._reader.consume, self._batch, _POLL_SECONDS)
        messages = [message for message in taken if message.error() is None]
        if not messages:
            if taken:
                await asyncio.sleep(_PAUSE_SECONDS)  # errors only: the client says so itself and mends itself
            return
        questions = [asked for message in messages if (asked := self._ask(message)) is not None]
        work = asyncio.ensure_future(self._answer(questions))
        if await self._wait(work, stopped):
            await asyncio.to_thread(self._commit, messages)

    async def _answer(self, questions: Sequence[Question]) -> None:
        statements = await self._resolve(questions) if questions else []
        while statements:
            try:
                await asyncio.to_thread(self._tell, statements)
                log.info("linked", links=len(statements))
                return
            except NotDelivered as error:
                log.warning("not_told", why=str(error), mend="bring Kafka back; it is tried again")
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _wait(self, work: "asyncio.Future[None]", stopped: Callable[[], bool]) -> bool:
        """Whether it was done before the end. While it takes long, nothing more is read but the group is kept."""
        while not (await asyncio.wait([work], timeout=_POLL_SECONDS))[0]:
            if stopped():
                work.cancel()
                await asyncio.wait([work])
                return False
            await asyncio.to_thread(self._keep_place)
        if self._reader.assignment():
            self._reader.resume(self._reader.assignment())
        work.result()
        return True

    def _keep_place(self) -> None:
        """What comes all the same (of a partition given to us just now) is kept for the next turn."""
        if self._reader.assignment():
            self._reader.pause(self._reader.assignment())
        message = self._reader.poll(0)
        if message is not None:
            self._held.append(message)

    def _commit(self, messages: Sequence[Any]) -> None:
        """Where the group has moved on, another reads them again: harmless."""
        last = {(m.topic(), m.partition()): m for m in messages}
        for message in last.values():
            try:
                self._reader.commit(message=message, asynchronous=False)
            except KafkaException as trouble:
                log.warning("not_committed", error=trouble.args[0].name())


def run(settings: ResolverSettings, stop: threading.Event, ready: Path | None = None) -> None:
    """Until `stop`. Raises SettingsError before anything is opened; touches `ready` when partitions are assigned."""
    try:
        ring = keyring.load(settings.keyring)
    except keyring.KeyringError as error:
        raise SettingsError(f"settings are wrong or missing:\n  keyring: {error}") from None
    city = ring.citizen
    if city is None:
        raise SettingsError("settings are wrong or missing:\n  keyring: the city's keyring is needed")

    def ask(message: Any) -> Question | None:
        return question(message.value(), message.headers() or (), ring, city)

    loop.run(_serve(settings, ask, stop, ready))


async def _serve(settings: ResolverSettings, ask: Ask, stop: threading.Event, ready: Path | None) -> None:
    population = HttpPopulation(settings.service, settings.token, settings.timeout_seconds)
    breaker = Breaker(settings.breaker_failures, settings.breaker_seconds)
    patient = Patient(population, rate=settings.rate, attempts=settings.attempts, breaker=breaker)
    resolver = Resolver(patient, at_once=settings.at_once, size=settings.remembered)
    reader = kafka.consumer(settings.kafka, settings.group, "resolver")
    reader.subscribe(TOPICS)
    log.info("started", group=settings.group)
    try:
        made = Loop(reader, ask, resolver, Teller(settings.kafka, "resolver"), settings.batch)
        await made.run(stop.is_set, ready.touch if ready is not None else None)
    finally:
        await population.close()
