"""From instances to studies: sources hand instances over, a study is told when it has been still, and again when it grows."""

import asyncio
import sqlite3
from typing import Final

from producers.adapter import Feed, Incoming, Receipt, Refusal, Taker
from producers.dicom import study as studies
from producers.dicom.options import DicomOptions
from producers.dicom.spool import Spool
from producers.dicom.study import Study
from producers.dicom.translate import message, parsed
from runtime import logs
from runtime.clock import now_ms

RETRY_SECONDS: Final = 1.0
_LONGEST_PAUSE: Final = 1.0

log = logs.get("dicom")


class Collector:
    """One feed's spool, and the task that empties it."""

    def __init__(self, feed: Feed, options: DicomOptions, spool: Spool, taker: Taker) -> None:
        self.feed, self._options, self._spool, self._taker = feed, options, spool, taker
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def keep(self, instances: list[Study]) -> None:
        """Durable when it returns; blocks, so call it from a thread. SpoolFull, sqlite3.Error: nothing was kept."""
        self._spool.keep(instances, now_ms())

    async def refuse(self, refusal: Refusal | None, raw: bytes, origin: tuple[str, ...]) -> Receipt:
        """Number what cannot become part of a study (None: it belongs to none)."""
        return await self._taker.take(Incoming(self.feed, parsed(refusal), raw, origin, now_ms()))

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"studies {self.feed.adapter_id}")

    async def stop(self) -> None:
        """What is not still yet stays in the spool until the next start."""
        self._stop.set()
        if self._task is not None:
            await self._task
        await asyncio.to_thread(self._spool.close)

    async def _run(self) -> None:
        pause = min(_LONGEST_PAUSE, self._options.still_seconds / 2)
        while not self._stop.is_set():
            try:
                full = await self._tell_ripe()
            except sqlite3.Error as error:
                log.error("spool_failed", adapter_id=self.feed.adapter_id, error=error, mend="check the disk")
                full = True
            await self._pause(RETRY_SECONDS if full else pause)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return

    async def _tell_ripe(self) -> bool:
        """Tell every study whose time has come; whether the outbox was full."""
        now, options = now_ms(), self._options
        keys = await asyncio.to_thread(
            self._spool.ripe, now - int(options.still_seconds * 1000), now - int(options.longest_seconds * 1000)
        )
        for key in keys:
            if self._stop.is_set():
                return False
            pending = await asyncio.to_thread(self._spool.pending, key)
            if pending is None:
                continue
            raw = await asyncio.to_thread(studies.to_bytes, pending.study)
            told = message(pending.study, pending.known)
            origin = ("study", pending.study["uid"])
            receipt = await self._taker.take(Incoming(self.feed, told, raw, origin, now_ms()))
            if receipt.full:
                return True
            await asyncio.to_thread(self._spool.told, pending, now_ms())
        return False
