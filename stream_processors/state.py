"""A Redis as a whole: what it says of itself, and emptying it. Never keys or values."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from redis.exceptions import RedisError

from stream_processors.stores import connect

_SECONDS: Final = 5.0


class RedisAway(RuntimeError):
    """It does not answer; holds the sort of trouble only."""


@dataclass(frozen=True, slots=True)
class RedisState:
    """None where the server does not tell (a managed one hides CONFIG). Sizes in bytes, `at_ms` UTC."""

    version: str
    keys: int
    used_bytes: int
    max_bytes: int
    policy: str | None = None
    appendonly: bool | None = None
    at_ms: int | None = None


def describe(url: str) -> RedisState:
    """Ask the server at `url`. Raises RedisAway."""
    return asyncio.run(_describe(url))


def empty(url: str) -> None:
    """Delete everything in the database that `url` names. Raises RedisAway."""
    asyncio.run(_empty(url))


async def _empty(url: str) -> None:
    client = connect(url, _SECONDS)
    try:
        await client.flushdb()
    except (RedisError, OSError) as error:
        raise RedisAway(type(error).__name__) from None
    finally:
        await client.aclose()


async def _describe(url: str) -> RedisState:
    client = connect(url, _SECONDS)
    try:
        await client.ping()
        keys = int(await client.dbsize())
        info: Mapping[str, Any] = await _or(client.info(), {})
        policy: Mapping[str, str] = await _or(client.config_get("maxmemory-policy"), {})
        kept: Mapping[str, str] = await _or(client.config_get("appendonly"), {})
        said: Any = await _or(client.time(), None)
    except (RedisError, OSError, TimeoutError) as error:
        raise RedisAway(type(error).__name__) from None
    finally:
        await client.aclose()
    appendonly = kept.get("appendonly")
    return RedisState(
        str(info.get("redis_version", "?")),
        keys,
        int(info.get("used_memory", 0)),
        int(info.get("maxmemory", 0)),
        policy.get("maxmemory-policy"),
        None if appendonly is None else appendonly == "yes",
        None if said is None else int(said[0]) * 1000 + int(said[1]) // 1000,
    )


async def _or(asked: Any, otherwise: Any) -> Any:
    """The answer, or `otherwise` from a server that does not know or allow the question."""
    try:
        return await asked
    except RedisError:
        return otherwise
