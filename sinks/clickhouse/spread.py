"""The inserts of one flush, several at once: ClickHouse reads Avro in one thread an insert, and has more cores than that.

Large groups are cut in pieces. Whether a piece goes in twice does not matter, so a group whose piece failed is inserted
again as a whole.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import Final, TypeVar

from sinks.clickhouse import sift
from sinks.clickhouse.batch import Group, Rejection
from sinks.clickhouse.client import Away

Key = TypeVar("Key")

LEAST_ROWS: Final = 2_000
"""A piece is not smaller: an insert costs some 40 ms however few its rows are."""
LOOK_SECONDS: Final = 0.5
"""How often `alive` is called while inserts run."""


def insert(
    pool: Executor | None, at_once: int, store: sift.Store, groups: Mapping[Key, Group], alive: Callable[[], None]
) -> Iterator[tuple[Key, list[Rejection]]]:
    """Yield each group that is in, with the rows ClickHouse refused. Raises Away when the others are in or have failed.

    `alive` is called in this thread only, and may raise; the inserts that run are then waited for.
    """
    if pool is None:
        for key, group in list(groups.items()):
            alive()
            yield key, sift.insert(store, group, alive)
        return
    running: dict[Future[list[Rejection]], Key] = {}
    for key, group in groups.items():
        for piece in _pieces(group, at_once):
            running[pool.submit(sift.insert, store, piece, _nothing)] = key
    try:
        yield from _finished(running, alive)
    finally:
        wait(running)


def _finished(
    running: dict[Future[list[Rejection]], Key], alive: Callable[[], None]
) -> Iterator[tuple[Key, list[Rejection]]]:
    rejections: dict[Key, list[Rejection]] = {key: [] for key in running.values()}
    trouble: dict[Key, BaseException] = {}
    waiting = dict(running)
    while waiting:
        done, _ = wait(waiting, LOOK_SECONDS, FIRST_COMPLETED)
        alive()
        for future in done:
            key, error = waiting.pop(future), future.exception()
            if error is not None:
                trouble[key] = error
            else:
                rejections[key] += future.result()
            if key not in trouble and key not in waiting.values():
                yield key, rejections[key]
    for error in sorted(trouble.values(), key=lambda error: isinstance(error, Away)):
        raise error  # what is not Away is not foreseen, and comes first


def _pieces(group: Group, at_once: int) -> Iterator[Group]:
    """Copies: the rows of a group may be taken from it while the piece is inserted."""
    rows = list(group.rows)
    size = max(LEAST_ROWS, -(-len(rows) // at_once))
    for start in range(0, len(rows), size):
        yield Group(group.target, rows[start : start + size])


def _nothing() -> None:
    """The thread of the loop polls; these must not."""
