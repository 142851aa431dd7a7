"""Ending well: the first signal sets the event and ends nothing else."""

import os
import signal
from collections.abc import Iterator

import pytest

from runtime.shutdown import stop_event


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_sets_the_event(number: signal.Signals) -> None:
    event = stop_event()
    assert not event.is_set()
    os.kill(os.getpid(), number)
    assert event.wait(5)
