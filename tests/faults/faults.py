"""Faults for a running city: which process, when, and what is done to it. All of it follows from a seed."""

import asyncio
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from infra.embedded.supervisor import Supervisor

KILLED: Final = ("adapter", "processor", "sink", "clickhouse")
PAUSED: Final = (*KILLED, "redis", "kafka")
"""The embedded broker lives in memory: killing it would take its data along, so it is only ever stopped for a while."""
LONGEST_PAUSE: Final = 12.0
"""Seconds; longer than the workers' session (10 s), so that a stopped member is thrown out of its group."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`at` seconds after sending began; `seconds` is for how long the process is stopped."""

    at: float
    role: str
    what: Literal["kill", "pause"]
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.at:.1f} s {self.what} {self.role}" + (f" {self.seconds:.1f} s" if self.seconds else "")


def plan(seed: int, sending: float) -> list[Fault]:
    """Two to four faults while the city sends. One round in four kills Redis too."""
    chance = random.Random(seed)
    faults = [_one(chance, sending) for _ in range(chance.randint(2, 4))]
    if seed % 4 == 0:
        faults.append(Fault(round(chance.uniform(1, sending), 1), "redis", "kill"))
    return sorted(faults, key=lambda fault: fault.at)


def _one(chance: random.Random, sending: float) -> Fault:
    at = round(chance.uniform(0.5, sending), 1)
    if chance.random() < 0.6:
        return Fault(at, chance.choice(KILLED), "kill")
    return Fault(at, chance.choice(PAUSED), "pause", round(chance.uniform(1, LONGEST_PAUSE), 1))


async def inflict(supervisor: Supervisor, faults: list[Fault]) -> list[str]:
    """Do all of them at their times; tells what was done. A process that is down just then is spared."""
    return list(await asyncio.gather(*(_inflict(supervisor, fault) for fault in faults)))


async def _inflict(supervisor: Supervisor, fault: Fault) -> str:
    await asyncio.sleep(fault.at)
    if fault.what == "kill":
        return _done(fault, _signal(supervisor, fault.role, signal.SIGKILL))
    done = _signal(supervisor, fault.role, signal.SIGSTOP)
    try:
        await asyncio.sleep(fault.seconds)
    finally:
        _signal(supervisor, fault.role, signal.SIGCONT)
    return _done(fault, done)


def _done(fault: Fault, done: bool) -> str:
    return str(fault) if done else f"{fault} (was down)"


def _signal(supervisor: Supervisor, role: str, number: signal.Signals) -> bool:
    try:
        supervisor.kill(role, number)
    except ProcessLookupError:
        return False
    return True


def seeds(first: int, rounds: int) -> Iterator[int]:
    return iter(range(first, first + rounds))
