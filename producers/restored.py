"""An outbox that was put back from a backup: it must not give the numbers of messages taken since then once more.

A worker has answered those numbers; a new message under one would be taken for a repeat and be lost without a word. So
the restored outbox begins a new life (incarnation) with number 1. What waited in it is published under its old numbers,
which is harmless; what it knows of senders, visits and versions stays.
"""

import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from producers.outbox import lock


@dataclass(frozen=True, slots=True)
class Renewed:
    """The life that ended and the new one; `waiting` records of the old are still to be published."""

    old: str
    new: str
    waiting: int


def renew(folder: Path) -> Renewed:
    """Begin a new life in this data folder. Raises OutboxInUse while an adapter runs on it, FileNotFoundError where
    there is no outbox."""
    path = folder / "outbox.sqlite"
    if not path.exists():
        raise FileNotFoundError("no outbox in this folder")
    held = lock(folder / "outbox.lock")
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous=FULL")
        db.execute("BEGIN IMMEDIATE")
        old: str = db.execute("SELECT value FROM meta WHERE name = 'incarnation'").fetchone()[0]
        new = secrets.token_hex(8)
        db.execute("UPDATE meta SET value = ? WHERE name = 'incarnation'", (new,))
        db.execute("DELETE FROM feed")
        db.execute("DELETE FROM silent")  # told under the new life they would be other messages' numbers
        waiting = int(db.execute("SELECT count(*) FROM record").fetchone()[0])
        db.execute("COMMIT")
    finally:
        db.close()
        held.close()
    return Renewed(old, new, waiting)
