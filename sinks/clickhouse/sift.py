"""One insert per group; where ClickHouse refuses a row, it is found by halving and the rest goes in."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from runtime import telemetry
from schemas import registry
from schemas.codec import FRAME_BYTES, NotOneDatum
from sinks.clickhouse.batch import Group, Rejection, Row, Target, container
from sinks.clickhouse.client import Away, Refused, TooMuch


class Store(Protocol):
    """What is asked of ClickHouse (`client.ClickHouse`, or a fake)."""

    def insert(self, table: str, container: bytes) -> None: ...


def insert(store: Store, group: Group, alive: Callable[[], None]) -> list[Rejection]:
    """Insert a group; the rows that ClickHouse refuses come back as rejections, all others are in.

    `alive` is called between inserts, so that the consumer keeps its place in the group. Raises Away; then the group is
    to be inserted again as a whole.
    """
    return list(_sift(store, group.target, group.rows, alive))


def _sift(store: Store, target: Target, rows: Sequence[Row], alive: Callable[[], None]) -> Iterator[Rejection]:
    try:
        _insert(store, target, rows)
    except TooMuch:
        for half in _halves(rows):
            alive()
            yield from _sift(store, target, half, alive)
    except Refused as refused:
        _ask_table(store, target, refused)
        whole, broken = _whole(target, rows)
        yield from broken
        yield from _search(store, target, whole, alive)


def _insert(store: Store, target: Target, rows: Sequence[Row]) -> None:
    started = time.perf_counter()
    store.insert(target.table, container(target, rows))
    telemetry.INSERT_SECONDS.labels(target.table).observe(time.perf_counter() - started)
    telemetry.ROWS.labels(target.table).inc(len(rows))


def _ask_table(store: Store, target: Target, refused: Refused) -> None:
    """A table that refuses even no rows does not fit the schema: no row is to blame, and none is rejected for it."""
    try:
        store.insert(target.table, container(target, ()))
    except Refused:
        raise Away(f"table {target.table} does not fit schema {target.schema_id}, code {refused.code}") from None


def _whole(target: Target, rows: Sequence[Row]) -> tuple[list[Row], list[Rejection]]:
    """Split off what is not exactly one datum: inside a container it would shift every row after it."""
    codec = registry.codec(target.schema_id)
    whole: list[Row] = []
    broken: list[Rejection] = []
    for row in rows:
        try:
            if codec is not None:
                codec.decode(row[2][FRAME_BYTES:])
            whole.append(row)
        except NotOneDatum:
            broken.append(Rejection(target.topic, row[0], row[1], len(row[2]), "store", detail="not exactly one datum"))
    return whole, broken


def _search(store: Store, target: Target, rows: Sequence[Row], alive: Callable[[], None]) -> Iterator[Rejection]:
    if not rows:
        return
    alive()
    try:
        _insert(store, target, rows)
    except (Refused, TooMuch) as trouble:
        if isinstance(trouble, Refused) and len(rows) == 1:
            yield _alone(target, rows[0], trouble)
            return
        for half in _halves(rows):
            yield from _search(store, target, half, alive)


def _halves(rows: Sequence[Row]) -> tuple[Sequence[Row], Sequence[Row]]:
    if len(rows) < 2:
        raise Away("no memory for one row")
    middle = len(rows) // 2
    return rows[:middle], rows[middle:]


def _alone(target: Target, row: Row, refused: Refused) -> Rejection:
    codec = registry.codec(target.schema_id)
    event = codec.decode(row[2][FRAME_BYTES:]) if codec is not None else None
    detail = f"ClickHouse error {refused.code}"
    return Rejection(target.topic, row[0], row[1], len(row[2]), "store", refused.place, detail, event)
