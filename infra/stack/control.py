"""Starting, asking and ending a stack that runs on its own, whatever becomes of the shell that started it."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from infra.embedded import redis
from infra.embedded.process import pss_mib, read_last_lines
from infra.embedded.ready import read_ready
from infra.stack import clickhouse, plan, registry
from infra.stack.plan import Plan
from infra.stack.runner import READY_SECONDS, command
from runtime import admin

_POLL_SECONDS: Final = 0.1
_STOP_SECONDS: Final = 60.0


class StackFailed(Exception):
    """It did not start or end; says why and quotes the log."""


@dataclass(frozen=True, slots=True)
class Status:
    """What of a stack answers. `memory_mib` counts shared pages once."""

    running: bool
    addresses: dict[str, str]
    answers: dict[str, bool]
    memory_mib: int


def start(wanted: Plan, ready_seconds: float = READY_SECONDS) -> dict[str, str]:
    """Start a stack and give its addresses when all parts answer; the running one's if it is the same plan. Each part has
    `ready_seconds` to become ready."""
    if _process(wanted.data) is not None:
        if plan.load(wanted.data) != wanted:
            raise StackFailed("another stack runs on this folder: stop it first")
        return read_ready(wanted.ready_file)
    wanted.save()
    log = wanted.data / "logs" / "stack.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command(wanted, ready_seconds),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    while not wanted.ready_file.exists():
        if process.poll() is not None:
            raise StackFailed(f"the stack did not start:\n{read_last_lines(log)}")
        time.sleep(_POLL_SECONDS)
    return read_ready(wanted.ready_file)


def stop(data: Path) -> bool:
    """End the stack of a folder; False where none runs."""
    process = _process(data)
    if process is None:
        return False
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except psutil.TimeoutExpired:
        raise StackFailed(f"the stack still runs {_STOP_SECONDS:g} s after it was told to end") from None
    return True


def status(data: Path) -> Status:
    """Ask each part."""
    process = _process(data)
    if process is None:
        return Status(False, {}, {}, 0)
    running = plan.load(data)
    answers = {
        f"kafka-{node}": admin.count_brokers(f"{plan.HOST}:{port}") == running.brokers
        for node, port in enumerate(running.kafka_ports, 1)
    }
    answers["redis"] = redis.answers(running.redis_port)
    answers["clickhouse"] = clickhouse.answers(running)
    if running.registry_port is not None:
        answers["registry"] = registry.answers(running)
    return Status(True, running.addresses, answers, round(pss_mib([process.pid])))


def _process(data: Path) -> psutil.Process | None:
    """The runner of this folder if it lives: the same number *and* the same birth."""
    try:
        said = read_ready(data / "ready.json")
        process = psutil.Process(int(said["pid"]))
        return process if str(process.create_time()) == said["born"] else None
    except (OSError, KeyError, ValueError, psutil.NoSuchProcess):
        return None
