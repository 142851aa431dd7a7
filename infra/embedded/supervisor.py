"""The processes of the city on one machine: started in order, kept alive, ended in reverse, none left behind.

Linux and macOS. On Linux a role also dies with the thread that started it (`PR_SET_PDEATHSIG`), so the supervisor
belongs in a thread that lives as long as the city, as a rule the main one.
"""

import asyncio
import os
import re
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.embedded.process import die_with_parent, free_port, pss_mib, read_last_lines, signal_group, trim_log

__all__ = ["READY_SECONDS", "Role", "RoleFailed", "Supervisor", "free_port", "pss_mib"]

READY_SECONDS = 120.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
# A role that lived this long is well again: its next death is answered with the first pause.
_WELL_SECONDS = 30.0
_POLL_SECONDS = 0.02
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}\Z")


class RoleFailed(Exception):
    """A role ended or stayed silent where it should have become ready; the text quotes the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Role:
    """One process: its argument list, what is added to its environment, and how it shows that it is ready.

    That is a file it writes, or a question asked in a thread until it says yes, or both; without either, starting is
    enough. `restart` False means that its end is an ordinary event, whatever its exit code.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    ready_file: Path | None = None
    ready: Callable[[], bool] | None = None
    restart: bool = True


@dataclass(slots=True)
class _Running:
    role: Role
    log: Path
    process: asyncio.subprocess.Process
    up: asyncio.Event
    watcher: asyncio.Task[None] | None = None
    restarts: int = 0


class Supervisor:
    """Starts and ends roles; logs go to `folder/logs/NAME.log`. Not safe for use from several threads."""

    def __init__(self, folder: Path, *, ready_seconds: float = READY_SECONDS, grace_seconds: float = 15.0) -> None:
        self._logs = folder / "logs"
        self._ready_seconds = ready_seconds
        self._grace_seconds = grace_seconds
        self._running: dict[str, _Running] = {}

    @property
    def restarts(self) -> dict[str, int]:
        """How often each role was started again after an end nobody asked for."""
        return {name: one.restarts for name, one in self._running.items()}

    def processes(self) -> dict[str, int]:
        """Return the process id of each role that runs now."""
        return {name: one.process.pid for name, one in self._running.items() if one.process.returncode is None}

    def exit_code(self, name: str) -> int | None:
        """Return how the role's last process ended (minus the signal's number if by one), None while it runs."""
        return self._running[name].process.returncode

    async def start(self, role: Role) -> None:
        """Start `role` and return when it is ready; raises `RoleFailed` if it is not in time, and then ends it."""
        if _NAME.match(role.name) is None:
            raise ValueError(f"{role.name!r} is no name for a role: letters, digits, dot, dash, underscore")
        if role.name in self._running:
            raise ValueError(f"the role {role.name} is already started")
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{role.name}.log"
        trim_log(log)
        one = _Running(role, log, await _spawn(role, log), asyncio.Event())
        try:
            await self._wait_ready(one)
        except BaseException:
            await self._end(one)
            raise
        self._running[role.name] = one
        one.watcher = asyncio.create_task(self._watch(one), name=f"supervise {role.name}")

    async def wait_up(self, name: str, restarts: int = 0) -> None:
        """Return when the role runs, is ready and has been restarted at least `restarts` times."""
        one = self._running[name]
        while one.restarts < restarts or not one.up.is_set():
            await asyncio.sleep(_POLL_SECONDS)

    async def wait_exit(self, name: str) -> int:
        """Return the exit code of the role's present process when it has ended."""
        return await self._running[name].process.wait()

    def kill(self, name: str, number: signal.Signals) -> None:
        """Send a signal to the role's process and its children; `ProcessLookupError` if it does not run."""
        process = self._running[name].process
        if process.returncode is not None:
            raise ProcessLookupError(f"the role {name} does not run")
        os.killpg(process.pid, number)

    async def stop_role(self, name: str) -> None:
        """End one role for good, as `stop` does."""
        await self._end(self._running.pop(name))

    async def stop(self) -> None:
        """End all roles, the last started first: SIGTERM, and SIGKILL to the group after the grace."""
        while self._running:
            _, one = self._running.popitem()
            await self._end(one)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _wait_ready(self, one: _Running) -> None:
        deadline = asyncio.get_running_loop().time() + self._ready_seconds
        while not await _is_ready(one.role):
            if one.process.returncode is not None:
                raise RoleFailed(self._quote(one, f"ended with {one.process.returncode} before it was ready"))
            if asyncio.get_running_loop().time() > deadline:
                raise RoleFailed(self._quote(one, f"was not ready after {self._ready_seconds:g} s"))
            await asyncio.sleep(_POLL_SECONDS)
        one.up.set()

    async def _watch(self, one: _Running) -> None:
        """Start the role again whenever it ends, with longer pauses while it keeps ending."""
        loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE
        since = loop.time()
        while True:
            await one.process.wait()
            one.up.clear()
            # What it had started itself must not go on without it.
            signal_group(one.process.pid, signal.SIGKILL)
            if not one.role.restart:
                return
            if loop.time() - since > _WELL_SECONDS:
                pause = _FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            since = loop.time()
            try:
                one.process = await _spawn(one.role, one.log)
                one.restarts += 1
                await self._wait_ready(one)
            except OSError:
                continue  # nothing could be started (no memory, no files left); the next turn tries again
            except RoleFailed:
                signal_group(one.process.pid, signal.SIGKILL)

    async def _end(self, one: _Running) -> None:
        if one.watcher is not None:
            one.watcher.cancel()
            await asyncio.gather(one.watcher, return_exceptions=True)
        process = one.process
        if process.returncode is None:
            signal_group(process.pid, signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), self._grace_seconds)
            except TimeoutError:
                signal_group(process.pid, signal.SIGKILL)
                await process.wait()
            signal_group(process.pid, signal.SIGKILL)  # what it had started and left behind

    def _quote(self, one: _Running, what: str) -> str:
        lines = read_last_lines(one.log)
        return f"{one.role.name} {what}; the end of {one.log.name}:\n{lines}" if lines else f"{one.role.name} {what}"


async def _is_ready(role: Role) -> bool:
    if role.ready_file is not None and not role.ready_file.exists():
        return False
    return role.ready is None or await asyncio.to_thread(role.ready)


async def _spawn(role: Role, log: Path) -> asyncio.subprocess.Process:
    if role.ready_file is not None:
        role.ready_file.unlink(missing_ok=True)
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *role.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **role.env},
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )
