"""Asking with patience: rate limit, retries with jitter, circuit breaker. An answer comes, however long it takes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from aiolimiter import AsyncLimiter
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from runtime import logs
from stream_processors.resolver.breaker import Breaker
from stream_processors.resolver.population import Person, Population, Refused, Unavailable, Verdict

LONGEST_WAIT: Final = 30.0
"""Seconds between two attempts, where the service names none."""

log = logs.get("resolver")


class Patient:
    """`rate` is questions a second, retries included; `attempts` at a question count as one failure of the breaker."""

    def __init__(
        self,
        population: Population,
        *,
        rate: float,
        attempts: int,
        breaker: Breaker,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._population, self._breaker = population, breaker
        self._limiter = AsyncLimiter(max(rate, 1.0), max(1.0, 1.0 / rate))
        self._jitter = wait_random_exponential(multiplier=0.2, max=LONGEST_WAIT)
        self._attempts, self._sleep = attempts, sleep

    async def check(self, person: Person) -> Verdict:
        """The verdict, when there is one. Raises Refused."""
        while True:
            await self._breaker.enter()
            try:
                verdict = await self._try(person)
            except Unavailable as error:
                if self._breaker.leave(well=False):
                    log.warning("service_away", why=str(error), mend="the resolver waits and asks again by itself")
            except Refused:  # it has answered
                self._breaker.leave(well=True)
                raise
            except BaseException:  # cancelled, or unforeseen: of the service it says nothing
                self._breaker.abandon()
                raise
            else:
                self._breaker.leave(well=True)
                return verdict

    async def _try(self, person: Person) -> Verdict:
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            wait=self._wait,
            retry=retry_if_exception_type(Unavailable),
            sleep=self._sleep,
            reraise=True,
        )
        return await retrying(self._once, person)

    async def _once(self, person: Person) -> Verdict:
        async with self._limiter:
            return await self._population.check(person)

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return max(self._jitter(state), error.after if isinstance(error, Unavailable) else 0.0)
