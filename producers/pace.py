"""A feed's pace: how many of its records may go to Kafka now. What may not waits in its outbox, in order.

All hospitals meet in the workers. One that sends 50 times its usual rate would put its backlog before everybody's next
record; held here it stands before its own only, durable and counted (`outbox_age`).
"""

import time
from collections.abc import Callable
from typing import Final

BURST_SECONDS: Final = 2.0
"""What a feed that was quiet may send at once, in seconds of its pace."""


class Pace:
    """A token bucket for each feed. `rate` in records a second; 0 holds nothing back."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._left: dict[str, tuple[float, float]] = {}

    def room(self, feed: str) -> int:
        """Records that may go now; of a feed without a limit as many as there are."""
        if self._rate <= 0:
            return 1 << 30
        return int(self._tokens(feed))

    def take(self, feed: str, count: int = 1) -> None:
        if self._rate > 0:
            self._left[feed] = (self._tokens(feed) - count, self._clock())

    def _tokens(self, feed: str) -> float:
        full = self._rate * BURST_SECONDS
        left, at = self._left.get(feed, (full, self._clock()))
        return min(full, left + (self._clock() - at) * self._rate)
