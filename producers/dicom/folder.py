"""A watched folder and all below it: files are read, their metadata made durable, then moved to done/ or refused/.

A refused file gets a receipt beside it. A crash between the durable write and the move costs nothing: the file is read
again, and an instance told twice counts once.
"""

import asyncio
import itertools
import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from producers.adapter import Receipt, Refusal
from producers.dicom import file
from producers.dicom.collect import RETRY_SECONDS, Collector
from producers.dicom.options import DicomOptions
from producers.dicom.spool import SpoolFull
from producers.dicom.study import Study
from producers.dicom.translate import asked, instance
from producers.folder import DONE, RECEIPT, REFUSED
from producers.receipt import render
from runtime import logs

AT_ONCE: Final = 200
"""Files of one transaction."""
DEEPEST: Final = 16
SUFFIXES: Final = (".dcm", ".dicom", ".ima", ".img")

log = logs.get("dicom")


@dataclass(frozen=True, slots=True)
class _Read:
    path: Path
    made: Study | Refusal | None


class DicomFolder:
    """The listener of one feed's folder."""

    def __init__(self, folder: Path, options: DicomOptions, collector: Collector) -> None:
        self._folder, self._options, self._collector = folder, options, collector
        self._wanted = asked(collector.feed)
        self._seen: dict[Path, tuple[int, int, float]] = {}
        self._unreadable: set[Path] = set()
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        for name in ("", DONE, REFUSED):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        self._task = asyncio.create_task(self._run(), name=f"folder {self._collector.feed.adapter_id}")

    async def stop(self) -> None:
        """The files in hand are finished first."""
        self._stop.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._stop.is_set():
            try:
                took = await self._round()
            except (OSError, sqlite3.Error, SpoolFull) as error:
                log.error(
                    "folder_failed", adapter_id=self._collector.feed.adapter_id, error=error, mend="check the disk"
                )
                took = False
                await self._pause(RETRY_SECONDS)
            if not took:
                await self._pause(self._options.poll_seconds)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return

    async def _round(self) -> bool:
        """One look at the folder; whether anything was taken."""
        ready = (await asyncio.to_thread(self._ready))[: AT_ONCE + len(self._unreadable)]
        reads = [read for read in await asyncio.to_thread(lambda: list(map(self._read, ready))) if read is not None]
        kept = [(read.path, read.made) for read in reads if isinstance(read.made, dict)]
        if kept:
            await asyncio.to_thread(self._keep, kept)
        for read in reads:
            if not isinstance(read.made, dict) and not await self._refuse(read):
                await self._pause(RETRY_SECONDS)
                return False
        return bool(reads)

    def _keep(self, kept: list[tuple[Path, Study]]) -> None:
        self._collector.keep([made for _, made in kept])
        for path, _ in kept:
            path.replace(self._target(path, DONE))

    def _read(self, path: Path) -> _Read | None:
        """None for a file that cannot be opened: the others do not wait for it."""
        try:
            header = file.read_path(path, self._wanted)
        except OSError as error:
            if path not in self._unreadable:
                log.error("file_unreadable", adapter_id=self._collector.feed.adapter_id, error=error, mend="its rights")
            self._unreadable.add(path)
            return None
        self._unreadable.discard(path)
        made = header if isinstance(header, Refusal) else instance(header, self._collector.feed)
        return _Read(path, made)

    async def _refuse(self, read: _Read) -> bool:
        refusal = read.made if isinstance(read.made, Refusal) else None
        head = await asyncio.to_thread(file.head_of, read.path)
        origin = ("file", str(read.path.relative_to(self._folder)))
        receipt = await self._collector.refuse(refusal, head, origin)
        if not receipt.full:
            await asyncio.to_thread(self._finish, read.path, receipt)
        return not receipt.full

    def _finish(self, path: Path, receipt: Receipt) -> None:
        """Receipt first, then the file: whoever sees the file moved finds its receipt."""
        target = self._target(path, DONE if receipt.accepted else REFUSED)
        if not receipt.accepted:
            target.with_name(target.name + RECEIPT).write_text(render([receipt]), encoding="utf-8")
        path.replace(target)

    def _target(self, path: Path, name: str) -> Path:
        """A name below done/ or refused/ that keeps what lies there."""
        first = self._folder / name / path.relative_to(self._folder)
        first.parent.mkdir(parents=True, exist_ok=True)
        for number in itertools.count(2):
            if not first.exists():
                break
            first = first.with_name(f"{path.name}.{number}")
        return first

    def _ready(self) -> list[Path]:
        """Whole files, the oldest first."""
        found: list[tuple[int, Path]] = []
        seen: dict[Path, tuple[int, int, float]] = {}
        now = time.monotonic()
        for entry in _files(self._folder, 0):
            stat, path = entry.stat(), Path(entry.path)
            size, stamp, since = self._seen.get(path, (-1, 0, now))
            if (size, stamp) != (stat.st_size, stat.st_mtime_ns):
                since = now
            seen[path] = stat.st_size, stat.st_mtime_ns, since
            if self._options.renamed or now - since >= self._options.settle_seconds:
                found.append((stat.st_mtime_ns, path))
        self._seen = seen
        return [path for _, path in sorted(found)]


def _files(folder: Path | str, depth: int) -> Iterator["os.DirEntry[str]"]:
    """DICOM files by their names: a known suffix, none, or a number (UIDs are file names)."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            if entry.is_dir():
                if depth < DEEPEST and not (depth == 0 and entry.name in (DONE, REFUSED)):
                    yield from _files(entry.path, depth + 1)
            elif entry.is_file() and _is_candidate(entry.name):
                yield entry


def _is_candidate(name: str) -> bool:
    _, point, suffix = name.lower().rpartition(".")
    return not point or suffix.isdigit() or f".{suffix}" in SUFFIXES
