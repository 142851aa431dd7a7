"""Instances that were acknowledged, until their study is told: sealed, durable before anybody is answered.

SQLite with `synchronous=FULL` beside the outbox. Callers that wait at the same time share one transaction. A crash
between the outbox's write and `told` costs nothing: the snapshot is made again from the same rows, has the same bytes,
and the outbox knows it.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import orjson

from producers.adapter import Desk, Feed
from producers.dicom import study as studies
from producers.dicom.study import Study
from runtime import logs, pseudonyms
from runtime.seal import SealBroken, key_id, seal_at_rest, unseal_at_rest

_AT_ONCE: Final = 1_000
"""Rows in memory while a study is folded."""
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS instance (
  id INTEGER PRIMARY KEY AUTOINCREMENT, study TEXT NOT NULL, at INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS instance_study ON instance (study, id, at);
CREATE TABLE IF NOT EXISTS told (study TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
"""
# `told` is kept for good, about 100 bytes a study: a study may grow years after the outbox forgot what it said of it.

log = logs.get("spool")


class SpoolFull(Exception):
    """No more instances are taken until studies have been told."""


@dataclass(slots=True)
class _Job:
    studies: list[Study]
    at: int
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A study as far as it has come since it was last told. `last` is the newest row in it."""

    key: str
    study: Study = field(repr=False)
    known: bool
    last: int


class Spool:
    """One feed's. All methods may be called from any thread. Raises sqlite3.Error where the disk fails."""

    def __init__(self, feed: Feed, desk: Desk, max_bytes: int) -> None:
        folder = desk.folder / "dicom"
        folder.mkdir(parents=True, exist_ok=True)
        self._feed, self._keyring, self._max_bytes = feed, desk.keyring, max_bytes
        self._seal = desk.keyring.sealing(feed.facility)
        self._pseudonym = desk.keyring.pseudonym_key(feed.facility)
        self._db = sqlite3.connect(
            folder / f"{feed.adapter_id}.sqlite", isolation_level=None, check_same_thread=False, cached_statements=32
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA auto_vacuum=INCREMENTAL")
        self._db.executescript(_TABLES)
        self._waiting: list[_Job] = []
        self._queue, self._writing = threading.Lock(), threading.Lock()
        self._unreadable: set[str] = set()

    def keep(self, instances: list[Study], now: int) -> None:
        """Returns when they are durable. SpoolFull or sqlite3.Error: nothing of this call was kept."""
        job = _Job(instances, now)
        with self._queue:
            self._waiting.append(job)
        with self._writing:
            with self._queue:
                batch, self._waiting = self._waiting, []
            if batch:  # else another caller's transaction has taken ours along
                self._store(batch)
        if job.error is not None:
            raise job.error

    def _store(self, batch: list[_Job]) -> None:
        try:
            if self._size() > self._max_bytes:
                raise SpoolFull
            with self._transaction():
                self._db.executemany(
                    "INSERT INTO instance (study, at, sealed) VALUES (?, ?, ?)",
                    (self._row(study, job.at) for job in batch for study in job.studies),
                )
        except (SpoolFull, sqlite3.Error) as error:
            for job in batch:
                job.error = error

    def _row(self, study: Study, at: int) -> tuple[str, int, bytes]:
        key = pseudonyms.pseudonym(self._pseudonym, "spool", study["uid"])
        return key, at, seal_at_rest(self._seal, key.encode(), orjson.dumps(study))

    def _size(self) -> int:
        pages, free, size = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def ripe(self, still_since: int, first_before: int) -> list[str]:
        """Studies without a new instance since `still_since`, or begun before `first_before` (epoch ms), oldest first."""
        with self._writing:
            rows = self._db.execute(
                "SELECT study FROM instance GROUP BY study HAVING max(at) <= ? OR min(at) <= ? ORDER BY min(id)",
                (still_since, first_before),
            ).fetchall()
        return [row[0] for row in rows if row[0] not in self._unreadable]

    def pending(self, key: str) -> Pending | None:
        """The study of a key, folded in order of arrival; None where it cannot be opened (and it stays)."""
        with self._writing:
            known = self._db.execute("SELECT 1 FROM told WHERE study = ?", (key,)).fetchone() is not None
        whole: Study | None = None
        last = 0
        try:
            while rows := self._rows(key, last):
                for _, sealed in rows:
                    one: Study = orjson.loads(self._open(key, sealed))
                    whole = whole or studies.empty(one["uid"])
                    studies.fold(whole, one)
                last = rows[-1][0]
        except SealBroken:
            self._unreadable.add(key)
            log.error("spool_unreadable", study=key, mend="put the seal key that was in use back into the keyring")
            return None
        return Pending(key, whole, known, last) if whole else None

    def _rows(self, key: str, after: int) -> list[tuple[int, bytes]]:
        with self._writing:
            return self._db.execute(
                "SELECT id, sealed FROM instance WHERE study = ? AND id > ? ORDER BY id LIMIT ?", (key, after, _AT_ONCE)
            ).fetchall()

    def _open(self, key: str, sealed: bytes) -> bytes:
        """Older keys of the facility still open what was sealed before a rotation."""
        found = self._keyring.seal.get(key_id(sealed))
        if found is None:
            raise SealBroken("key")
        return unseal_at_rest(found, key.encode(), sealed)

    def told(self, pending: Pending, now: int) -> None:
        """What is in `pending` has its number; what came since stays."""
        with self._writing:
            with self._transaction():
                self._db.execute("DELETE FROM instance WHERE study = ? AND id <= ?", (pending.key, pending.last))
                self._db.execute("INSERT OR REPLACE INTO told VALUES (?, ?)", (pending.key, now))
            self._db.execute("PRAGMA incremental_vacuum(200)")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def close(self) -> None:
        self._db.close()
