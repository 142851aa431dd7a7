"""The job that every engine does, and what of it is the same for all: the pure functions, timed, and the question to Redis.

An engine is a program, `python -m tests.bench.peers.NAME`, told by the environment where Kafka and Redis are. It reads
`received.*`, hands records to a `Chunks` or an `Events`, and writes what that gives.
"""

import os
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
import redis
import redis.asyncio

from runtime import keyring
from runtime.clock import now_ms
from schemas import registry, topics
from stream_processors import account, claims
from stream_processors.account import Produced
from stream_processors.checks import icd10
from stream_processors.lookup import Answers, Lookup
from stream_processors.pipeline import Checked, Pipeline, Question, Step
from stream_processors.receive import Source

KAFKA: Final = os.environ.get("PEER_KAFKA", "")
REDIS: Final = os.environ.get("PEER_REDIS", "")
GROUP: Final = os.environ.get("PEER_GROUP", "")
KEYRING: Final = os.environ.get("PEER_KEYRING", "")
DATA: Final = Path(os.environ.get("PEER_DATA", "."))
SESSION_MS: Final = 6_000
"""How long a killed member keeps its partitions: the same for all, the least that a broker takes."""
LINGER_MS: Final = 5
TELL_SECONDS: Final = 0.1
OUTPUTS: Final = (*topics.ACCEPTED_TOPICS, topics.REJECTED, topics.OUTCOMES)

T = TypeVar("T")


class Clock:
    """Events done, and processor seconds spent in the shared functions; told to the bench ten times a second.

    Told by the working thread too: some engines keep Python's lock for as long as they have work.
    """

    def __init__(self) -> None:
        self.events, self.shared = 0, 0.0
        self._file: Any = None
        self._at = self._began = 0.0

    def timed(self, work: Callable[..., T], *arguments: Any) -> T:
        started = time.thread_time()
        made = work(*arguments)
        self.shared += time.thread_time() - started
        return made

    def begin(self) -> None:
        """Before a step: nothing is half done, so a measure may begin here."""
        if time.monotonic() - self._began > TELL_SECONDS:
            self._began = time.monotonic()
            self._tell(begins=True)

    def done(self, events: int) -> None:
        self.events += events
        if time.monotonic() - self._at > TELL_SECONDS:
            self._tell()

    def _tell(self, *, begins: bool = False) -> None:
        """A line: (time, processor seconds, of them in the shared functions, events, whether a step begins)."""
        self._at = time.monotonic()
        if self._file is not None:
            self._file.write(orjson.dumps([time.time(), time.process_time(), self.shared, self.events, begins]) + b"\n")

    def tell(self) -> None:
        """From now on, in a thread of its own."""
        self._file = (DATA / "told").open("ab", buffering=0)

        def run() -> None:
            while True:
                self._tell()
                time.sleep(TELL_SECONDS)

        threading.Thread(target=run, daemon=True).start()


class Timed(Pipeline):
    """The house's pipeline with its pure parts timed."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.clock = Clock()

    def _check(self, sources: Sequence[Source], maps: frozenset[bytes]) -> tuple[list[Step], Question | None]:
        self.clock.begin()
        return self.clock.timed(super()._check, sources, maps)

    def _finish(self, steps: Sequence[Step], answers: Answers) -> list[Produced]:
        made = self.clock.timed(super()._finish, steps, answers)
        self.clock.done(len(steps))
        return made


class OneByOne(Timed):
    """For engines that hand over events one by one: no ledger record for each, and no list of code maps asked for each.
    Less work than ours does, in their favour."""

    def _finish(self, steps: Sequence[Step], answers: Answers) -> list[Produced]:
        made = self.clock.timed(self._one, steps[0], answers)
        self.clock.done(1)
        return made

    def _one(self, step: Step, answers: Answers) -> list[Produced]:
        now = self._clock()
        if not isinstance(step, Checked):
            return [account.rejection(step, self._house.keyring, self._house.limit, now)]
        (claim,) = answers.claims
        return [] if claim.outcome == "duplicate" else [self._accepted(step, claim, answers, now)]


class _Asking:
    """What is asked of Redis and how the answer is read; two kinds of client share it."""

    claim_seconds = 45 * claims.DAY_SECONDS
    code_maps: frozenset[bytes] = frozenset()

    def _fill(self, pipe: Any, sha: str, keys: Sequence[bytes], asked: bytes, persons: Sequence[bytes]) -> None:
        pipe.evalsha(sha, len(keys), *keys, asked)
        if persons:
            pipe.mget(persons)

    def _read(self, keys: Sequence[bytes], persons: Sequence[bytes], said: Any) -> Answers:
        found = dict(zip(persons, said[1], strict=True)) if persons else {}
        return Answers(claims.answers(said[0], len(keys)), found, {})


class Blocking(_Asking):
    """Redis for engines without an event loop."""

    def __init__(self) -> None:
        self._redis = redis.Redis.from_url(REDIS)
        self._sha = str(self._redis.script_load(claims.SCRIPT.decode()))

    async def claim_and_find(
        self, keys: Sequence[bytes], asked: bytes, persons: Sequence[bytes], _codes: Sequence[tuple[bytes, bytes]]
    ) -> Answers:
        pipe = self._redis.pipeline(transaction=False)
        self._fill(pipe, self._sha, keys, asked, persons)
        return self._read(keys, persons, pipe.execute())


class Awaited(_Asking):
    """Redis for engines with an event loop."""

    def __init__(self) -> None:
        self._redis: Any = None
        self._sha = ""

    async def claim_and_find(
        self, keys: Sequence[bytes], asked: bytes, persons: Sequence[bytes], _codes: Sequence[tuple[bytes, bytes]]
    ) -> Answers:
        if self._redis is None:
            self._redis = redis.asyncio.Redis.from_url(REDIS)
            self._sha = await self._redis.script_load(claims.SCRIPT.decode())
        pipe = self._redis.pipeline(transaction=False)
        self._fill(pipe, self._sha, keys, asked, persons)
        return self._read(keys, persons, await pipe.execute())


def pipeline(kind: type[Timed], store: Lookup) -> Timed:
    """The job, warm, telling the bench from now on."""
    icd10.load()
    for topic in topics.RECEIVED_TOPICS:
        registry.latest(topic)
    made = kind(keyring.load(Path(KEYRING)), store, "bench", topics.MAX_EVENT_BYTES, now_ms)
    made.clock.tell()
    return made


def blocking(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits: of one over `Blocking`."""
    try:
        work.send(None)
    except StopIteration as ended:
        made: T = ended.value
        return made
    raise RuntimeError("it waited")


def source(message: Any) -> Source:
    """Of a record as confluent-kafka gives it."""
    return Source(
        message.topic(), message.partition(), message.offset(), message.key(), message.value(), message.headers() or ()
    )


def ready() -> None:
    """The engine is loaded and about to join."""
    (DATA / "ready").touch()
