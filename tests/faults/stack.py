"""A city on three real brokers of its own, each server behind a proxy, and the hands for what is no signal."""

import asyncio
import contextlib
import os
import resource
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Final

from infra.demo import engines, stage
from infra.demo.plan import Engines
from infra.demo.show import Demo
from infra.embedded.process import free_port
from infra.embedded.supervisor import Role, Supervisor
from infra.stack import kafka, libraries, plan, runner
from infra.stack.plan import HOST, Plan
from runtime import settings
from runtime.admin import Admin, KafkaAway
from tests.faults import jumping
from tests.faults.faults import Fault, Hand
from tests.faults.proxy import Proxy

JARS: Final = Path("build/stack")
SLOW_SECONDS: Final = 0.03
DRAIN_SECONDS: Final = 120.0
_UNLIMITED: Final = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


async def bring_up(supervisor: Supervisor, made: Plan) -> tuple[dict[str, Role], Engines]:
    """The parts of a stack under a supervisor, with empty topics."""
    await asyncio.to_thread(libraries.resolve, JARS, registry=False)
    for node in range(1, made.brokers + 1):
        await asyncio.to_thread(kafka.prepare, made, node)
    roles = {role.name: role for role in runner.roles(made)}
    await asyncio.gather(*(supervisor.start(role) for role in roles.values()))
    return roles, await asyncio.to_thread(engines.prepare, made.addresses)


class StackCity:
    """Start for a `Demo`, and hands for its faults."""

    def __init__(self, folder: Path) -> None:
        ports = tuple(free_port() for _ in range(3))
        made = plan.free(folder / "stack", JARS, 3)
        self.plan: Plan = made.model_copy(update={"advertised_ports": ports})
        self._proxies = {
            "kafka": [Proxy(*pair) for pair in zip(ports, made.kafka_ports, strict=True)],
            "redis": [Proxy(free_port(), made.redis_port)],
            "clickhouse": [Proxy(free_port(), made.clickhouse_port)],
        }
        self._roles: dict[str, Role] = {}
        self._busy = asyncio.Lock()
        self.demo: Demo | None = None

    async def start(self, supervisor: Supervisor, _: Path) -> Engines:
        for proxy in self._all():
            await proxy.start()
        self._roles, made = await bring_up(supervisor, self.plan)
        return Engines(
            ",".join(f"{HOST}:{proxy.port}" for proxy in self._proxies["kafka"]),
            made.redis.replace(str(self.plan.redis_port), str(self._proxies["redis"][0].port)),
            f"http://{HOST}:{self._proxies['clickhouse'][0].port}",
            embedded=False,
            database=made.database,
        )

    async def stop(self) -> None:
        for proxy in self._all():
            await proxy.stop()

    def _all(self) -> list[Proxy]:
        return [proxy for some in self._proxies.values() for proxy in some]

    def hands(self) -> dict[str, Hand]:
        return {
            "cut": self._cut,
            "slow": self._slow,
            "full": self._full,
            "down": self._down,
            "lose": self._lose,
            "jump": self._jump,
        }

    async def _cut(self, fault: Fault) -> bool:
        for proxy in self._proxies[fault.role]:
            proxy.cut()
        return await self._heal_after(fault)

    async def _slow(self, fault: Fault) -> bool:
        for proxy in self._proxies[fault.role]:
            proxy.slow(SLOW_SECONDS)
        return await self._heal_after(fault)

    async def _heal_after(self, fault: Fault) -> bool:
        await asyncio.sleep(fault.seconds)
        for proxy in self._proxies[fault.role]:
            proxy.heal()
        return True

    async def _full(self, fault: Fault) -> bool:
        """No file of the role may grow: every write fails, as on a full disk. One that was started anew is full too."""
        done = False
        until = time.monotonic() + fault.seconds
        while time.monotonic() < until:
            done = self._limit(fault.role, (0, resource.RLIM_INFINITY)) or done
            await asyncio.sleep(0.1)
        self._limit(fault.role, _UNLIMITED)
        return done

    async def _jump(self, fault: Fault) -> bool:
        """Its clock is wrong, and then right again: a step forward and one back."""
        if not isinstance(self._supervisor, jumping.Jumping):
            raise TypeError("these roles were started with the machine's clock")
        clock = self._supervisor.clock(fault.role)
        jumping.set_wrong(clock, fault.by)
        await asyncio.sleep(fault.seconds)
        clock.unlink(missing_ok=True)
        return True

    def _limit(self, role: str, limits: tuple[int, int]) -> bool:
        pid = self._supervisor.processes().get(role)
        if pid is None:
            return False
        try:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
        except ProcessLookupError:
            return False
        return True

    async def _down(self, fault: Fault) -> bool:
        """Several brokers at once, without loss of their disks: below two a write has no quorum."""
        async with self._busy:
            names = fault.role.split("+")
            await asyncio.gather(*(self.fell(name) for name in names))
            await asyncio.sleep(fault.seconds)
            await asyncio.gather(*(self._supervisor.start(self._roles[name]) for name in names))
        return True

    async def fell(self, name: str) -> None:
        """Dead at once, and not started again by itself."""
        with contextlib.suppress(ProcessLookupError):
            self._supervisor.kill(name, signal.SIGKILL)
        await self._supervisor.stop_role(name)

    async def _lose(self, fault: Fault) -> bool:
        async with self._busy:
            if fault.role == "redis":
                await self._lose_redis()
            else:
                await self._lose_broker(fault.role)
        return True

    async def _lose_broker(self, name: str) -> None:
        """With its disk: it comes back empty and copies everything from the others."""
        node = int(name.rpartition("-")[2])
        await self.fell(name)
        await asyncio.to_thread(shutil.rmtree, kafka.folder(self.plan, node))
        await asyncio.to_thread(kafka.prepare, self.plan, node)
        await self._supervisor.start(self._roles[name])

    async def _lose_redis(self) -> None:
        """As docs/reliability.md tells an operator: workers stop, the sink drains, claims and citizens are made again."""
        await self.fell("redis")
        await self._supervisor.stop_role("processor")
        await asyncio.to_thread(shutil.rmtree, self.plan.data / "redis")
        await self._supervisor.start(runner.claims_role(self.plan))
        await self.rebuild()

    async def rebuild(self, *, replace: bool = False) -> None:
        """Claims from what ClickHouse holds, the citizens from the registry's own source; then a worker."""
        demo = self._demo()
        if demo.plan is None or demo.engines is None or demo.city is None:
            raise RuntimeError("the city never opened")
        await asyncio.to_thread(self._drained)
        url = f"http://{HOST}:{self.plan.clickhouse_port}"
        redis = self.plan.addresses["redis"].rpartition("/")[0] + f"/{engines.REDIS_DATABASE}"
        argv = [sys.executable, "-m", "infra.cli", "claims", "rebuild", "--redis", redis, "--url", url, "--json"]
        argv += ["--replace"] if replace else []
        made = await asyncio.create_subprocess_exec(
            *argv, env={**os.environ, "LIVINGDATA_DATABASE": engines.DATABASE}, stdout=asyncio.subprocess.DEVNULL
        )
        if await made.wait() != 0:
            raise RuntimeError("claims could not be made again")
        await stage.load_citizens(demo.plan, demo.engines, demo.city.registry())
        (worker,) = [role for role in demo.plan.roles(demo.engines) if role.name == "processor"]
        await self._supervisor.start(worker)

    def _drained(self) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            try:
                if Admin(self.plan.bootstrap, seconds=5).lag(settings.SINKS) == 0:
                    return
            except KafkaAway:
                pass
            time.sleep(0.5)
        raise TimeoutError("the sink does not drain")

    def _demo(self) -> Demo:
        if self.demo is None:
            raise RuntimeError("no demo")
        return self.demo

    @property
    def _supervisor(self) -> Supervisor:
        return self._demo().supervisor
