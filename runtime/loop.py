"""The event loop of a role: uvloop where it is to be had, for half of an adapter's time would go into the loop itself."""

import asyncio
from collections.abc import Coroutine
from typing import Any


def new() -> asyncio.AbstractEventLoop:
    """A loop for a thread of its own."""
    try:
        import uvloop
    except ImportError:  # not made for this platform
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def run(main: Coroutine[Any, Any, None]) -> None:
    """As `asyncio.run`."""
    with asyncio.Runner(loop_factory=new) as runner:
        runner.run(main)
