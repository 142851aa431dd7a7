"""The serving loop: listeners hand messages over; one thread stores all that wait in one transaction, then answers.

listener --take()--> queue --> writing thread: outbox.take(all waiting) --> receipts --> listeners answer
                                    ^ delivered ids, heartbeats            publisher --> Kafka
"""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from producers.adapter import Feed, Incoming, Receipt
from producers.outbox import Outbox
from producers.pace import Pace
from producers.publish import Publisher
from runtime import logs, telemetry
from runtime.clock import now_ms
from runtime.window import Window

GROUP: Final = 500
"""Most messages in one transaction."""
HEARTBEAT_MS: Final = 10_000
PURGE_MS: Final = 600_000
LAST_BEAT_SECONDS: Final = 1.0

log = logs.get("serve")

_Item = TypeVar("_Item")
_Job = tuple[Incoming, "asyncio.Future[Receipt]"]


class Server:
    """Takes messages for all feeds of one outbox. `take` may be called from the loop it was made in. `lane` is what
    metrics call it where a process has two; `pace` the most records of one feed that go to Kafka in a second."""

    def __init__(
        self,
        outbox: Outbox,
        feeds: Sequence[Feed],
        bootstrap: str,
        name: str,
        window: Window | None = None,
        lane: str = "outbox",
        pace: float = 0,
    ) -> None:
        self._lane = lane
        self._outbox, self._feeds = outbox, feeds
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._delivered: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
        self._silent: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()
        self._publisher = Publisher(outbox, bootstrap, name, self._on_delivered, self._on_failed, window, Pace(pace))
        self._loop = asyncio.get_running_loop()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write, name="outbox", daemon=True)
        self.failed: asyncio.Future[None] = self._loop.create_future()
        """Ends with the exception that ended one of the threads: nothing is taken or sent any more, so leave."""

    def start(self) -> None:
        self._thread.start()
        self._publisher.start()

    async def take(self, incoming: Incoming) -> Receipt:
        """The receipt, when the message is durable. Order is kept for callers that wait one after another.

        Where nobody stores any more (the end, or a thread that failed) nothing is taken, as if the outbox were full.
        """
        future: asyncio.Future[Receipt] = self._loop.create_future()
        self._jobs.put((incoming, future))
        if self._ended.is_set():
            self._refuse_waiting()
        return await future

    async def take_all(self, batch: Sequence[Incoming]) -> list[Receipt]:
        """The same for the messages of one file, in order, in as few transactions as may be."""
        return list(await asyncio.gather(*(self.take(incoming) for incoming in batch)))

    async def stop(self, timeout: float = 10.0, *, ended: bool = False) -> None:
        """Store what was handed over, send what waits and may go, beat once more: in `timeout` seconds and the moment that
        the last beat needs. `ended`: the feeds will not be heard of again, and are not to be called silent."""
        deadline = time.monotonic() + timeout
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join, timeout)
        await asyncio.to_thread(self._publisher.stop, max(0.0, deadline - time.monotonic()))
        self._tend(self._settle)
        self._tend(lambda: self._beat(ended=ended))  # last, so that it tells how far everything came
        await asyncio.to_thread(
            self._publisher.flush, max(min(timeout, LAST_BEAT_SECONDS), deadline - time.monotonic())
        )
        self._tend(self._settle)
        self._outbox.close()
        self.failed.cancel()

    def _on_delivered(self, ids: list[int]) -> None:
        self._delivered.put(ids)

    def _on_failed(self, error: BaseException) -> None:
        def tell() -> None:
            if not self.failed.done():
                self.failed.set_exception(error)

        self._loop.call_soon_threadsafe(tell)

    def _write(self) -> None:
        try:
            self._work()
        except BaseException as error:  # a panic of a compiled library is no Exception; unseen it would be the end
            self._on_failed(error)
        finally:
            self._ended.set()
            self._refuse_waiting()

    def _refuse_waiting(self) -> None:
        left = [job for job in _drain(self._jobs) if job is not None]
        if left:
            self._loop.call_soon_threadsafe(_answer, left, [Receipt(None, full=True)] * len(left))

    def _work(self) -> None:
        next_beat, next_purge = 0, now_ms() + PURGE_MS
        while True:
            batch, ended = self._wait()
            self._store(batch)
            self._tend(self._settle_silent)
            now = now_ms()
            if now >= next_beat:
                next_beat = now + HEARTBEAT_MS
                self._tend(self._beat)
            if now >= next_purge:
                next_purge = now + PURGE_MS
                self._tend(lambda now=now: self._outbox.purge(now))  # type: ignore[misc]
            if ended:
                return

    def _tend(self, do: Callable[[], None]) -> None:
        """What may be done later where the disk fails now."""
        try:
            do()
        except sqlite3.Error as error:
            log.error("outbox_failed", error=error, mend="check the disk")

    def _wait(self) -> tuple[list[_Job], bool]:
        """All jobs that wait now, at most GROUP; an empty list after 50 ms without any."""
        batch: list[_Job] = []
        try:
            job = self._jobs.get(timeout=0.05)
            while job is not None:
                batch.append(job)
                if len(batch) >= GROUP:
                    return batch, False
                job = self._jobs.get_nowait()
        except queue.Empty:
            return batch, False
        return batch, True

    def _store(self, batch: list[_Job]) -> None:
        delivered = _drain(self._delivered)
        if not batch and not delivered:
            self._went_on()
            return
        receipts = [Receipt(None, full=True) for _ in batch]  # unless they are stored
        try:
            receipts = self._outbox.take([incoming for incoming, _ in batch], [id_ for ids in delivered for id_ in ids])
            self._went_on()
        except sqlite3.Error as error:
            log.error(
                "outbox_write_failed", error=error, mend="check the disk; new messages are refused until it is well"
            )
            for ids in delivered:
                self._delivered.put(ids)
        finally:
            if batch:
                self._loop.call_soon_threadsafe(_answer, batch, receipts)

    def _went_on(self) -> None:
        """A quiet hospital is no stuck adapter; one whose disk refuses is."""
        telemetry.PROGRESS.labels(self._lane).set(now_ms() / 1000)

    def _settle_silent(self) -> None:
        done = dict(_drain(self._silent))
        if done:
            self._outbox.forget_silent(done)

    def _settle(self) -> None:
        """After the publisher ended: what arrived at the last moment leaves the outbox too."""
        delivered = [id_ for ids in _drain(self._delivered) for id_ in ids]
        self._outbox.take([], delivered)
        self._settle_silent()

    def _beat(self, *, ended: bool = False) -> None:
        pulses = self._outbox.pulse(self._feeds, now_ms(), ended=ended)
        telemetry.OUTBOX_DEPTH.labels(self._lane).set(sum(pulse["outbox_depth"] for pulse in pulses))
        telemetry.OUTBOX_AGE.labels(self._lane).set(max((pulse["outbox_age"] for pulse in pulses), default=0) / 1000)
        for pulse in pulses:
            last = max((line["last"] for line in pulse["silent"]), default=0)
            name = pulse["adapter_id"]
            self._publisher.heartbeat(pulse, lambda name=name, last=last: self._silent.put((name, last)))  # type: ignore[misc]


def _answer(batch: list[_Job], receipts: list[Receipt]) -> None:
    for (_, future), receipt in zip(batch, receipts, strict=True):
        if not future.done():
            future.set_result(receipt)


def _drain(source: "queue.SimpleQueue[_Item]") -> list[_Item]:
    out: list[_Item] = []
    try:
        while True:
            out.append(source.get_nowait())
    except queue.Empty:
        return out
