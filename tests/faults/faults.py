"""Faults for a running city: what, to which process, when. All of it follows from a seed."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from infra.embedded.supervisor import Supervisor

KILLED: Final = ("adapter", "processor", "sink", "clickhouse")
PAUSED: Final = (*KILLED, "redis", "kafka")
"""The embedded broker lives in memory: killing it would take its data along, so it is only ever stopped for a while."""
LONGEST_PAUSE: Final = 12.0
"""Seconds; longer than the workers' session (10 s), so that a stopped member is thrown out of its group."""

BROKERS: Final = ("kafka-1", "kafka-2", "kafka-3")
NETWORKS: Final = ("kafka", "redis", "clickhouse")
LONGEST_CUT: Final = 8.0
CLOCKS: Final = ("adapter", "processor", "sink")
LARGEST_JUMP: Final = 300.0
"""Seconds. Beyond ten minutes a document's own times are cut to the adapter's clock, so that it is another document."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`at` seconds after sending began; `seconds` is how long it lasts, 0 where it is over at once; `by` is how many
    seconds a clock is wrong meanwhile."""

    at: float
    role: str
    what: str
    seconds: float = 0.0
    by: float = 0.0

    def __str__(self) -> str:
        lasts = f" {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.at:.1f} s {self.what} {self.role}{lasts}" + (f" by {self.by:+.0f} s" if self.by else "")


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


def plan_stack(seed: int, sending: float) -> list[Fault]:
    """For three real brokers: two small faults, and by turns one of the large ones."""
    chance = random.Random(seed)
    faults = [_small(chance, sending) for _ in range(2)]
    at = round(chance.uniform(1, sending / 2), 1)
    large = (
        Fault(at, "redis", "kill"),
        Fault(at, chance.choice(BROKERS), "lose"),
        Fault(at, "redis", "lose"),
        Fault(at, "+".join(chance.sample(BROKERS, 2)), "down", round(chance.uniform(3, LONGEST_CUT), 1)),
    )
    return sorted([*faults, large[seed % len(large)]], key=lambda fault: fault.at)


def _small(chance: random.Random, sending: float) -> Fault:
    at, seconds = round(chance.uniform(0.5, sending), 1), round(chance.uniform(2, LONGEST_CUT), 1)
    what = chance.choice(("kill", "kill", "pause", "cut", "slow", "full", "jump"))
    if what == "kill":
        return Fault(at, chance.choice((*KILLED, *BROKERS)), what)
    if what == "full":
        return Fault(at, "adapter", what, seconds)
    if what == "jump":
        return Fault(at, chance.choice(CLOCKS), what, seconds, round(chance.uniform(-LARGEST_JUMP, LARGEST_JUMP)))
    of = (*KILLED, "redis", *BROKERS) if what == "pause" else NETWORKS
    return Fault(at, chance.choice(of), what, seconds)


Hand = Callable[[Fault], Awaitable[bool]]
"""Does a fault from its beginning to its end; False where there was nothing to do it to."""


async def inflict(
    supervisor: Supervisor, faults: list[Fault], hands: Mapping[str, Hand] | None = None, over: Hand | None = None
) -> list[str]:
    """Do all of them at their times; tells what was done. A process that is down just then is spared.

    `hands` do what is no signal; `over` is called when one ends and no other goes on.
    """
    going: list[Fault] = []
    known: dict[str, Hand] = {
        "kill": lambda fault: _kill(supervisor, fault),
        "pause": lambda fault: _pause(supervisor, fault),
        **(hands or {}),
    }
    return list(await asyncio.gather(*(_inflict(known[fault.what], fault, going, over) for fault in faults)))


async def _inflict(hand: Hand, fault: Fault, going: list[Fault], over: Hand | None) -> str:
    await asyncio.sleep(fault.at)
    going.append(fault)
    done = await hand(fault)
    going.remove(fault)
    if done and over is not None and not going:
        await over(fault)
    return str(fault) if done else f"{fault} (was down)"


async def _kill(supervisor: Supervisor, fault: Fault) -> bool:
    return _signal(supervisor, fault.role, signal.SIGKILL)


async def _pause(supervisor: Supervisor, fault: Fault) -> bool:
    done = _signal(supervisor, fault.role, signal.SIGSTOP)
    try:
        await asyncio.sleep(fault.seconds)
    finally:
        _signal(supervisor, fault.role, signal.SIGCONT)
    return done


def _signal(supervisor: Supervisor, role: str, number: signal.Signals) -> bool:
    try:
        supervisor.kill(role, number)
    except (ProcessLookupError, KeyError):
        return False
    return True


def seeds(first: int, rounds: int) -> Iterator[int]:
    return iter(range(first, first + rounds))
