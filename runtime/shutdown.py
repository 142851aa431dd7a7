"""Ending well: SIGTERM and SIGINT set an event; the role finishes what it holds and leaves."""

import signal
import threading
from types import FrameType


def stop_event() -> threading.Event:
    """An event that the first SIGTERM or SIGINT sets. Call from the main thread."""
    event = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        event.set()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
    return event
