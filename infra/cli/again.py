"""What the commands share that stay and ask ClickHouse again and again."""

import threading
from collections.abc import Callable

from structlog.stdlib import BoundLogger

from sinks.clickhouse.client import Away


def again(
    do: Callable[[], None],
    stop: threading.Event,
    every: float,
    log: BoundLogger,
    failed: Callable[[], None] = lambda: None,
) -> None:
    """`do` now and then every so many seconds, whether or not ClickHouse answers; `failed` where it did not."""
    while not stop.is_set():
        try:
            do()
        except Away as trouble:
            failed()
            log.warning("store_away", trouble=str(trouble), again_in_seconds=every)
        stop.wait(every)
