"""The processes of a demo: engines first, then the roles, all under one supervisor."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

from confluent_kafka import KafkaException

from infra.city.people import Citizen
from infra.demo.plan import HOST, Engines, Plan
from infra.embedded import clickhouse, redis
from infra.embedded.process import free_port
from infra.embedded.ready import read_ready
from infra.embedded.supervisor import Role, Supervisor
from runtime import kafka
from schemas.topics import TOPICS
from stream_processors import identify
from stream_processors.stores import Store


async def start_engines(supervisor: Supervisor, folder: Path) -> Engines:
    """The embedded broker, Redis and ClickHouse; they come up while the city is made."""
    broker_ready, store_ready = folder / "kafka.ready.json", folder / "clickhouse.ready.json"
    # Ports are chosen here, so that they are the same after a restart: clients hold the address.
    claims_port, store_port = free_port(), free_port()
    broker = [sys.executable, "-m", "infra.embedded.kafka", "--ready-file", str(broker_ready)]
    store = clickhouse.command(folder / "clickhouse", store_port, store_ready)
    roles = (
        Role("clickhouse", store, ready_file=store_ready),
        Role("kafka", broker, ready_file=broker_ready),
        Role("redis", redis.command(folder / "redis", claims_port), ready=lambda: redis.answers(claims_port)),
    )
    await asyncio.gather(*(supervisor.start(role) for role in roles))
    bootstrap = read_ready(broker_ready)["bootstrap"]
    await asyncio.to_thread(touch_topics, bootstrap)
    return Engines(bootstrap, f"redis://{HOST}:{claims_port}/0", f"http://{HOST}:{store_port}", embedded=True)


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
    """Sink, worker and adapter; returns when hospitals can send and somebody reads."""
    await asyncio.gather(*(supervisor.start(role) for role in plan.roles(engines)))
