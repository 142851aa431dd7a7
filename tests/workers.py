"""Workers as processes, events for them, and what they say of it on the ledger."""

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from confluent_kafka import OFFSET_BEGINNING, TopicPartition

from infra.embedded.process import die_with_parent, read_last_lines
from producers.adapter import Document, Feed, Refusal, Rows
from producers.event import Keys, Number, Record, compose
from runtime import kafka, keyring
from schemas import codec, registry, topics
from tests.rows import NOW
from tests.servers import Servers

FACILITY: Final = "01001"
TOPIC: Final = topics.received("encounter")
_FEED: Final = Feed("01001.his", FACILITY, "HIS", "hl7v2")
_WAIT_SECONDS: Final = 150.0
"""To find what hangs: a sink makes its tables in 4 s, and in more than a minute on two cores with a load of 20."""


def wait_for(ready: Callable[[], bool], what: str, seconds: float = _WAIT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


class Reader:
    """Everything of a topic from its beginning, again and again."""

    def __init__(self, servers: Servers, topic: str) -> None:
        self._consumer = kafka.consumer(servers.kafka, f"reader-{uuid4().hex}", "reader")
        places = self._consumer.list_topics(topic, timeout=10).topics[topic].partitions
        self._consumer.assign([TopicPartition(topic, place, OFFSET_BEGINNING) for place in places])
        self.messages: list[Any] = []

    def more(self) -> list[Any]:
        """Read what has come; all that was read so far."""
        while batch := self._consumer.consume(500, timeout=0.1):
            self.messages += [message for message in batch if message.error() is None]
        return self.messages

    def close(self) -> None:
        self._consumer.close()


@dataclass
class Hospital:
    """One adapter's life: it numbers and publishes encounters. Its workers are a group of their own."""

    servers: Servers
    folder: Path
    incarnation: str = field(default_factory=lambda: uuid4().hex[:16])
    taken: int = 0
    registry: str = ""
    workers: "list[Worker]" = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ring = keyring.create([FACILITY])
        self.keyring = self.folder / "keyring.json"
        keyring.save(self._ring, self.keyring)
        self.group = f"workers-{self.incarnation}"
        self._producer = kafka.producer(self.servers.kafka, "hospital", log_level=0)
        self._outcomes = Reader(self.servers, topics.OUTCOMES)

    def event(self, sequence: int) -> Record:
        document = Document(
            "encounter",
            (self.incarnation, str(sequence)),
            visit_number=f"{self.incarnation}-{sequence}",
            patient_number=str(sequence),
            occurred_at=NOW,
            body={"visit_type": "01"},
        )
        number = Number(_FEED.adapter_id, self.incarnation, sequence, 1, 1)
        keys = Keys.of(self._ring, FACILITY)
        made = compose(
            document, number, _FEED, keys, captured_at=NOW, last_version=0, message_id=str(sequence), rows=Rows()
        )
        assert not isinstance(made, Refusal)
        return made[0]

    def events(self, count: int) -> list[Record]:
        """The next numbers."""
        first, self.taken = self.taken + 1, self.taken + count
        return [self.event(sequence) for sequence in range(first, self.taken + 1)]

    def publish(self, count: int, partition: int | None = None) -> None:
        """The next numbers, delivered; to one partition where it is named."""
        self.send(self._producer, self.events(count), partition)
        assert 0 == self._producer.flush(_WAIT_SECONDS)

    @staticmethod
    def send(producer: Any, records: Iterable[Record], partition: int | None = None) -> None:
        where = {} if partition is None else {"partition": partition}
        for record in records:
            producer.produce(record.topic, record.value, record.key, headers=list(record.headers), **where)

    @contextmanager
    def worker(self, name: str) -> Iterator["Worker"]:
        made = Worker(self, name)
        self.workers.append(made)
        try:
            yield made
        finally:
            made.end(signal.SIGKILL)
            self.workers.remove(made)

    def outcomes(self) -> Mapping[int, list[tuple[str, str]]]:
        """Number -> (worker, outcome) in the order of the ledger, of this incarnation."""
        _, made = registry.latest(topics.OUTCOMES)
        found: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for message in self._outcomes.more():
            framed = codec.unframe(message.value())
            assert framed is not None
            chunk = made.decode(framed[1])
            for number in chunk["numbers"]:
                if chunk["feeds"][number["feed"]]["incarnation"] == self.incarnation:
                    found[number["sequence"]].append((chunk["worker"], number["outcome"]))
        return found

    def wait_for(self, ready: Callable[[], bool], what: str) -> None:
        """As `wait_for`; a worker that ends by itself ends the waiting too."""

        def ready_or_broken() -> bool:
            for worker in self.workers:
                assert worker.told_to_end or worker.process.poll() is None, worker.said()
            return ready()

        wait_for(ready_or_broken, what)

    def wait_for_all(self) -> None:
        """Until every number taken so far has an outcome."""
        self.wait_for(lambda: len(self.outcomes()) == self.taken, f"{self.taken} outcomes")

    def told(self) -> set[tuple[int, frozenset[str]]]:
        """Number with the different outcomes it was given: one each where all is well."""
        return {(number, frozenset(outcome for _, outcome in said)) for number, said in self.outcomes().items()}

    def positions(self) -> dict[int, tuple[int, int]]:
        """Partition -> (committed, end) for partitions that hold anything."""
        reader = kafka.consumer(self.servers.kafka, self.group, "test")
        places = [TopicPartition(TOPIC, one) for one in reader.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions]
        found = {}
        for place in reader.committed(places, timeout=10):
            _, end = reader.get_watermark_offsets(place, timeout=10)
            if end > 0:
                found[place.partition] = (place.offset, end)
        reader.close()
        return found

    def wait_for_commits(self) -> None:
        self.wait_for(lambda: all(committed == end for committed, end in self.positions().values()), "commits")

    def close(self) -> None:
        self._outcomes.close()


class Worker:
    """`livingdata processor`, ready when it has partitions."""

    def __init__(self, hospital: Hospital, name: str) -> None:
        folder = hospital.folder / name
        folder.mkdir(exist_ok=True)
        self._log = folder / "log"
        self.told_to_end = False
        ready = folder / "ready"
        ready.unlink(missing_ok=True)
        env = {
            "LIVINGDATA_KAFKA": hospital.servers.kafka,
            "LIVINGDATA_EMBEDDED_KAFKA": str(hospital.servers.embedded),
            "LIVINGDATA_REDIS": hospital.servers.redis,
            "LIVINGDATA_KEYRING": str(hospital.keyring),
            "LIVINGDATA_DATA": str(folder),
            "LIVINGDATA_WORKER_ID": name,
            "LIVINGDATA_GROUP": hospital.group,
            "LIVINGDATA_CHUNK": "50",
            "LIVINGDATA_REGISTRY": hospital.registry,
        }
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "infra.cli", "processor", "--ready-file", str(ready)],
                env={**os.environ, **env},
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(),
            )
        wait_for(lambda: ready.exists() or self.process.poll() is not None, "the worker")
        assert ready.exists(), self.said()

    def said(self) -> str:
        """The end of its log."""
        return read_last_lines(self._log)

    def end(self, number: signal.Signals) -> int:
        """End it by a signal; its exit code."""
        self.told_to_end = True
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)
