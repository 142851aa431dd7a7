"""The event loop of a role: uvloop where it is to be had, for half of an adapter's time would go into the loop itself."""

import asyncio
from collections.abc import Coroutine
from typing import Any


def run(main: Coroutine[Any, Any, None]) -> None:
    """As `asyncio.run`."""
    try:
        import uvloop
    except ImportError:  # not made for this platform
        asyncio.run(main)
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
