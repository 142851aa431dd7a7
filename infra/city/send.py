"""Sends a city's messages to adapters: files into watched folders, HL7 over MLLP, FHIR by HTTP, images by C-STORE.

Answers are checked.

Every message is entered in the books before it leaves. After a broken connection the very same bytes go out again
until they are answered: a retransmission, of which the books expect nothing new.
"""

import asyncio
import os
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.city.books import Books
from infra.city.folder import drop
from infra.city.line import Answer, Line
from infra.city.message import REFUSED, Message
from infra.city.mllp import Connection

_POLL: Final = 0.02
_RETRY: Final = 0.2
_QUEUE: Final = 8
_CONNECTIONS: Final = 3
"""HTTP connections of a hospital. All of one visit goes over the same one, so that it comes in order."""
_BURST: Final = 1.0
"""Seconds of pace that a stall may be caught up with."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Where each facility's messages go: watched folder, (host, port) of its MLLP listener, base URL of its FHIR service,
    (host, port) of its C-STORE listener. What has no listener of its dialect, or cannot go over it, goes to the folder.
    """

    folders: Mapping[str, Path]
    listeners: Mapping[str, tuple[str, int]]
    services: Mapping[str, str] = field(default_factory=dict)
    stores: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def way(self, message: Message) -> str:
        """Messages of the same facility and way are told one after the other."""
        if message.dialect == "hl7v2":
            return "mllp"
        if message.dialect == "fhir" and message.facility in self.services:
            return f"http {zlib.crc32(message.visit.encode()) % _CONNECTIONS}"
        # A file that was cut names no instance: it comes as one, not from a modality.
        if message.dialect == "dicom" and message.facility in self.stores and message.expected != REFUSED:
            return "store"
        return f"folder {message.dialect}"

    def line(self, facility: str, way: str, timeout: float) -> Line | None:
        """None: a folder. The libraries of HTTP and DICOM are loaded for who speaks them."""
        if way == "mllp":
            return Connection(*self.listeners[facility], timeout)
        if way.startswith("http"):
            from infra.city.http import Posting

            return Posting(self.services[facility], timeout)
        if way == "store":
            from infra.city.modality import Modality

            return Modality(*self.stores[facility], timeout)
        return None


@dataclass(slots=True)
class Tally:
    """What was sent. `unanswered` messages were still without an answer when sending ended."""

    messages: int = 0
    parts: int = 0
    retransmissions: int = 0
    resent: int = 0
    refused_for_now: int = 0
    answers_differ: int = 0
    unanswered: int = 0
    differing: list[tuple[str, str]] = field(default_factory=list)
    """The first few (expected, given) codes."""


class Sender:
    """Sends until `stop`, a deadline or the end of `messages`. `rate` in parts a second, 0 for no pacing.

    `waiting` bounds the files in a folder; each connection has one message outstanding. A message that was begun is finished: it gets `grace` seconds more to be answered.
    """

    def __init__(
        self,
        messages: Iterator[Message],
        books: Books,
        targets: Targets,
        *,
        rate: float = 0.0,
        waiting: int = 20,
        timeout: float = 10.0,
        grace: float = 30.0,
        on_sent: Callable[[Message], None] | None = None,
    ) -> None:
        self._messages = messages
        self._books = books
        self._targets = targets
        self._rate = rate
        self._waiting = waiting
        self._timeout = timeout
        self._grace = grace
        self._on_sent = on_sent
        self._stop = asyncio.Event()
        self._queues: dict[tuple[str, str], asyncio.Queue[Message | None]] = {}
        self.tally: Final = Tally()

    def stop(self) -> None:
        self._stop.set()

    async def run(self, seconds: float | None = None) -> Tally:
        """Send for `seconds`, or until `stop()`. What an adapter did in the world is for others to ask."""
        loop = asyncio.get_running_loop()
        timer = loop.call_later(seconds, self.stop) if seconds is not None else None
        try:
            async with asyncio.TaskGroup() as workers:
                await self._pump(workers)
                for queue in self._queues.values():
                    await queue.put(None)
        finally:
            if timer is not None:
                timer.cancel()
        return self.tally

    async def _pump(self, workers: asyncio.TaskGroup) -> None:
        due = time.monotonic()
        for message in self._messages:
            if self._rate > 0:
                due = max(due, time.monotonic() - _BURST) + len(message.expected) / self._rate
                await self._pause(due - time.monotonic())
            else:
                await asyncio.sleep(0)
            if self._stop.is_set() or not await self._hand_over(message, workers):
                return

    async def _hand_over(self, message: Message, workers: asyncio.TaskGroup) -> bool:
        """Queue it for its hospital; False where sending stopped before there was room."""
        key = (message.facility, self._targets.way(message))
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = asyncio.Queue(_QUEUE)
            line = self._targets.line(*key, self._timeout)
            workers.create_task(self._files(key[0], queue) if line is None else self._talk(line, queue))
        while queue.full():
            if self._stop.is_set():
                return False
            await self._pause(_POLL)
        queue.put_nowait(message)
        return True

    async def _pause(self, seconds: float) -> None:
        """Sleep, but no longer than until the stop."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return

    def _begin(self, message: Message) -> bool:
        """Into the books, unless sending has stopped: what was not begun was never decided."""
        if self._stop.is_set():
            return False
        self._books.decide(message)
        return True

    def _done(self, message: Message) -> None:
        self.tally.messages += 1
        self.tally.parts += len(message.expected)
        self.tally.retransmissions += message.retransmission
        if self._on_sent is not None:
            self._on_sent(message)

    async def _files(self, facility: str, queue: asyncio.Queue[Message | None]) -> None:
        folder = self._targets.folders[facility]
        last = 0
        while (message := await queue.get()) is not None:
            while not self._stop.is_set() and _count(folder) >= self._waiting:
                await self._pause(_POLL)
            if self._begin(message):
                last = drop(folder, message, last)
                self._done(message)

    async def _talk(self, line: Line, queue: asyncio.Queue[Message | None]) -> None:
        try:
            while (message := await queue.get()) is not None:
                if self._begin(message):
                    await self._say(line, message)
                    self._done(message)
        finally:
            await line.close()

    async def _say(self, line: Line, message: Message) -> None:
        """The same bytes until there is an answer."""
        patience: float | None = None
        while True:
            try:
                answer = await line.ask(message)
            except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
                await line.close()
                self.tally.resent += 1
            else:
                if not answer.not_now:
                    self._check(answer)
                    return
                self.tally.refused_for_now += 1
            if self._stop.is_set():
                patience = patience or time.monotonic() + self._grace
                if time.monotonic() > patience:
                    self.tally.unanswered += 1
                    return
                await asyncio.sleep(_RETRY)
            else:
                await self._pause(_RETRY)

    def _check(self, answer: Answer) -> None:
        if answer.good:
            return
        self.tally.answers_differ += 1
        if len(self.tally.differing) < 10:
            self.tally.differing.append((answer.wanted, answer.given))


def _count(folder: Path) -> int:
    with os.scandir(folder) as entries:
        return sum(1 for entry in entries if "." in entry.name[1:] and not entry.name.startswith("."))
