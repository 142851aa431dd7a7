"""Redis: the only door. Claims, the citizen registry and code maps, one round trip for a chunk."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import redis.asyncio as redis
from redis.exceptions import NoScriptError, RedisError

from runtime import logs
from stream_processors import citizens, claims, identify
from stream_processors.codes import MAPS, Row, pack
from stream_processors.codes import key as codes_key
from stream_processors.codes import name as codes_name
from stream_processors.lookup import Answers

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


def connect(url: str, seconds: float, *, text: bool = True) -> Any:
    """A client that gives up on a question after `seconds`."""
    return redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=5, decode_responses=text)


class Store:
    """Claims, citizens, code maps. If Redis is away, it waits and says so: no claim, no output."""

    def __init__(self, url: str, claim_days: int) -> None:
        self._redis = connect(url, 10, text=False)
        self.claim_seconds: Final = claim_days * claims.DAY_SECONDS
        self._claim = self._redis.register_script(claims.SCRIPT)
        self._forget = self._redis.register_script(claims.FORGET)
        self.code_maps: frozenset[bytes] = frozenset()
        """Which maps there are, as of the last answer: a new map is used from the next chunk on."""

    async def claim_and_find(
        self, keys: Sequence[bytes], asked: bytes, persons: Sequence[bytes], codes: Sequence[tuple[bytes, bytes]]
    ) -> Answers:
        """As `lookup.Lookup` says."""
        return await _patiently(lambda: self._ask(keys, asked, persons, codes))

    async def _ask(
        self, keys: Sequence[bytes], asked: bytes, persons: Sequence[bytes], codes: Sequence[tuple[bytes, bytes]]
    ) -> Answers:
        pipe = self._redis.pipeline(transaction=False)
        pipe.evalsha(self._claim.sha, len(keys), *keys, asked)
        pipe.smembers(MAPS)
        if persons:
            pipe.mget(persons)
        fields: dict[bytes, list[bytes]] = {}
        for name, code in codes:
            fields.setdefault(name, []).append(code)
        for name, wanted in fields.items():
            pipe.hmget(name, wanted)
        try:
            said, maps, *rest = await pipe.execute()
        except NoScriptError:
            await self._redis.script_load(self._claim.script)
            return await self._ask(keys, asked, persons, codes)
        self.code_maps = frozenset(maps)
        found = dict(zip(persons, rest.pop(0), strict=True)) if persons else {}
        packed = {
            (name, code): value
            for (name, wanted), values in zip(fields.items(), rest, strict=True)
            for code, value in zip(wanted, values, strict=True)
        }
        return Answers(claims.answers(said, len(keys)), found, packed)

    async def find(self, keys: Sequence[bytes]) -> dict[bytes, bytes | None]:
        """What the registry holds under these keys, without claiming anything."""

        async def ask() -> list[bytes | None]:
            pipe = self._redis.pipeline(transaction=False)
            pipe.mget(keys)
            (found,) = await pipe.execute()
            return list(found)

        return dict(zip(keys, await _patiently(ask), strict=True))

    async def forget_content(self, refused: Sequence[tuple[bytes, bytes]]) -> int:
        """The store refused what these numbers brought, (claim key, number) each: the hospital's resend must not count
        as a duplicate. Gives how many claims were changed."""
        if not refused:
            return 0
        keys, numbers = [key for key, _ in refused], b"".join(number for _, number in refused)
        return int(await _patiently(lambda: self._forget(keys=keys, args=[numbers])))

    async def load_citizens(self, entries: Iterable[tuple[bytes, bytes]]) -> int:
        """Fill the registry by number alone (`identify.entry`); gives the number written."""
        return await self.load_registry(citizens.Rows(entry, ()) for entry in entries)

    async def load_registry(self, rows: Iterable[citizens.Rows]) -> int:
        """Fill the registry and its indexes; gives the number of citizens written."""
        index = self._redis.register_script(citizens.INDEX)
        count = 0
        for batch in _batches(rows, _LOAD):
            await self._redis.mset(dict(row.entry for row in batch))
            pairs = [pair for row in batch for pair in row.index]
            if pairs:
                await index(keys=[key for key, _ in pairs], args=[identify.AMBIGUOUS, *(value for _, value in pairs)])
            count += len(batch)
        return count

    async def load_codes(self, rows: Iterable[Row]) -> int:
        """Put rows of code maps in place: a local code's rows replace what was known of it. Gives the local codes."""
        by_code: dict[tuple[str, str, str], list[Row]] = {}
        for row in rows:
            by_code.setdefault((row.facility, row.system, row.local_code), []).append(row)
        for batch in _batches(by_code.items(), _LOAD):
            pipe = self._redis.pipeline(transaction=False)
            for (facility, system, code), of_code in batch:
                pipe.hset(codes_key(facility, system), code, pack(of_code))
                pipe.sadd(MAPS, codes_name(facility, system))
            await pipe.execute()
        return len(by_code)

    async def load_claims(self, rows: Iterable[tuple[bytes, bytes]], *, replace: bool = False) -> int:
        """Put rebuilt claims in place where there is none (a live one knows more), or over what came back from an old
        backup; gives the number written."""
        count = 0
        for batch in _batches(rows, _LOAD):
            pipe = self._redis.pipeline(transaction=False)
            for key, claim in batch:
                pipe.set(key, claim, ex=self.claim_seconds, nx=not replace)
            count += sum(1 for written in await pipe.execute() if written)
        return count

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


def _batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(rows)
    while batch := list(islice(left, size)):
        yield batch
