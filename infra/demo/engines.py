"""The engines of a running stack for a demo: its topics made anew, a Redis database and a ClickHouse database of its own."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from infra import topics as plan_of_topics
from infra.demo.plan import Engines
from infra.demo.show import Start
from infra.embedded.ready import read_ready
from infra.embedded.supervisor import Supervisor
from runtime import settings
from runtime.admin import Admin
from runtime.registry import Registry, texts
from runtime.settings import ClickHouseSettings
from schemas.topics import TOPICS
from sinks.clickhouse.client import connect
from stream_processors import state

DATABASE: Final = "demo"
"""In ClickHouse; dropped and made anew at each start."""
REDIS_DATABASE: Final = 9
"""In Redis; emptied at each start."""


class StackInUse(Exception):
    """No stack runs there, or its topics hold somebody's records."""


def running(stack: Path, *, fresh: bool) -> Start:
    """Of a stack that `livingdata stack up` started on this folder. `fresh`: records in the house's topics are deleted.

    Raises StackInUse when it is called, where there are such records and `fresh` was not asked for.
    """
    try:
        addresses = read_ready(stack / "ready.json")
    except (OSError, ValueError):
        raise StackInUse(f"no stack runs on {stack}: make stack") from None
    held = 0 if fresh else sum(Admin(addresses["bootstrap"]).held(list(TOPICS)).values())
    if held:
        raise StackInUse(f"the topics hold {held} records: --fresh deletes them")

    async def start(_: Supervisor, __: Path) -> Engines:
        return await asyncio.to_thread(prepare, addresses)

    return start


def prepare(addresses: Mapping[str, str]) -> Engines:
    """Empty topics, databases of its own, the release's schemas at the registry where there is one."""
    admin = Admin(addresses["bootstrap"])
    admin.delete([name for name in admin.topics() if name in TOPICS])
    admin.create(list(plan_of_topics.wanted(admin.brokers).values()))
    redis = f"{addresses['redis'].rpartition('/')[0]}/{REDIS_DATABASE}"
    state.empty(redis)
    client = connect(settings.load(ClickHouseSettings, clickhouse=addresses["clickhouse"], database="default"))
    try:
        client.command(f"DROP DATABASE IF EXISTS {DATABASE} SYNC")
        client.command(f"CREATE DATABASE {DATABASE}")
    finally:
        client.close()
    registry = addresses.get("registry", "")
    if registry:
        Registry(registry).register_all(texts())
    return Engines(
        addresses["bootstrap"], redis, addresses["clickhouse"], embedded=False, registry=registry, database=DATABASE
    )
