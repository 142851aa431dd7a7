"""Small things about processes of the operating system: ports, memory, process groups, logs."""

import ctypes
import os
import random
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

_PORTS = (15_000, 32_000)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LOG_BYTES = 16 * 1024 * 1024
_QUOTED_BYTES = 4096
_QUOTED_LINES = 20


def free_port() -> int:
    """Return a loopback TCP port that was free a moment ago; another program may take it before it is used.

    Below the range from which systems give ports to outgoing connections: of the dozens that a city opens, some would
    take it before the listener is there.
    """
    while True:
        port = random.randrange(*_PORTS)  # noqa: S311 - any will do
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def pss_mib(pids: Iterable[int]) -> float:
    """Return the memory of `pids` and all their descendants in MiB, shared pages counted once (PSS).

    Linux: `smaps_rollup`; elsewhere the resident size stands in. A process that has ended counts nothing.
    """
    family: dict[int, psutil.Process] = {}
    for pid in pids:
        try:
            process = psutil.Process(pid)
            family[pid] = process
            family.update((child.pid, child) for child in process.children(recursive=True))
        except psutil.Error:
            continue
    return sum(_pss_bytes(process) for process in family.values()) / (1024 * 1024)


def _pss_bytes(process: psutil.Process) -> int:
    try:
        if sys.platform != "linux":
            return int(process.memory_info().rss)
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, psutil.Error):
        pass
    return 0


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to a process group; a group that is gone already is no error."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        # macOS answers PermissionError for a group of which only a zombie is left.
        return


def die_with_parent() -> Callable[[], None] | None:
    """Return what a child runs between fork and exec so that it dies with its parent; None where there is no such."""
    if sys.platform != "linux":
        return None
    # All that needs the import system or an allocation happens here, before the fork.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()
    number = int(signal.SIGKILL)

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # it died before the call above
            os._exit(1)

    return tie


def trim_log(path: Path) -> None:
    """Put a log past 16 MiB aside as `NAME.log.1`, in place of the one before it."""
    if path.exists() and path.stat().st_size > _LOG_BYTES:
        path.replace(path.with_name(path.name + ".1"))


def read_last_lines(path: Path) -> str:
    """Return the last 20 lines of a log, at most 4 KiB; empty if there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _QUOTED_BYTES))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-_QUOTED_LINES:])
