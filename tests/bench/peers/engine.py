"""Running one engine: fill, start, watch what comes out, kill, start again."""

import os
import signal
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import orjson
from confluent_kafka import OFFSET_BEGINNING, TopicPartition

from infra.embedded.process import die_with_parent, read_last_lines
from runtime import kafka
from runtime.seal import HEADER as SEAL_HEADER
from schemas import topics
from stream_processors.receive import Source
from tests.bench.peers.house import House, Load, save, seal_of

ROOT: Final = Path(__file__).parents[3]
WAIT_SECONDS: Final = 150.0
QUIET_SECONDS: Final = 15.0
"""Without a new result for so long after the last start, nothing more will come (a killed member's session: 6 s)."""
AFTER_SECONDS: Final = 2.0
_WARM: Final = 0.15
"""The share of the records up to which is not measured: imports, caches and the joining of the group lie before."""


@dataclass
class Results:
    """What has come out: how often each record, and when."""

    house: House
    times: list[float] = field(default_factory=list)
    by_seal: Counter[bytes] = field(default_factory=Counter)
    when: dict[bytes, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._consumer = kafka.consumer(self.house.kafka, f"watch-{uuid4().hex}", "watch")
        places = [
            TopicPartition(topic, place, OFFSET_BEGINNING)
            for topic in (*topics.ACCEPTED_TOPICS, topics.REJECTED)
            for place in self._consumer.list_topics(topic, timeout=10).topics[topic].partitions
        ]
        self._consumer.assign(places)

    def more(self, seconds: float = 0.1) -> int:
        """Read what has come; how many in all."""
        for message in self._consumer.consume(2_000, seconds):
            if message.error() is not None:
                continue
            at = message.timestamp()[1] / 1000
            self.times.append(at)
            seal = dict(message.headers() or ()).get(SEAL_HEADER)
            if seal is not None:
                self.by_seal[seal] += 1
                self.when.setdefault(seal, at)
        return len(self.times)

    def close(self) -> None:
        self._consumer.close()


class Engine:
    """A program of this folder, in its own environment."""

    def __init__(self, name: str, python: Path, house: House, made: Load, folder: Path) -> None:
        self.name, self._python, self._house = name, python, house
        self.folder = folder / f"{name}-{uuid4().hex[:6]}"
        self.folder.mkdir(parents=True)
        self._env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PEER_KAFKA": house.kafka,
            "PEER_REDIS": house.redis,
            "PEER_GROUP": self.folder.name,
            "PEER_KEYRING": str(save(made, folder)),
            "PEER_DATA": str(self.folder),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        (self.folder / "ready").unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as output:
            self._process = subprocess.Popen(
                [str(self._python), "-m", f"tests.bench.peers.{self.name}"],
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(),
            )
        until(lambda: (self.folder / "ready").exists(), 60, self.check)

    def check(self) -> None:
        """Raises where it has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"{self.name} ended:\n{read_last_lines(self.folder / 'log')}")

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def told(self) -> list[tuple[float, float, float, int, bool]]:
        """(time, processor seconds, of them in the shared functions, events, whether a step begins), ten times a
        second."""
        lines = (self.folder / "told").read_bytes().splitlines() if (self.folder / "told").exists() else []
        return [tuple(orjson.loads(line)) for line in lines if line.endswith(b"]")]


def until(ready: Callable[[], bool], seconds: float, check: Callable[[], None], every: float = 0.02) -> bool:
    deadline = time.monotonic() + seconds
    while not ready():
        check()
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def publish(house: House, records: Iterable[Source], rate: float = 0.0) -> dict[bytes, float]:
    """Delivered; at `rate` a second where it is given. Seal -> when it was sent."""
    producer = kafka.producer(house.kafka, "city", **{"linger.ms": 1 if rate else 20})
    sent: dict[bytes, float] = {}
    started = time.monotonic()
    for at, one in enumerate(records):
        if rate:
            ahead = started + at / rate - time.monotonic()
            if ahead > 0:
                producer.poll(ahead)
        sent[seal_of(one)] = time.time()
        producer.produce(one.topic, one.value, one.key, headers=list(one.headers))
        producer.poll(0)
    producer.flush(30)
    return sent


def drain(engine: Engine, results: Results, load: Load) -> dict[str, float]:
    """Read a filled topic to its end."""
    engine.start()
    whole = until(lambda: results.more() >= load.outputs, WAIT_SECONDS, engine.check)
    done = time.time()
    time.sleep(0.25)
    told = engine.told()
    # From the beginning of a step: an engine may do nearly all in one.
    first = [line for line in told if line[4] and line[3] <= _WARM * load.drained][-1]
    last = next((line for line in told if line[0] >= done), told[-1])
    events, end = last[3] - first[3], max(results.times)
    cpu, shared = (last[1] - first[1]) / events * 1e6, (last[2] - first[2]) / events * 1e6
    return {
        "whole": float(whole),
        "events_per_second": events / (end - first[0]),
        "cpu_us": cpu,
        "shared_us": shared,
        "outside_us": cpu - shared,
    }


def paced(engine: Engine, results: Results, house: House, records: Sequence[Source], rate: float) -> dict[str, float]:
    """Milliseconds from sent to readable, at a fixed rate."""
    sent = publish(house, records, rate)
    time.sleep(0.5)
    last = [-1]

    def quiet() -> bool:
        before, last[0] = last[0], results.more(1.0)
        return before == last[0]

    until(quiet, 30, engine.check)
    took = sorted((results.when[seal] - at) * 1000 for seal, at in sent.items() if seal in results.when)
    if len(took) < 2:
        return {"p50_ms": float("nan"), "p99_ms": float("nan")}
    return {"p50_ms": statistics.median(took), "p99_ms": took[int(len(took) * 0.99)]}


def killed(engine: Engine, results: Results, wanted: Sequence[Source], kills: int) -> dict[str, float]:
    """SIGKILL after each of `kills` equal shares of the results, then to the end: how many came never, or twice."""
    seals = {seal_of(record) for record in wanted}
    for kill in range(kills):
        engine.start()
        share = (kill + 1) * len(seals) // (kills + 1)
        until(lambda share=share: results.more() >= share, WAIT_SECONDS, engine.check)  # type: ignore[misc]
        engine.kill()
    engine.start()
    last, since = results.more(), time.monotonic()

    def settled() -> bool:
        nonlocal last, since
        now = results.more()
        if now != last:
            last, since = now, time.monotonic()
        quiet = time.monotonic() - since
        return quiet > (AFTER_SECONDS if seals <= results.by_seal.keys() else QUIET_SECONDS)

    until(settled, WAIT_SECONDS, engine.check)
    engine.kill()
    lost = sum(1 for seal in seals if seal not in results.by_seal)
    return {
        "killed": kills,
        "sent": len(seals),
        "lost": lost,
        "repeated": results.by_seal.total() - len(results.by_seal),
    }


def measure(name: str, python: Path, house: House, load: Load, folder: Path, rate: float, kills: int) -> dict[str, Any]:
    """Everything of one engine."""
    made: dict[str, Any] = {"engine": name}
    house.fresh(load)
    publish(house, load.records[: load.drained])
    engine, results = Engine(name, python, house, load, folder), Results(house)
    try:
        made |= drain(engine, results, load)
        if rate and len(load.records) > load.drained:
            made |= paced(engine, results, house, load.records[load.drained :], rate)
    finally:
        engine.kill()
        results.close()
    if kills:
        house.fresh(load)
        publish(house, load.firsts)
        engine, results = Engine(name, python, house, load, folder), Results(house)
        try:
            made |= killed(engine, results, load.firsts, kills)
        finally:
            engine.kill()
            results.close()
    return made
