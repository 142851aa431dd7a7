"""Files in folders: whole or not at all, in the order they were written."""

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from infra.city import history_csv
from infra.city.books import Books
from infra.city.city import City
from infra.city.message import Message


def drop(folder: Path, message: Message, after: int) -> int:
    """Write a file with a file time after `after` (ns) and return that time: folders are read in file-time order.

    A retransmission whose first copy still waits there is left alone; rewritten, it would fall behind its correction.
    """
    target = folder / message.name
    if message.retransmission and target.exists():
        return after
    temporary = folder / f".{message.name}.part"
    temporary.write_bytes(message.payload)
    stamp = max(time.time_ns(), after + 1_000_000)
    os.utime(temporary, ns=(stamp, stamp))
    temporary.replace(target)
    return stamp


def write_folder(
    city: City, folder: Path, dialect: str, count: int, now: Callable[[], datetime] | None = None
) -> Books:
    """Write `count` messages of a dialect: a file each, or for CSV one file per hospital and its mapping. Returns their
    books.

    Without a clock everything happens at the city's start. Retransmissions are left out: they are the same files.
    ValueError for a dialect that nobody in the city speaks.
    """
    books = Books()
    told = _told(city, dialect, count, now or (lambda: city.start))
    folder.mkdir(parents=True, exist_ok=True)
    if dialect == "history_csv":
        _write_tables(folder, told, books)
        return books
    last = 0
    for message in told:
        named = f"{message.facility}_{message.name}.hl7" if dialect == "hl7v2" else message.name
        books.decide(message)
        last = drop(folder, replace(message, name=named), last)
    return books


def _told(city: City, dialect: str, count: int, now: Callable[[], datetime]) -> Iterator[Message]:
    spoken = {city.dialects.get(hospital.code) for hospital in city.hospitals}
    if dialect not in spoken and (dialect not in ("insurance_xml", "hl7v2") or None not in spoken):
        raise ValueError(f"the city does not speak {dialect}")
    wanted = (m for m in city.messages(now) if m.dialect == dialect and not m.retransmission)
    return itertools.islice(wanted, count)


def _write_tables(folder: Path, told: Iterable[Message], books: Books) -> None:
    """The rows of a hospital in one file, and the mapping file."""
    rows: dict[str, list[bytes]] = {}
    for message in told:
        books.decide(message)
        heading, _, row = message.payload.partition(b"\r\n")
        rows.setdefault(message.facility, [heading + b"\r\n"]).append(row)
    for facility, lines in rows.items():
        (folder / f"{facility}.csv").write_bytes(b"".join(lines))
    (folder / "mapping.yaml").write_text(history_csv.MAPPING, encoding="utf-8")
