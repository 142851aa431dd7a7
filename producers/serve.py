"""The serving loop: listeners hand messages over; one thread stores all that wait in one transaction, then answers.

listener --take()--> queue --> writing thread: outbox.take(all waiting) --> receipts --> listeners answer
                                    ^ delivered ids, heartbeats            publisher --> Kafka
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Sequence
from typing import Final, TypeVar

from producers.adapter import Feed, Incoming, Receipt
from producers.outbox import Outbox
from producers.publish import Publisher
from runtime import logs, telemetry
from runtime.clock import now_ms
from runtime.window import Window

GROUP: Final = 500
"""Most messages in one transaction."""
HEARTBEAT_SECONDS: Final = 10.0
PURGE_MS: Final = 600_000

log = logs.get("serve")

_Item = TypeVar("_Item")
_Job = tuple[Incoming, "asyncio.Future[Receipt]"]


class Server:
    """Takes messages for all feeds of one adapter process. `take` may be called from the loop it was made in."""

    def __init__(
        self, outbox: Outbox, feeds: Sequence[Feed], bootstrap: str, name: str, window: Window | None = None
    ) -> None:
        self._outbox, self._feeds = outbox, feeds
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._delivered: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
        self._silent: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()
        self._publisher = Publisher(outbox, bootstrap, name, self._on_delivered, self._on_failed, window)
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._write, name="outbox", daemon=True)
        self.failed: asyncio.Future[None] = self._loop.create_future()
        """Ends with the exception that ended one of the threads: nothing is taken or sent any more, so leave."""

    def start(self) -> None:
        self._thread.start()
        self._publisher.start()

    async def take(self, incoming: Incoming) -> Receipt:
        """The receipt, when the message is durable. Order is kept for callers that wait one after another."""
        future: asyncio.Future[Receipt] = self._loop.create_future()
        self._jobs.put((incoming, future))
        return await future

    async def take_all(self, batch: Sequence[Incoming]) -> list[Receipt]:
        """The same for the messages of one file, in order, in as few transactions as may be."""
        return list(await asyncio.gather(*(self.take(incoming) for incoming in batch)))

    async def stop(self, timeout: float = 10.0) -> None:
        """Store what was handed over, send what can be sent, beat once more."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join, timeout)
        await asyncio.to_thread(self._publisher.stop, timeout)
        self._settle()
        self._beat()  # last, so that it tells how far everything came
        await asyncio.to_thread(self._publisher.flush, timeout)
        self._settle()
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
        except Exception as error:
            self._on_failed(error)

    def _work(self) -> None:
        next_beat, next_purge = 0.0, now_ms() + PURGE_MS
        while True:
            batch, ended = self._wait()
            self._store(batch)
            now = now_ms()
            if now / 1000 >= next_beat:
                self._beat()
                next_beat = now / 1000 + HEARTBEAT_SECONDS
            if now >= next_purge:
                self._outbox.purge(now)
                next_purge = now + PURGE_MS
            if ended:
                return

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
            self._settle_silent()
            return
        try:
            receipts = self._outbox.take([incoming for incoming, _ in batch], [id_ for ids in delivered for id_ in ids])
        except sqlite3.Error as error:
            log.error(
                "outbox_write_failed", error=error, mend="check the disk; new messages are refused until it is well"
            )
            for ids in delivered:
                self._delivered.put(ids)
            receipts = [Receipt(None, full=True) for _ in batch]
        self._settle_silent()
        telemetry.PROGRESS.labels("outbox").set(now_ms() / 1000)
        if batch:
            self._loop.call_soon_threadsafe(_answer, batch, receipts)

    def _settle_silent(self) -> None:
        done = dict(_drain(self._silent))
        if done:
            self._outbox.forget_silent(done)

    def _settle(self) -> None:
        """After the publisher ended: what arrived at the last moment leaves the outbox too."""
        delivered = [id_ for ids in _drain(self._delivered) for id_ in ids]
        self._outbox.take([], delivered)
        self._settle_silent()

    def _beat(self) -> None:
        pulses = self._outbox.pulse(self._feeds, now_ms())
        telemetry.OUTBOX_DEPTH.set(sum(pulse["outbox_depth"] for pulse in pulses))
        telemetry.OUTBOX_AGE.set(max((pulse["outbox_age"] for pulse in pulses), default=0) / 1000)
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
