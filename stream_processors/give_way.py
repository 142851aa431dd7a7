"""History gives way: a chunk of it is worked on only while nothing live has waited for too long."""

import asyncio
from collections.abc import Callable
from typing import Final

from runtime import telemetry
from runtime.clock import now_ms

ROLE: Final = "backfill"
"""What the metric of progress calls a worker that reads history."""
NICE: Final = 10
"""How much less of a busy core it gets than its neighbours: a tenth."""
PAUSE_SECONDS: Final = 0.2


class GiveWay:
    """`over` says whether live data waits (`runtime.lag.Lag`); it blocks, and is asked in a thread."""

    def __init__(self, over: Callable[[], bool], pause: float = PAUSE_SECONDS) -> None:
        self._over, self._pause = over, pause

    async def turn(self) -> None:
        """Returns when it is history's turn. Waiting is what is asked of it, so it counts as progress."""
        while await asyncio.to_thread(self._over):
            telemetry.GIVING_WAY.set(1)
            telemetry.PROGRESS.labels(ROLE).set(now_ms() / 1000)
            await asyncio.sleep(self._pause)
        telemetry.GIVING_WAY.set(0)
