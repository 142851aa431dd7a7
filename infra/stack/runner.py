"""The process that holds a stack: starts its parts, writes `ready.json`, ends them on SIGTERM or SIGINT.

`python -m infra.stack.runner DATA [--ready-seconds 180]`, after a plan was saved in DATA. Parts that die are started again.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

import psutil

from infra.embedded import redis
from infra.embedded.ready import write_ready
from infra.embedded.supervisor import Role, RoleFailed, Supervisor
from infra.stack import clickhouse, kafka, registry
from infra.stack.plan import Plan, load

READY_SECONDS: Final = 180.0
"""For each part to become ready, unless told otherwise: what takes 8 s alone takes a minute on a busy machine."""
GRACE_SECONDS: Final = 10.0
"""A controlled shutdown takes 1-2 s; the last of three brokers has no quorum to tell and waits for ever."""


def command(plan: Plan, ready_seconds: float = READY_SECONDS) -> list[str]:
    """The argument list of this process for a plan that was saved."""
    return [sys.executable, "-m", "infra.stack.runner", str(plan.data), "--ready-seconds", f"{ready_seconds:g}"]


def claims_role(plan: Plan) -> Role:
    return Role(
        "redis", redis.command(plan.data / "redis", plan.redis_port), ready=lambda: redis.answers(plan.redis_port)
    )


def roles(plan: Plan) -> list[Role]:
    """Every part; they need nothing of each other to start."""
    claims = claims_role(plan)
    brokers = [kafka.role(plan, node) for node in range(1, plan.brokers + 1)]
    more = [] if plan.registry_port is None else [registry.role(plan)]
    return [*brokers, claims, clickhouse.role(plan), *more]


async def serve(plan: Plan, ready_seconds: float = READY_SECONDS) -> None:
    """Until a signal comes. `RoleFailed` where a part did not start; then all are ended."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    started = time.monotonic()
    for node in range(1, plan.brokers + 1):
        await asyncio.to_thread(kafka.prepare, plan, node)
    async with Supervisor(plan.data, ready_seconds=ready_seconds, grace_seconds=GRACE_SECONDS) as parts:
        starting = asyncio.create_task(_start(parts, plan))
        stopped = asyncio.create_task(_until(stopping))
        await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            return
        starting.result()
        seconds = f"{time.monotonic() - started:.1f}"
        write_ready(plan.ready_file, plan.addresses | {"seconds": seconds, **identity()})
        await stopped
        plan.ready_file.unlink(missing_ok=True)


async def _start(parts: Supervisor, plan: Plan) -> None:
    """All at once: of three brokers none is ready before another is."""
    async with asyncio.TaskGroup() as starting:
        for role in roles(plan):
            starting.create_task(parts.start(role))


async def _until(event: asyncio.Event) -> None:
    await event.wait()


def identity() -> dict[str, str]:
    """This process, so that nobody takes another for it after its number was given again."""
    return {"pid": str(os.getpid()), "born": str(psutil.Process().create_time())}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.stack.runner", description=__doc__)
    parser.add_argument("data", type=Path, help="the folder that holds plan.json")
    parser.add_argument("--ready-seconds", type=float, default=READY_SECONDS, help="for each part to become ready")
    asked = parser.parse_args(arguments)
    plan = load(asked.data)
    plan.ready_file.unlink(missing_ok=True)
    failed: list[BaseException] = []
    try:
        asyncio.run(serve(plan, asked.ready_seconds))
    except* RoleFailed as errors:
        failed += errors.exceptions
    for error in failed:
        print(error, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
