"""A stand-in for the national population service: it knows the citizens of a CSV, and is slow, fails and throttles as it is
told. For this machine and for tests; the real service's form is unknown, so this speaks the house's own
(`stream_processors/resolver/client.py`).

    POST /v1/check {"number", "full_name", "birth"} -> {"result": "same" | "differs" | "unknown"}
    POST /behave {"delay_ms", "jitter_ms", "fail_share", "per_second", "away"} -> how it behaves from now on
"""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson
from aiohttp import web
from aiolimiter import AsyncLimiter

from stream_processors.names import words

LARGEST: Final = 4_096


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`fail_share` of the questions get 500; above `per_second` (0: no limit) 429 with Retry-After; `away`: all get 503."""

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    fail_share: float = 0.0
    per_second: float = 0.0
    away: bool = False


@dataclass(slots=True)
class Population:
    """Number -> (name, birth). `token` empty: anybody may ask. Counts what it answered by status."""

    citizens: dict[str, tuple[str, str]] = field(repr=False)
    behaviour: Behaviour = Behaviour()
    token: str = field(default="", repr=False)
    seed: int = 1
    answered: dict[int, int] = field(default_factory=dict)
    _random: random.Random = field(init=False, repr=False)
    _limiter: AsyncLimiter | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 no secret
        self._behave(self.behaviour)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str]], **given: Any) -> "Population":
        """`rows` are (number, full name, birth)."""
        return cls({number: (name, birth) for number, name, birth in rows}, **given)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST)
        app.router.add_post("/v1/check", self._check)
        app.router.add_post("/behave", self._on_behave)
        return app

    def _behave(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        limit = behaviour.per_second
        self._limiter = AsyncLimiter(max(limit, 1.0), max(1.0, 1.0 / limit)) if limit > 0 else None

    async def _on_behave(self, request: web.Request) -> web.Response:
        try:
            self._behave(replace(self.behaviour, **orjson.loads(await request.read())))
        except (orjson.JSONDecodeError, TypeError):
            return web.Response(status=400)
        return web.Response(status=204)

    async def _check(self, request: web.Request) -> web.Response:
        status, result, headers = await self._answer(request)
        self.answered[status] = self.answered.get(status, 0) + 1
        if result is None:
            return web.Response(status=status, headers=headers)
        return web.json_response({"result": result})

    async def _answer(self, request: web.Request) -> tuple[int, str | None, dict[str, str]]:
        now = self.behaviour
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return 401, None, {}
        if self._limiter is not None and not self._limiter.has_capacity():
            return 429, None, {"Retry-After": "1"}
        if self._limiter is not None:
            await self._limiter.acquire()
        await asyncio.sleep((now.delay_ms + self._random.random() * now.jitter_ms) / 1000)
        if now.away:
            return 503, None, {}
        if self._random.random() < now.fail_share:
            return 500, None, {}
        try:
            asked = orjson.loads(await request.read())
            return 200, self._verdict(asked["number"], asked["full_name"], asked["birth"]), {}
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return 400, None, {}

    def _verdict(self, number: str, name: str, birth: str) -> str:
        known = self.citizens.get(number)
        if known is None:
            return "unknown"
        length = min(len(known[1]), len(birth))
        same = words(known[0]) == words(name) and known[1][:length] == birth[:length]
        return "same" if same else "differs"
