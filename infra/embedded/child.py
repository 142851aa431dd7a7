"""One server as a child process for as long as a `with` block: what tests and small programs use."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.embedded.process import die_with_parent, read_last_lines

_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.02


class Child:
    """A child process with its output in a log; subclasses say how to start it and when it is ready."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; `RuntimeError` if it does not run."""
        if self._process is None:
            raise RuntimeError("the server is not open")
        return self._process.pid

    def open(self) -> None:
        """Start the process and return when it is ready; subclasses must say how."""
        raise NotImplementedError

    def run(self, argv: Sequence[str], is_ready: Callable[[], bool], within_seconds: float = _START_SECONDS) -> None:
        """Start `argv` and wait; `RuntimeError` with the end of its log if it is not ready in time."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(),
            )
        deadline = time.monotonic() + within_seconds
        while not is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.close()
                raise RuntimeError(f"the server did not start:\n{read_last_lines(self._log)}")
            time.sleep(_POLL_SECONDS)

    def end(self, number: signal.Signals) -> int | None:
        """End the process with a signal, SIGKILL after 15 s, and return its exit code; None if it did not run."""
        process, self._process = self._process, None
        if process is None:
            return None
        process.send_signal(number)
        try:
            return process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def close(self) -> None:
        """End the process, SIGTERM first; calling it again is harmless."""
        self.end(signal.SIGTERM)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
