"""`livingdata clickhouse freeze --every`: again and again, also past a store that does not answer."""

import threading

from infra.cli.clickhouse import freeze_loop
from sinks.clickhouse.client import Away
from sinks.clickhouse.freeze import Frozen


def test_it_runs_again_after_a_store_that_was_away() -> None:
    stop, runs = threading.Event(), 0

    def once() -> list[Frozen]:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise Away("no answer")
        if runs == 3:
            stop.set()
        return [Frozen(202601, 0, 0, lost=1)]

    freeze_loop(once, stop, 0.001)
    assert 3 == runs


def test_it_does_not_begin_once_it_was_told_to_stop() -> None:
    stop = threading.Event()
    stop.set()

    def once() -> list[Frozen]:
        raise AssertionError

    freeze_loop(once, stop, 1)
