"""Redis: the only door. Claims and the citizen registry, one round trip for a chunk."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, TypeVar

import redis.asyncio as redis
from redis.exceptions import NoScriptError, RedisError

from runtime import logs
from stream_processors import claims

DAY_SECONDS: Final = 86_400
_LOAD: Final = 2_000

T = TypeVar("T")

log = logs.get("stores")


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """The answer; while Redis is away it waits, and says so."""
    wait = 0.1
    while True:
        try:
            return await ask()
        except (RedisError, OSError) as error:
            log.warning("redis_away", error=type(error).__name__, again_in_seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, 5.0)


class Store:
    """Claims and citizens. If Redis is away, it waits and says so: no claim, no output."""

    def __init__(self, url: str, claim_days: int) -> None:
        self._redis = redis.from_url(url, socket_timeout=10, socket_connect_timeout=5, decode_responses=False)
        self._seconds = claim_days * DAY_SECONDS
        self._claim = self._redis.register_script(claims.SCRIPT)
        self._forget = self._redis.register_script(claims.FORGET)

    async def claim_and_find(
        self, keys: Sequence[bytes], asked: bytes, citizens: Sequence[bytes]
    ) -> tuple[Sequence[claims.Claim], list[bytes | None]]:
        """Claims for documents (in order) and what the registry knows of citizens."""
        return await _patiently(lambda: self._ask(keys, asked, citizens))

    async def _ask(
        self, keys: Sequence[bytes], asked: bytes, citizens: Sequence[bytes]
    ) -> tuple[Sequence[claims.Claim], list[bytes | None]]:
        pipe = self._redis.pipeline(transaction=False)
        pipe.evalsha(self._claim.sha, len(keys), *keys, self._seconds, asked)
        if citizens:
            pipe.mget([b"citizen:" + number for number in citizens])
        try:
            answered = await pipe.execute()
        except NoScriptError:
            await self._redis.script_load(self._claim.script)
            return await self._ask(keys, asked, citizens)
        return claims.answers(answered[0], len(keys)), answered[1] if citizens else []

    async def forget_content(self, refused: Sequence[tuple[bytes, bytes]]) -> int:
        """The store refused what these numbers brought, (claim key, number) each: the hospital's resend must not count
        as a duplicate. Gives how many claims were changed."""
        if not refused:
            return 0
        keys, numbers = [key for key, _ in refused], b"".join(number for _, number in refused)
        return int(await _patiently(lambda: self._forget(keys=keys, args=[numbers])))

    async def load_citizens(self, entries: Iterable[tuple[bytes, bytes]]) -> int:
        """Fill the registry; gives the number written."""
        count = 0
        batch: dict[bytes, bytes] = {}
        for number, hashes in entries:
            batch[b"citizen:" + number] = hashes
            count += 1
            if len(batch) >= _LOAD:
                await self._redis.mset(batch)
                batch = {}
        if batch:
            await self._redis.mset(batch)
        return count

    async def close(self) -> None:
        await self._redis.aclose()
