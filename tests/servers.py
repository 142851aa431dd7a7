"""Kafka and Redis for the integration tests: the embedded ones, or with `LIVINGDATA_TEST_STACK=1` real ones."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import psutil
import pytest
import redis

from infra import topics as plan_of_topics
from infra.demo.show import Patience
from infra.embedded.child import Child
from infra.embedded.kafka import EmbeddedKafka
from infra.embedded.redis import EmbeddedRedis
from infra.stack import libraries, plan, runner
from infra.stack.plan import Plan
from runtime import kafka
from runtime.admin import Admin
from schemas.topics import TOPICS

SWITCH: Final = "LIVINGDATA_TEST_STACK"
JARS: Final = Path(__file__).parents[1] / "build" / "stack"
PATIENCE: Final = Patience(ready=300.0, quiet=60.0, marks=60.0)
"""With a city on a machine that may have other work: its limits are to find what hangs, not what is slow."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Empty at the start of a module. `embedded` says whether the broker is the one that forgets."""

    kafka: str
    redis: str
    embedded: bool


class RealStack(Child):
    """One broker and a Redis, for as long as this is open; ends with the tests, whatever becomes of them."""

    def __init__(self, made: Plan) -> None:
        super().__init__(made.data / "logs" / "stack.log")
        self.plan = made

    def open(self) -> None:
        self.plan.save()
        formats = 60  # seconds, before the first of them starts
        self.run(runner.command(self.plan), self.plan.ready_file.exists, runner.READY_SECONDS + formats)

    def kill_broker(self, node: int) -> None:
        """SIGKILL to one broker; the stack starts it again after a moment."""
        config = str(self.plan.data / f"kafka-{node}" / "server.properties")
        (broker,) = [one for one in psutil.Process(self.pid).children(recursive=True) if config in one.cmdline()]
        broker.kill()
        psutil.wait_procs([broker], timeout=10)

    @property
    def servers(self) -> Servers:
        return Servers(self.plan.bootstrap, self.plan.addresses["redis"], embedded=False)


def wanted() -> bool:
    """Whether the tests are to run on real servers."""
    return bool(os.environ.get(SWITCH))


def make_real(folder: Path, brokers: Literal[1, 3] = 1, *, registry: bool = True) -> RealStack:
    """A stack on free ports; skips with a reason where none is wanted or can run."""
    if not wanted():
        pytest.skip(f"needs a real Kafka: make test-stack (or {SWITCH}=1)")
    why = libraries.lacking()
    if why is not None:
        pytest.skip(f"needs a real Kafka: {why}")
    libraries.resolve(JARS, registry=registry)
    return RealStack(plan.free(folder, JARS, brokers, registry=registry))


def empty(servers: Servers) -> None:
    """Every topic anew and nothing in Redis."""
    admin = Admin(servers.kafka)
    admin.delete(list(admin.topics()))
    admin.create(list(plan_of_topics.wanted(admin.brokers).values()))
    with redis.Redis.from_url(servers.redis) as client:
        client.flushall()


@contextmanager
def embedded(folder: Path) -> Iterator[Servers]:
    """The embedded servers, fresh."""
    with EmbeddedKafka() as broker, EmbeddedRedis(folder) as claims:
        asking = kafka.producer(broker.bootstrap, "test")
        for topic in TOPICS:  # they come into being when a producer asks for them, not a consumer
            asking.list_topics(topic, timeout=10)
        yield Servers(broker.bootstrap, claims.url, embedded=True)
