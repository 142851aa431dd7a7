"""A circuit breaker: after some failures in a row nobody asks for a while; then one asks, and its answer decides for all."""

import asyncio
import time
from collections.abc import Awaitable, Callable


class Breaker:
    """`failures` in a row open it for `rest` seconds, each time twice as long, up to `longest`."""

    def __init__(
        self,
        failures: int,
        rest: float,
        longest: float = 300.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._most, self._first, self._longest = failures, rest, longest
        self._clock, self._sleep = clock, sleep
        self._rest, self._count, self._until = rest, 0, 0.0
        self._probing = False
        self.open = False

    async def enter(self) -> None:
        """Returns when the caller may ask; `leave` or `abandon` must follow."""
        while self.open:
            left = self._until - self._clock()
            if left <= 0 and not self._probing:
                self._probing = True
                return
            await self._sleep(min(max(left, 0.05), 1.0))

    def leave(self, *, well: bool) -> bool:
        """How it went. True where this has opened it."""
        if well:
            self.open = self._probing = False
            self._rest, self._count = self._first, 0
            return False
        self._count += 1
        if not self._probing and (self.open or self._count < self._most):
            return False
        self.open, self._probing, self._count = True, False, 0
        self._until = self._clock() + self._rest
        self._rest = min(self._rest * 2, self._longest)
        return True

    def abandon(self) -> None:
        """The caller was cancelled before there was an answer."""
        self._probing = False
