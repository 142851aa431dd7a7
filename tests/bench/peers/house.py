"""What the engines run on: a real Kafka where Java and Maven are, else the embedded one; a Redis; the city's records."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import redis

from infra import topics as plan_of_topics
from infra.embedded.kafka import EmbeddedKafka
from infra.embedded.redis import EmbeddedRedis
from infra.stack import control, libraries, plan
from runtime import kafka, keyring
from runtime.admin import Admin
from runtime.keyring import Keyring
from runtime.seal import HEADER as SEAL_HEADER
from schemas import topics
from stream_processors import identify
from stream_processors.pipeline import Pipeline
from stream_processors.receive import Source
from stream_processors.stores import Store
from tests.bench.mix import Mix
from tests.fakes import FakeStore

JARS: Final = Path("build/stack")
PEOPLE: Final = 4_000
PARTITIONS: Final = 4
"""Of each topic: as many as the embedded broker gives."""
_READ: Final = (*topics.ACCEPTED_TOPICS, topics.REJECTED)


@dataclass(frozen=True, slots=True)
class Load:
    """Records as adapters send them, and what must become of them."""

    ring: Keyring
    citizens: tuple[tuple[bytes, bytes], ...]
    records: tuple[Source, ...]
    outputs: int
    """How many of the first `drained` end on `accepted` or `rejected`; the others are duplicates."""
    accepted: int
    """How many of them end on `accepted`."""
    drained: int
    firsts: tuple[Source, ...]
    """Those that are the first of their document, and accepted: each must come out, and once."""


def seal_of(record: Source) -> bytes:
    """What a record is known by wherever it goes: its seal holds a nonce of its own."""
    return bytes(dict(record.headers)[SEAL_HEADER])


def load(drained: int, paced: int) -> Load:
    """`drained` records to be read at once, then `paced` more."""
    mix = Mix(people=PEOPLE)
    records = mix.sources(drained + paced)
    key = mix.ring.citizen
    assert key is not None
    citizens = tuple(identify.entry(key, one.number, one.full_name, one.birth) for one in mix.city.registry())
    produced = asyncio.run(Pipeline(mix.ring, FakeStore(), "bench", topics.MAX_EVENT_BYTES)(records[:drained]))
    out = [one for one in produced if one[0] in topics.ACCEPTED_TOPICS]
    outputs = sum(1 for one in produced if one[0] in _READ)
    seals = {dict(headers)[SEAL_HEADER]: None for _, _, _, headers in out}
    seen: set[tuple[str, bytes]] = set()
    firsts = []
    for record in records[:drained]:
        # The first of its visit and kind has no version before it: whatever the order, it is accepted.
        place = (record.topic, record.key or b"")
        if place not in seen and seal_of(record) in seals:
            seen.add(place)
            firsts.append(record)
    return Load(mix.ring, citizens, tuple(records), outputs, len(out), drained, tuple(firsts))


class House:
    """The servers. `fresh` empties them and gives the address of Kafka, which may be another each time."""

    def __init__(self, kafka_: str, redis_: str, *, real: bool, clickhouse: str = "", pid: int = 0) -> None:
        self.kafka, self.redis, self.real = kafka_, redis_, real
        self.clickhouse, self.pid = clickhouse, pid
        self._embedded: EmbeddedKafka | None = None

    def fresh(self, made: Load) -> None:
        if self.real:
            admin = Admin(self.kafka)
            admin.delete(list(admin.topics()))
            admin.create([_topic(one) for one in plan_of_topics.wanted(admin.brokers).values()])
        else:
            self.close()
            self._embedded = EmbeddedKafka()
            self.kafka = self._embedded.bootstrap
            asking = kafka.producer(self.kafka, "bench")
            for topic in topics.TOPICS:
                asking.list_topics(topic, timeout=10)
        with redis.Redis.from_url(self.redis) as client:
            client.flushall()
        asyncio.run(self._citizens(made.citizens))

    async def _citizens(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        store = Store(self.redis, claim_days=45)
        await store.load_citizens(entries)
        await store.close()

    def close(self) -> None:
        if self._embedded is not None:
            self._embedded.close()


def _topic(wanted: Any) -> Any:
    """Times of results are the broker's: when a result can be read."""
    more = {"message.timestamp.type": "LogAppendTime"} if wanted.name in _READ else {}
    return replace(wanted, partitions=PARTITIONS, settings={**wanted.settings, **more})


def save(made: Load, folder: Path) -> Path:
    path = folder / "keyring.json"
    if not path.exists():
        keyring.save(made.ring, path)
    return path


@contextmanager
def open_house(folder: Path, *, embedded: bool) -> Iterator[House]:
    """Servers on free ports, ended with the block."""
    with ExitStack() as closing:
        if embedded or libraries.lacking() is not None:
            claims = closing.enter_context(EmbeddedRedis(folder))
            made = House("", claims.url, real=False)
        else:
            libraries.resolve(JARS, registry=False)
            wanted = plan.free(folder / "stack", JARS)
            closing.callback(control.stop, wanted.data)
            said = control.start(wanted)
            made = House(
                said["bootstrap"], said["redis"], real=True, clickhouse=said["clickhouse"], pid=int(said["pid"])
            )
        closing.callback(made.close)
        yield made
