"""Claims made again from what the store holds: after Redis lost its data, and before workers start. Pure.

First the sink drains `accepted` to its end; then every document's history gives its claim. What the history does not
hold is not known any more: numbers that were answered `duplicate` (told again they are duplicates again), the
higher version that such a repeat may have told (decision 0006), and documents the store refused (which is right: their resend is no duplicate).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from runtime.clock import day_of
from stream_processors import claims

COLUMNS: Final = (
    "document_id", "version", "content_hash", "adapter_id", "incarnation", "sequence", "part", "outcome", "superseded",
    "document_date", "processed_at",
)  # fmt: skip
"""What is read of a kind's history, ordered by document_id."""

_KEPT: Final = 16
_LETTERS: Final = {
    ("accepted", False): b"a",
    ("amended", False): b"m",
    ("amended", True): b"s",
    ("accepted", True): b"s",
}

Row = Mapping[str, Any]


def claims_of(rows: Iterable[Row]) -> Iterator[tuple[bytes, bytes]]:
    """(key, claim) of each document; `rows` have `COLUMNS` and stand together by document."""
    for _, versions in groupby(rows, key=itemgetter("document_id")):
        told = list(versions)
        yield claims.key(told[0]), _claim(told)


def _claim(rows: list[Row]) -> bytes:
    """The current version is the highest that did not arrive superseded; the others are kept newest first."""
    current = max(rows, key=lambda row: (not row["superseded"], row["version"]))
    others = sorted(
        (row for row in rows if row is not current), key=itemgetter("processed_at", "version"), reverse=True
    )
    asked = claims.ask(current, min(_day(row["document_date"]) for row in rows))
    version_content_number, day = asked[:32], asked[32:36]
    noted = b"".join(claims.number(row) + _letter(row) for row in others[:_KEPT])
    return version_content_number + _letter(current) + day + noted


def _day(day: date | int) -> int:
    return day if isinstance(day, int) else day_of(day)


def _letter(row: Row) -> bytes:
    return _LETTERS[row["outcome"], bool(row["superseded"])]
