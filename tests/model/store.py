"""A ClickHouse in memory that knows the shape of our tables and nothing else.

`<kind>_history` collapses repeats of a number, `<kind>_current` keeps the highest version that did not arrive
superseded, `ledger_numbers` the highest rank. It reads the containers that the sink sends.
"""

import io
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import fastavro
import orjson

from schemas.avro import without_logical_types
from sinks.clickhouse.client import Away, Refused

REFUSED: Final = "Z99"
"""A main diagnosis that this ClickHouse refuses while it is strict."""

Number = tuple[str, str, int, int]
"""adapter, incarnation, sequence, part."""
Row = dict[str, Any]


class Crash(BaseException):
    """The process ends here."""


@dataclass
class ClickHouse:
    history: dict[tuple[Any, ...], Row] = field(default_factory=dict)
    current: dict[tuple[Any, ...], Row] = field(default_factory=dict)
    ledger: dict[Number, Row] = field(default_factory=dict)
    heartbeats: list[Row] = field(default_factory=list)
    strict: bool = True
    away: int = 0
    """So many inserts find it away."""
    die_after: int | None = None
    """The sink is killed right after so many inserts more; 0: before the next one."""

    def insert(self, table: str, container: bytes) -> None:
        if self.away:
            self.away -= 1
            raise Away("the model says so")
        if self.die_after == 0:
            raise Crash
        rows = read(container)
        if table.startswith("encounter_from_"):
            if self.strict and any(row["main_diagnosis"] == REFUSED for row in rows):
                raise Refused(70, "main_diagnosis")
            for row in rows:
                self._document(row)
        elif table == "rejected":
            for row in rows:
                self._number(row, 2, "rejected")
        elif table == "outcomes":
            self._outcomes(rows)
        elif table == "heartbeats":
            self.heartbeats += rows
        if self.die_after is not None:
            self.die_after -= 1
            if self.die_after == 0:
                raise Crash

    def _document(self, row: Row) -> None:
        key = (row["document_date"], row["facility"], row["document_id"])
        self.history[*key, row["version"], *number(row)] = row
        old = self.current.get(key)
        if not row["superseded"] and (old is None or old["version"] <= row["version"]):
            self.current[key] = row
        self._number(row, 3, row["outcome"])

    def _outcomes(self, chunks: list[Row]) -> None:
        for chunk in chunks:
            for told in chunk["numbers"]:
                if told["outcome"] != "rejected":
                    rank = 1 if told["outcome"] == "duplicate" else 0
                    self._number(told | chunk["feeds"][told["feed"]], rank, told["outcome"])

    def _number(self, row: Row, rank: int, outcome: str) -> None:
        old = self.ledger.get(number(row))
        if row["adapter_id"] and (old is None or old["rank"] <= rank):
            outcome = "missing" if rank == 0 else outcome
            self.ledger[number(row)] = {"rank": rank, "outcome": outcome, "parts": row["parts"]}


def number(row: Row) -> Number:
    return row["adapter_id"], row["incarnation"], row["sequence"], row["part"]


def read(container: bytes) -> list[Row]:
    """The rows of a container of one block, its schema parsed once."""
    source = io.BytesIO(container)
    if source.read(4) != b"Obj\x01":
        raise ValueError("no container")
    meta = {_bytes(source): _bytes(source) for _ in range(_long(source))}
    if _long(source) != 0:
        raise ValueError("more metadata than was said")
    source.read(16)
    count, _size = _long(source), _long(source)
    schema = _schema(meta[b"avro.schema"])
    return [dict(fastavro.schemaless_reader(source, schema)) for _ in range(count)]


@lru_cache(maxsize=64)
def _schema(text: bytes) -> Any:
    return fastavro.parse_schema(without_logical_types(orjson.loads(text)))


def _long(source: io.BytesIO) -> int:
    found = shift = 0
    while True:
        byte = source.read(1)[0]
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (found >> 1) ^ -(found & 1)
        shift += 7


def _bytes(source: io.BytesIO) -> bytes:
    return source.read(_long(source))
