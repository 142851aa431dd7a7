"""Mended messages on their way: an outbox of their own, its publisher, and a wait until the broker has everything.

Made for a command that ends, not for a role: one thread takes, the publisher's sends. What the broker has not taken when
it gives up stays in the outbox and is sent first the next time.
"""

import queue
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from producers.adapter import Feed, Incoming, Receipt
from producers.adapters import DIALECTS
from producers.event import Keys
from producers.outbox import Outbox
from producers.publish import Publisher
from producers.replay import TOLD
from runtime.clock import now_ms
from runtime.window import Window
from schemas.numbers import REPLAY, replay_adapter

MAX_BYTES: Final = 1 << 30
GIVE_UP_SECONDS: Final = 60.0
BEAT_SECONDS: Final = 10.0


class Undelivered(RuntimeError):
    """The broker has not taken everything; it stays in the outbox. Holds how many records wait."""


class ReplaySender:
    """Raises OutboxInUse where another replay works in the folder, sqlite3.Error where the disk fails."""

    def __init__(
        self, folder: Path, keys: Mapping[str, Keys], bootstrap: str, *, limit: int, window: Window | None = None
    ) -> None:
        self._outbox = Outbox(folder, keys, dict.fromkeys(DIALECTS, TOLD), limit=limit, max_bytes=MAX_BYTES)
        self._feeds = [Feed(replay_adapter(facility), facility, REPLAY, REPLAY) for facility in keys]
        self._delivered: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
        self._broken: list[BaseException] = []
        self._publisher = Publisher(self._outbox, bootstrap, REPLAY, self._delivered.put, self._broken.append, window)

    @property
    def incarnation(self) -> str:
        return self._outbox.incarnation

    def __enter__(self) -> Self:
        self._publisher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._publisher.stop(5)
        self._settle()
        self._beat()
        self._publisher.flush(5)
        self._outbox.close()

    def take(self, batch: Sequence[Incoming]) -> list[Receipt]:
        """A receipt each; durable, not yet delivered. The same message taken again gets its first receipt."""
        return self._outbox.take(batch, self._arrived())

    def deliver(self, seconds: float = GIVE_UP_SECONDS) -> None:
        """Return when the broker has everything that was taken, by this command or one before. Raises Undelivered."""
        deadline, beat = time.monotonic() + seconds, time.monotonic() + BEAT_SECONDS
        while waiting := self._settle():
            if self._broken:
                raise self._broken[0]
            if time.monotonic() > deadline:
                raise Undelivered(waiting)
            if time.monotonic() > beat:
                beat += BEAT_SECONDS
                self._beat()
            time.sleep(0.02)

    def _arrived(self) -> Iterable[int]:
        found: list[int] = []
        while not self._delivered.empty():
            found += self._delivered.get()
        return found

    def _settle(self) -> int:
        """What the broker has leaves the outbox; how many records wait."""
        self._outbox.take([], self._arrived())
        return sum(int(pulse["outbox_depth"]) for pulse in self._outbox.pulse(self._feeds, now_ms()))

    def _beat(self) -> None:
        """Tell the ledger how far it came: each facility that anything was ever taken for."""
        for pulse in self._outbox.pulse(self._feeds, now_ms()):
            if pulse["taken"]:
                self._publisher.heartbeat(pulse, lambda: None)
