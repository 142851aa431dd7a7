"""A watched folder: files are taken whole and in file-time order, answered by a receipt, moved to done/ or refused/.

A crash between the durable write and the move costs nothing: the file is read again, its messages are retransmissions
and get their first receipts. A full outbox leaves the file where it is, and so does a file that cannot be read or moved.
"""

import asyncio
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from producers.adapter import Dialect, Feed, Incoming, Read, Receipt, Taker
from runtime import logs
from runtime.clock import now_ms

DONE: Final = "done"
REFUSED: Final = "refused"
RECEIPT: Final = ".receipt.txt"
AT_ONCE: Final = 20
"""Files whose messages wait for one transaction together."""
HELD_BYTES: Final = 8 << 20
"""Most bytes of messages read ahead of the outbox."""
RETRY_SECONDS: Final = 1.0
LEFT_SECONDS: Final = 10.0
"""Until a file that could not be read or moved is tried again."""

log = logs.get("folder")


class FolderOptions(BaseModel):
    """Of a feed that is read from a folder."""

    model_config = ConfigDict(extra="forbid")

    folder: Path | None = Field(None, description="watched folder; done/ and refused/ are made in it")
    renamed: bool = Field(False, description="senders write elsewhere and rename into the folder: take files at once")
    settle_seconds: float = Field(2.0, gt=0, le=3600, description="otherwise: take a file unchanged for so long")
    poll_seconds: float = Field(0.25, gt=0, le=60)


class Folder:
    """The listener of one feed's folder."""

    def __init__(self, feed: Feed, dialect: Dialect, options: FolderOptions, taker: Taker) -> None:
        if options.folder is None:
            raise ValueError("a folder is needed")
        self._feed, self._dialect, self._options, self._taker = feed, dialect, options, taker
        self._folder = options.folder
        self._seen: dict[str, tuple[int, int, float]] = {}
        self._left: dict[str, float] = {}
        self._stopping = self._idle = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        for name in ("", DONE, REFUSED):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        self._task = asyncio.create_task(self._run(), name=f"folder {self._feed.adapter_id}")

    async def stop(self) -> None:
        """The files in hand are finished first."""
        self._stopping = True
        if self._task is not None:
            if self._idle:
                self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while not self._stopping:
            try:
                took = await self._round()
            except OSError as error:
                log.error("folder_failed", adapter_id=self._feed.adapter_id, error=error, mend="check the folder")
                took = False
                await self._pause(RETRY_SECONDS)
            if not took:
                await self._pause(self._options.poll_seconds)

    async def _pause(self, seconds: float) -> None:
        if not self._stopping:
            self._idle = True
            await asyncio.sleep(seconds)
            self._idle = False

    async def _round(self) -> bool:
        """One look into the folder; whether anything was taken."""
        ready, took = self._ready(), False
        for start in range(0, len(ready), AT_ONCE):
            taken, full = await self._take_together(ready[start : start + AT_ONCE])
            took |= taken
            if full:
                await self._pause(RETRY_SECONDS)
            if full or self._stopping:
                break
        return took

    async def _take_together(self, paths: Sequence[Path]) -> tuple[bool, bool]:
        """Whether any was taken, and whether the outbox is full."""
        handed = [(path, await self._take(path)) for path in paths]
        answered: list[tuple[Path, Sequence[Receipt]]] = []
        full = False
        for path, tasks in handed:
            receipts = await asyncio.gather(*tasks)
            if any(receipt.full for receipt in receipts):
                full = True
            elif path.name not in self._left:
                answered.append((path, receipts))
        taken = await asyncio.to_thread(self._move, answered) if answered else False
        return taken, full

    def _ready(self) -> list[Path]:
        """Whole files, the oldest first."""
        found: list[tuple[int, str]] = []
        now = time.monotonic()
        seen: dict[str, tuple[int, int, float]] = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not entry.name.lower().endswith(self._dialect.suffixes):
                    continue
                try:
                    stat, is_file = entry.stat(), entry.is_file()
                except FileNotFoundError:  # taken away since the folder was listed
                    continue
                size, stamp, since = self._seen.get(entry.name, (-1, 0, now))
                if (size, stamp) != (stat.st_size, stat.st_mtime_ns):
                    since = now
                seen[entry.name] = stat.st_size, stat.st_mtime_ns, since
                settled = self._options.renamed or now - since >= self._options.settle_seconds
                if is_file and settled and now >= self._left.get(entry.name, 0):
                    found.append((stat.st_mtime_ns, entry.name))
        self._seen = seen
        self._left = {name: again for name, again in self._left.items() if name in seen and now < again}
        return [self._folder / name for _, name in sorted(found)]

    async def _take(self, path: Path) -> list[asyncio.Task[Receipt]]:
        """Hand the file's messages over in order; no more than HELD_BYTES wait for the outbox."""
        tasks: list[asyncio.Task[Receipt]] = []
        reads = self._reads(path)
        held = 0
        more = True
        while more:
            try:
                batch, more = await asyncio.to_thread(_next, reads)
            except Exception as error:  # what was read of it is taken, and when it is read again a retransmission
                self._leave(path, error)
                return tasks
            for read in batch:
                origin = (path.name, str(len(tasks) + 1))
                incoming = Incoming(self._feed, read.parsed, read.raw, origin, now_ms())
                tasks.append(asyncio.create_task(self._hand_over(incoming)))
                held += len(read.raw)
            if held > HELD_BYTES:
                await asyncio.wait(tasks)
                held = 0
        return tasks

    def _reads(self, path: Path) -> Iterator[Read]:
        yield from self._dialect.read(path, self._feed)

    def _leave(self, path: Path, error: Exception) -> None:
        """One file that cannot be read or moved holds up no other; it is tried again after a while."""
        self._left[path.name] = time.monotonic() + LEFT_SECONDS
        if not isinstance(error, FileNotFoundError):
            log.error("file_left", adapter_id=self._feed.adapter_id, error=error, mend="look at the oldest files")

    def _move(self, answered: Sequence[tuple[Path, Sequence[Receipt]]]) -> bool:
        """Whether any file went."""
        moved = False
        for path, receipts in answered:
            try:
                self._finish(path, receipts)
                moved = True
            except Exception as error:  # its messages are taken: read again they get their first receipts
                self._leave(path, error)
        return moved

    async def _hand_over(self, incoming: Incoming) -> Receipt:
        return await self._taker.take(incoming)

    def _finish(self, path: Path, receipts: Sequence[Receipt]) -> None:
        """Receipt first, then the file: whoever sees the file moved finds its receipt."""
        target = _free(path.parent / (DONE if all(r.accepted for r in receipts) else REFUSED), path.name)
        target.parent.mkdir(exist_ok=True)
        receipt = target.with_name(target.name + RECEIPT)
        unfinished = receipt.with_name(f".{receipt.name}")
        unfinished.write_text(self._dialect.answer(receipts), encoding="utf-8")
        unfinished.replace(receipt)
        path.replace(target)


def _next(reads: Iterator[Read]) -> tuple[list[Read], bool]:
    """The next messages, a handful, fewer where they are large; and whether more may come."""
    batch: list[Read] = []
    held = 0
    for read in reads:
        batch.append(read)
        held += len(read.raw)
        if len(batch) >= AT_ONCE or held > HELD_BYTES:
            return batch, True
    return batch, False


def _free(folder: Path, name: str) -> Path:
    """A name in `folder` that keeps what lies there: files sent again under their old name get a number."""
    target = folder / name
    for number in itertools.count(2):
        if not target.exists():
            break
        target = folder / f"{name}.{number}"
    return target
