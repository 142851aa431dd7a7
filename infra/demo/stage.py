"""The processes of a demo: engines first, then the roles, all under one supervisor."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

from confluent_kafka import KafkaException

from infra.city.people import Citizen
from infra.demo.plan import Engines, Plan
from infra.embedded import clickhouse, redis
from infra.embedded.process import free_port
from infra.embedded.ready import read_ready
from infra.embedded.supervisor import Role, Supervisor
from runtime import kafka
from schemas.topics import TOPICS
from stream_processors import identify
from stream_processors.stores import Store


async def start_engines(supervisor: Supervisor, folder: Path) -> Engines:
    """The embedded broker, Redis and ClickHouse, started side by side."""
    ready = {name: folder / f"{name}.ready.json" for name in ("kafka", "clickhouse")}
    port = free_port()
    broker = [sys.executable, "-m", "infra.embedded.kafka", "--ready-file", str(ready["kafka"])]
    roles = (
        Role("kafka", broker, ready_file=ready["kafka"]),
        Role("redis", redis.command(folder / "redis", port), ready=lambda: redis.answers(port)),
        Role("clickhouse", _clickhouse(folder, ready["clickhouse"]), ready_file=ready["clickhouse"]),
    )
    await asyncio.gather(*(supervisor.start(role) for role in roles))
    bootstrap = read_ready(ready["kafka"])["bootstrap"]
    await asyncio.to_thread(touch_topics, bootstrap)
    return Engines(bootstrap, f"redis://127.0.0.1:{port}/0", read_ready(ready["clickhouse"])["url"], embedded=True)


def _clickhouse(folder: Path, ready: Path) -> list[str]:
    # A port of its own, the same after a restart: clients hold its address.
    return clickhouse.command(folder / "clickhouse", free_port(), ready)


def touch_topics(bootstrap: str) -> None:
    """The embedded broker makes a topic when it is first asked for; consumers should find all of them."""
    producer = kafka.producer(bootstrap, "demo")
    for topic in TOPICS:
        try:
            producer.list_topics(topic, timeout=5)
        except KafkaException as error:
            raise RuntimeError(f"the broker does not answer: {error.args[0].name()}") from None


async def load_citizens(plan: Plan, engines: Engines, citizens: Iterator[Citizen]) -> int:
    """Fill the citizen registry, as keyed hashes only."""
    key = plan.ring.citizen
    if key is None:
        raise ValueError("the city's keyring is needed")
    store = Store(engines.redis, claim_days=45)
    try:
        return await store.load_citizens(
            identify.entry(key, citizen.number, citizen.full_name, citizen.birth) for citizen in citizens
        )
    finally:
        await store.close()


async def start_roles(supervisor: Supervisor, plan: Plan, engines: Engines) -> None:
    await asyncio.gather(*(supervisor.start(role) for role in plan.roles(engines)))
