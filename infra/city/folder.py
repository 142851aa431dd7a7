"""Files in folders: whole or not at all, in the order they were written."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

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
    """Write `count` messages of a dialect: an XML file per HOSO, or an `.hl7` file per message. Returns their books.

    Without a clock everything happens at the city's start. Retransmissions are left out: they are the same files.
    """
    if dialect not in ("insurance_xml", "hl7v2"):
        raise ValueError(f"the city does not speak {dialect}")
    folder.mkdir(parents=True, exist_ok=True)
    books = Books()
    written = last = 0
    for message in city.messages(now or (lambda: city.start)):
        if written >= count:
            break
        if message.dialect != dialect or message.retransmission:
            continue
        named = message.name if dialect == "insurance_xml" else f"{message.facility}_{message.name}.hl7"
        books.decide(message)
        last = drop(folder, replace(message, name=named), last)
        written += 1
    return books
