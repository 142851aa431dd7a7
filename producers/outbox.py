"""The sealed outbox: numbering, retransmissions, folded state and waiting records, in one transaction per batch.

SQLite, WAL, `synchronous=FULL`: when `take` returns, every message of the batch is durable, and only then may a sender
be answered. One thread writes (`serve`); the publisher reads with a connection of its own. Nothing in here is unsealed:
state and originals are sealed, keys are pseudonyms.
"""

import fcntl
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

import orjson

from producers import total
from producers.adapter import Document, Feed, Incoming, Outcome, Parsed, Receipt, Refusal, Translation, Translator
from producers.archive import Archive
from producers.event import Keys, Number, Record, compose, document_id, refuse
from producers.link import KIND as LINK
from producers.link import compose_link
from runtime import logs, pseudonyms, telemetry
from runtime.clock import DAY_MS
from runtime.seal import SealBroken, seal_at_rest, unseal_at_rest
from schemas import topics

SEEN_DAYS: Final = 7
STATE_DAYS: Final = 45
MOST_SILENT: Final = 20_000
"""Numbers without a document in one heartbeat; the rest go with the next."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feed (
  adapter_id TEXT PRIMARY KEY, taken INTEGER NOT NULL, documents INTEGER NOT NULL, rejected INTEGER NOT NULL,
  without_document INTEGER NOT NULL, retransmissions INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (
  id INTEGER PRIMARY KEY AUTOINCREMENT, adapter_id TEXT NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL,
  topic TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, headers BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS record_feed ON record (adapter_id, id);
CREATE TABLE IF NOT EXISTS silent (
  adapter_id TEXT NOT NULL, sequence INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (adapter_id, sequence)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (origin TEXT PRIMARY KEY, at INTEGER NOT NULL, receipt BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, at INTEGER NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS document (id TEXT PRIMARY KEY, at INTEGER NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID;
"""

log = logs.get("outbox")


class OutboxInUse(Exception):
    """Two processes that number from one outbox would give one number twice."""


class Outbox:
    """One adapter process's outbox. Raises sqlite3.Error where the disk fails; the batch is then rolled back whole."""

    def __init__(
        self,
        folder: Path,
        keys: Mapping[str, Keys],
        translators: Mapping[str, Translator],
        *,
        limit: int,
        max_bytes: int,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = lock(folder / "outbox.lock")
        self.path = folder / "outbox.sqlite"
        self._keys, self._translators, self._limit, self._max_bytes = keys, translators, limit, max_bytes
        self._archive = Archive(folder / "archive")
        self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA auto_vacuum=INCREMENTAL")  # only before the file has a first page
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_TABLES)
        self._db.execute("INSERT OR IGNORE INTO meta VALUES ('incarnation', ?)", (secrets.token_hex(8),))
        self.incarnation: str = self._db.execute("SELECT value FROM meta WHERE name = 'incarnation'").fetchone()[0]
        self._counts: dict[str, dict[str, int]] = {
            row[0]: dict(zip(COUNTS, row[1:], strict=True))
            for row in self._db.execute(f"SELECT adapter_id, {', '.join(COUNTS)} FROM feed")  # noqa: S608 our own names
        }
        self._closed = False
        self.stored = threading.Event()
        """Set after each commit: the publisher waits for it."""

    def take(self, batch: Sequence[Incoming], delivered: Iterable[int] = ()) -> list[Receipt]:
        """Number, fold, seal and store a batch; a receipt each. `delivered` are record ids the broker has.

        Once full it stays closed until a tenth is free: what waits in order must not be overtaken by what comes after.
        """
        if batch and self.size() > self._max_bytes * (0.9 if self._closed else 1):
            if not self._closed:
                log.error("outbox_full", limit_bytes=self._max_bytes, mend="free the disk or bring Kafka back")
            self._closed = True
            self._transaction([], delivered)
            return [Receipt(None, full=True) for _ in batch]
        self._closed = self._closed and not batch
        return self._transaction(batch, delivered)

    def _transaction(self, batch: Sequence[Incoming], delivered: Iterable[int]) -> list[Receipt]:
        before = {name: dict(counts) for name, counts in self._counts.items()}
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany("DELETE FROM record WHERE id = ?", ((id_,) for id_ in delivered))
            receipts = [self._take_one(incoming) for incoming in batch]
            for name in {incoming.feed.adapter_id for incoming in batch}:
                self._db.execute(
                    "INSERT OR REPLACE INTO feed VALUES (?, ?, ?, ?, ?, ?)", (name, *self._counts[name].values())
                )
            self._db.execute("COMMIT")
        except BaseException:
            self._counts = before
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self.stored.set()
        return receipts

    def _take_one(self, incoming: Incoming) -> Receipt:
        feed, keys = incoming.feed, self._keys[incoming.feed.facility]
        counts = self._counts.setdefault(feed.adapter_id, dict.fromkeys(COUNTS, 0))
        origin = _origin(keys, incoming)
        row = self._db.execute("SELECT receipt FROM seen WHERE origin = ?", (origin,)).fetchone()
        if row is not None:
            counts["retransmissions"] += 1
            telemetry.TAKEN.labels(feed.adapter_id, "retransmission").inc()
            return _receipt_of(row[0])
        counts["taken"] += 1
        sequence = counts["taken"]
        translation = self._translate(incoming, keys)
        receipt = self._store(incoming, keys, sequence, translation)
        self._db.execute("INSERT INTO seen VALUES (?, ?, ?)", (origin, incoming.captured_at, _receipt_bytes(receipt)))
        telemetry.TAKEN.labels(feed.adapter_id, "taken").inc()
        return receipt

    def _translate(self, incoming: Incoming, keys: Keys) -> Translation:
        parsed, feed = incoming.parsed, incoming.feed
        if isinstance(parsed, Refusal):
            return Translation((parsed,))
        key = (
            pseudonyms.pseudonym(keys.pseudonym, "state", feed.adapter_id, parsed.state_key)
            if parsed.state_key
            else None
        )
        state = self._state(key, keys) if key else None

        def failed(error: Exception) -> None:
            log.error("translate_failed", dialect=feed.dialect, error=error)

        translation, new = total.translate(self._translators[feed.dialect], state, parsed, feed, failed)
        if key and new is not None:
            sealed = seal_at_rest(keys.seal, key.encode(), new)
            self._db.execute("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", (key, incoming.captured_at, sealed))
        return translation

    def _state(self, key: str, keys: Keys) -> bytes | None:
        row = self._db.execute("SELECT sealed FROM state WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        try:
            return unseal_at_rest(keys.seal, key.encode(), row[0])
        except SealBroken:  # the key was rotated: what was said before is lost, and the document says `partial`
            log.warning("state_unreadable")
            return None

    def _store(self, incoming: Incoming, keys: Keys, sequence: int, translation: Translation) -> Receipt:
        feed, at = incoming.feed, incoming.captured_at
        counts = self._counts[feed.adapter_id]
        outcomes = translation.outcomes
        if not outcomes:
            counts["without_document"] += 1
            self._db.execute("INSERT INTO silent VALUES (?, ?, ?)", (feed.adapter_id, sequence, translation.silence))
            return Receipt(sequence, silence=translation.silence)
        refusals: list[Refusal] = []
        kinds: list[str] = []
        for part, outcome in enumerate(outcomes, 1):
            number = Number(feed.adapter_id, self.incarnation, sequence, part, len(outcomes))
            made = self._make(outcome, number, incoming, keys, translation)
            if isinstance(made, Refusal):
                refusals.append(total.tidy(made))
                made = self._refuse(refusals[-1], number, incoming, keys)
            else:
                kinds.append(LINK if made.topic == topics.LINKS else made.topic.partition(".")[2])
            self._db.execute(
                "INSERT INTO record (adapter_id, sequence, at, topic, key, value, headers) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (feed.adapter_id, sequence, at, made.topic, made.key, made.value, _pack(made.headers)),
            )
        counts["documents"] += len(kinds)
        counts["rejected"] += len(refusals)
        return Receipt(sequence, tuple(refusals), tuple(kinds))

    def _make(
        self, outcome: Outcome, number: Number, incoming: Incoming, keys: Keys, translation: Translation
    ) -> Record | Refusal:
        if isinstance(outcome, Document):
            return self._compose(outcome, number, incoming, keys, translation)
        if isinstance(outcome, Refusal):
            return outcome

        def failed(error: Exception) -> None:
            log.error("compose_failed", dialect=incoming.feed.dialect, kind=LINK, error=error)

        def make() -> Record:
            return compose_link(outcome, number, incoming.feed, keys, captured_at=incoming.captured_at)

        return total.attempt(make, None, failed)

    def _compose(
        self, document: Document, number: Number, incoming: Incoming, keys: Keys, translation: Translation
    ) -> Record | Refusal:
        feed = incoming.feed

        def failed(error: Exception) -> None:
            log.error("compose_failed", dialect=feed.dialect, kind=document.kind, error=error)

        id_ = total.attempt(lambda: document_id(keys, feed, document), document.kind, failed)
        if isinstance(id_, Refusal):
            return id_
        last = self._last_version(id_) if incoming.replay is None else 0
        made = total.attempt(
            lambda: compose(
                document,
                number,
                feed,
                keys,
                captured_at=incoming.captured_at,
                last_version=last,
                message_id=_message_id(incoming),
                rows=translation.rows,
                limit=self._limit,
                replay=incoming.replay,
            ),
            document.kind,
            failed,
        )
        if isinstance(made, Refusal):
            return made
        record, version = made
        if version > last and incoming.replay is None:
            self._db.execute("INSERT OR REPLACE INTO document VALUES (?, ?, ?)", (id_, incoming.captured_at, version))
        return record

    def _last_version(self, document: str) -> int:
        """The highest version told of a document, 0 if none. A replay keeps the version of what it mends instead."""
        row = self._db.execute("SELECT version FROM document WHERE id = ?", (document,)).fetchone()
        return int(row[0]) if row else 0

    def _refuse(self, refusal: Refusal, number: Number, incoming: Incoming, keys: Keys) -> Record:
        original = incoming.raw if refusal.original is None else refusal.original
        telemetry.REJECTIONS.labels("adapter", refusal.reason).inc()
        telemetry.FACILITY_PARTS.labels(incoming.feed.facility, "rejected").inc()
        return refuse(
            refusal,
            number,
            incoming.feed,
            keys,
            captured_at=incoming.captured_at,
            message_id=_message_id(incoming),
            original=original,
            original_place=self._archive.keep(keys.seal, number, original),
            replay=incoming.replay,
        )

    def forget_silent(self, delivered: Mapping[str, int]) -> None:
        """Numbers without a document up to these have reached `heartbeats`."""
        self._db.executemany("DELETE FROM silent WHERE adapter_id = ? AND sequence <= ?", delivered.items())

    def purge(self, now: int) -> None:
        """Drop what is past its time. Called now and then by the writing thread."""
        self._db.execute("DELETE FROM seen WHERE at < ?", (now - SEEN_DAYS * DAY_MS,))
        self._db.execute("DELETE FROM state WHERE at < ?", (now - STATE_DAYS * DAY_MS,))
        self._db.execute("DELETE FROM document WHERE at < ?", (now - STATE_DAYS * DAY_MS,))
        self._db.executescript("PRAGMA incremental_vacuum(2000)")  # `execute` would end it after one page

    def pulse(self, feeds: Iterable[Feed], now: int, *, ended: bool = False) -> list[dict[str, Any]]:
        """A heartbeat for each feed that has taken anything or stands ready (schemas.ledger.HEARTBEATS). One that has
        `ended` says so where nothing of it waits: with a record left it has only stopped."""
        waiting = {
            name: (first, depth, oldest)
            for name, first, depth, oldest in self._db.execute(
                "SELECT adapter_id, min(sequence), count(*), min(at) FROM record GROUP BY adapter_id"
            )
        }
        return [self._pulse_one(feed, waiting.get(feed.adapter_id), now, ended) for feed in feeds]

    def _pulse_one(self, feed: Feed, waiting: tuple[int, int, int] | None, now: int, ended: bool) -> dict[str, Any]:
        counts = self._counts.get(feed.adapter_id) or dict.fromkeys(COUNTS, 0)
        rows = self._db.execute(
            "SELECT sequence, reason FROM silent WHERE adapter_id = ? ORDER BY sequence LIMIT ?",
            (feed.adapter_id, MOST_SILENT + 1),
        ).fetchall()
        # What is silent is acknowledged by the heartbeat that carries it.
        rows, beyond = rows[:MOST_SILENT], rows[MOST_SILENT:]
        low = min([counts["taken"] + 1, *([waiting[0]] if waiting else []), *(row[0] for row in beyond)])
        return {
            "adapter_id": feed.adapter_id,
            "incarnation": self.incarnation,
            "facility": feed.facility,
            "source_system": feed.source_system,
            "source_format": feed.dialect,
            "at": now,
            **counts,
            "acknowledged": low - 1,
            "outbox_depth": waiting[1] if waiting else 0,
            "outbox_age": now - waiting[2] if waiting else 0,
            "ended": ended and waiting is None,
            "silent": _ranges(rows),
        }

    def waiting(self) -> list[tuple[str, bytes, bytes, bytes]]:
        """(topic, key, value, packed headers) of every record that waits, in order."""
        return self._db.execute("SELECT topic, key, value, headers FROM record ORDER BY id").fetchall()

    def size(self) -> int:
        """Bytes in use, without what SQLite keeps free."""
        pages, free, size = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def close(self) -> None:
        self._db.close()
        self._lock.close()


COUNTS: Final = ("taken", "documents", "rejected", "without_document", "retransmissions")


def lock(path: Path) -> IO[bytes]:
    """Held until it is closed or the process ends, however it ends."""
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise OutboxInUse("another adapter works in this data folder") from None
    return file


def _origin(keys: Keys, incoming: Incoming) -> str:
    sender = pseudonyms.joined(incoming.feed.adapter_id, *incoming.origin, "")
    return pseudonyms.digest(keys.pseudonym, "origin", sender + incoming.raw)


def _message_id(incoming: Incoming) -> str:
    parsed = incoming.parsed
    return parsed.message_id if isinstance(parsed, Parsed) else "\x1f".join(incoming.origin)


def _ranges(rows: Sequence[tuple[int, str]]) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    for sequence, reason in rows:
        if out and out[-1]["last"] == sequence - 1 and out[-1]["reason"] == reason:
            out[-1]["last"] = sequence
        else:
            out.append({"first": sequence, "last": sequence, "reason": reason})
    return out


def _receipt_bytes(receipt: Receipt) -> bytes:
    refusals = [(r.reason, r.place, r.detail, r.kind) for r in receipt.refusals]
    return orjson.dumps(asdict(receipt) | {"refusals": refusals})


def _receipt_of(data: bytes) -> Receipt:
    body = orjson.loads(data)
    return Receipt(
        body["sequence"],
        tuple(Refusal(*refusal) for refusal in body["refusals"]),
        tuple(body["documents"]),
        body["silence"],
        retransmission=True,
    )


def _pack(headers: Iterable[tuple[str, bytes]]) -> bytes:
    """name length, name, value length, value: as little as SQLite needs to give them back."""
    return b"".join(len(name).to_bytes(2) + name.encode() + len(value).to_bytes(4) + value for name, value in headers)


def unpack(packed: bytes) -> list[tuple[str, bytes]]:
    """What `_pack` wrote."""
    out, at = [], 0
    while at < len(packed):
        end = at + 2 + int.from_bytes(packed[at : at + 2])
        size = int.from_bytes(packed[end : end + 4])
        out.append((packed[at + 2 : end].decode(), packed[end + 4 : end + 4 + size]))
        at = end + 4 + size
    return out
