"""A role whose clock can be set: `python -m tests.faults.jumping FILE adapter run …` is `livingdata adapter run …`.

FILE holds by how many seconds the role's clock is wrong, and may change at any time; where it is not there the clock is
right. All roles take the time from one place (`runtime.clock`), and that asks `time.time_ns`. What is compiled (SQLite,
librdkafka) and what measures a duration is not touched. No library is preloaded, so it needs nothing but Python.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from infra.embedded.supervisor import Role, Supervisor

ROLES: Final = ("adapter", "processor", "sink")


def jumped(file: Path, real: Callable[[], int]) -> Callable[[], int]:
    """The wrong clock, in nanoseconds."""

    def time_ns() -> int:
        try:
            return real() + int(float(file.read_text()) * 1e9)
        except FileNotFoundError:
            return real()

    return time_ns


def set_wrong(file: Path, seconds: float) -> None:
    """At once: a reader sees the old or the new number."""
    new = file.with_suffix(".new")
    new.write_text(f"{seconds}")
    new.replace(file)


class Jumping(Supervisor):
    """Starts the house's roles with clocks that can be set, each by the file that `clock` names."""

    def __init__(self, folder: Path, ready_seconds: float) -> None:
        super().__init__(folder, ready_seconds=ready_seconds)
        self._folder = folder

    def clock(self, role: str) -> Path:
        return self._folder / f"{role}.clock"

    async def start(self, role: Role) -> None:
        if role.name in ROLES:
            at = role.argv.index("infra.cli")
            argv = [*role.argv[:at], "tests.faults.jumping", str(self.clock(role.name)), *role.argv[at + 1 :]]
            role = replace(role, argv=argv)
        await super().start(role)


def main() -> None:
    file = Path(sys.argv.pop(1))
    time.time_ns = jumped(file, time.time_ns)
    from infra.cli import main as command

    command()


if __name__ == "__main__":
    main()
