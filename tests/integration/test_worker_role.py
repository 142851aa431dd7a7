"""The role `livingdata processor` between a real broker and a real Redis."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from infra.embedded.kafka import EmbeddedKafka
from infra.embedded.redis import EmbeddedRedis
from runtime import kafka, keyring, telemetry
from runtime.settings import WorkerSettings, load
from schemas import codec, registry, topics
from stream_processors import app
from stream_processors.receive import Source
from tests.received import KEYRING, NOW, source
from tests.rows import ledger_row

pytestmark = pytest.mark.slow

LATER = (NOW + 1) << 20


@dataclass
class City:
    """A broker, and what was read from it so far."""

    bootstrap: str
    reader: Any
    read: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def send(self, *records: Source) -> None:
        producer = kafka.producer(self.bootstrap, "test")
        for record in records:
            producer.produce(record.topic, record.value, record.key, headers=list(record.headers))
        assert 0 == producer.flush(30)

    def wait_for(self, ready: Callable[["City"], bool], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not ready(self):
            assert time.monotonic() < deadline, "waited in vain"
            for message in self.reader.consume(100, 0.2):
                framed = codec.unframe(message.value()) if message.error() is None else None
                made = registry.codec(framed[0]) if framed else None
                if framed and made:
                    self.read.append((message.topic(), made.decode(framed[1])))

    def outcomes(self) -> dict[int, str]:
        """Sequence -> outcome, of all chunks so far."""
        chunks = [said for topic, said in self.read if topic == topics.OUTCOMES]
        return {number["sequence"]: number["outcome"] for chunk in chunks for number in chunk["numbers"]}


@pytest.fixture
def city() -> Iterator[City]:
    with EmbeddedKafka() as broker:
        reader = kafka.consumer(broker.bootstrap, "test", "test", **{"topic.metadata.refresh.interval.ms": 500})
        reader.subscribe([topics.accepted("encounter"), topics.REJECTED, topics.OUTCOMES])
        yield City(broker.bootstrap, reader)
        reader.close()


def test_from_received_to_accepted_and_what_the_store_refused_comes_again(city: City, tmp_path: Path) -> None:
    keyring.save(KEYRING, tmp_path / "keyring.json")
    refused = source(sequence=1)
    city.send(refused, source(sequence=2), source(sequence=3, document_id="d1" * 16, visit_key="e1" * 16),
              Source("received.encounter", 0, 0, b"x", b"rubbish", ()))  # fmt: skip
    stop = threading.Event()
    with EmbeddedRedis(tmp_path / "redis") as redis:
        settings = load(WorkerSettings, kafka=city.bootstrap, data=tmp_path, keyring=tmp_path / "keyring.json",
                        redis=redis.url, embedded_kafka=True)  # fmt: skip
        role = threading.Thread(target=app.run, args=(settings, stop, tmp_path / "ready"))
        role.start()
        city.wait_for(lambda city: 3 == len(city.outcomes()))
        assert {1: "accepted", 2: "duplicate", 3: "accepted"} == city.outcomes()
        assert (tmp_path / "ready").exists()

        number = {"adapter_id": "01003.his", "incarnation": "a" * 16, "sequence": 1, "part": 1, "parts": 1}
        rejection = ledger_row("rejected", stage="sink", document_id="d0" * 16, **number)[1]
        city.send(Source(topics.REJECTED, 0, 0, b"01003", rejection, ()))
        sequence = iter(range(10, 1000))

        def taken(city: City) -> bool:
            """The hospital sends again until it is no duplicate."""
            at = next(sequence)
            city.send(source(sequence=at, version=LATER + at))
            city.wait_for(lambda city: at in city.outcomes())
            return city.outcomes()[at] == "amended"

        city.wait_for(taken)
        stop.set()
        role.join(30)
    assert not role.is_alive()
    accepted = [said for topic, said in city.read if topic == "accepted.encounter"]
    assert [False] * 3 == [said["superseded"] for said in accepted]
    assert {"frame"} == {
        said["reason"] for topic, said in city.read if topic == topics.REJECTED and said["stage"] != "sink"
    }


def test_history_is_taken_when_nothing_live_waits(city: City, tmp_path: Path) -> None:
    """It waits for the worker of live data, and for the sink to store what that one wrote."""
    keyring.save(KEYRING, tmp_path / "keyring.json")
    old = source(sequence=1, adapter_id="01003.his.backfill", document_id="d7" * 16)
    stop = threading.Event()
    asking = kafka.producer(city.bootstrap, "test")
    for topic in topics.TOPICS:
        asking.list_topics(topic, timeout=10)
    city.send(source(sequence=2), replace(old, topic=topics.backfill("encounter")))
    roles: list[threading.Thread] = []
    with EmbeddedRedis(tmp_path / "redis") as redis:

        def start(name: str, *, history: bool) -> None:
            settings = load(WorkerSettings, kafka=city.bootstrap, data=tmp_path / name, keyring=tmp_path / "keyring.json",
                            redis=redis.url, embedded_kafka=True, sink_group="test", backfill=history)  # fmt: skip
            roles.append(threading.Thread(target=app.run, args=(settings, stop)))
            roles[-1].start()

        start("history", history=True)
        city.wait_for(lambda _: telemetry.GIVING_WAY._value.get() == 1)
        start("live", history=False)
        city.wait_for(lambda city: "accepted.encounter" in {topic for topic, _ in city.read} and 2 in city.outcomes())
        assert {2: "accepted"} == city.outcomes()  # the sink has stored nothing yet
        city.reader.commit(offsets=city.reader.position(city.reader.assignment()), asynchronous=False)
        city.wait_for(lambda city: 1 in city.outcomes())
        assert {1: "accepted", 2: "accepted"} == city.outcomes()
        stop.set()
        for one in roles:
            one.join(30)
    chunks = [said["topic"] for topic, said in city.read if topic == topics.OUTCOMES]
    assert ["received.encounter", "backfill.encounter"] == chunks
