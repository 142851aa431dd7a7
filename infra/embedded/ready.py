"""How an embedded engine tells its supervisor that it is ready: one JSON object, written whole or not at all."""

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path

_MOST_BYTES = 64 * 1024


def write_ready(path: Path, facts: Mapping[str, str]) -> None:
    """Write `facts` to `path` atomically, so that a reader never sees half of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(dict(facts)) + "\n", encoding="utf-8")
    partial.replace(path)


def read_ready(path: Path) -> dict[str, str]:
    """Return what a ready file says; `ValueError` if it is not an object of strings, `OSError` if it is not there."""
    with path.open("rb") as file:
        found = json.loads(file.read(_MOST_BYTES))
    if not isinstance(found, dict):
        raise ValueError(f"{path} does not hold a JSON object")
    return {str(name): str(value) for name, value in found.items()}


def wait_for_stop() -> None:
    """Sleep, without using the processor, until SIGTERM or SIGINT arrives."""
    wanted = {signal.SIGTERM, signal.SIGINT}
    # A handler keeps a signal that came before the mask from ending the process; the mask keeps the next for sigwait.
    signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
    signal.sigwait(wanted)
