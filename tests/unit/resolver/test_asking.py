"""Asking the population service: over HTTP at a stand-in that is slow, fails and throttles; with patience; without I/O."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from infra.standin.population import Behaviour, Population
from stream_processors.resolver.breaker import Breaker
from stream_processors.resolver.cache import Cache
from stream_processors.resolver.client import HttpPopulation
from stream_processors.resolver.patience import Patient
from stream_processors.resolver.population import Person, Refused, Unavailable, Verdict

AN = Person("001080123456", "Nguyễn Văn An", "19800203")
STRANGER = Person("001080999999", "Nguyễn Văn An", "19800203")
KNOWN = [(AN.number, "NGUYỄN VĂN AN", "19800203")]


@asynccontextmanager
async def asking(population: Population, token: str = "", seconds: float = 5.0) -> AsyncIterator[HttpPopulation]:
    async with TestServer(population.app()) as server:
        client = HttpPopulation(str(server.make_url("/")), token, seconds)
        try:
            yield client
        finally:
            await client.close()


async def test_three_answers() -> None:
    async with asking(Population.of(KNOWN)) as client:
        assert "same" == await client.check(AN)
        assert "same" == await client.check(Person(AN.number, AN.full_name, "1980"))
        assert "differs" == await client.check(Person(AN.number, "Trần Thị Bình", "19800203"))
        assert "unknown" == await client.check(STRANGER)


@pytest.mark.parametrize(
    ("behaviour", "token", "why"),
    [
        (Behaviour(away=True), "", "status 503"),
        (Behaviour(fail_share=1.0), "", "status 500"),
        (Behaviour(), "wrong", "status 401"),
        (Behaviour(delay_ms=5_000), "", "TimeoutError"),
    ],
)
async def test_no_answer_now(behaviour: Behaviour, token: str, why: str) -> None:
    asked = Population.of(KNOWN, behaviour=behaviour, token="right" if token else "")
    async with asking(asked, token, 0.2 if behaviour.delay_ms else 5.0) as client:
        with pytest.raises(Unavailable, match=why):
            await client.check(AN)


async def test_it_says_how_long_to_leave_it_alone() -> None:
    async with asking(Population.of(KNOWN, behaviour=Behaviour(per_second=1))) as client:
        assert "same" == await client.check(AN)
        with pytest.raises(Unavailable, match="status 429") as told:
            await client.check(AN)
        assert 1.0 == told.value.after


async def test_what_it_will_never_answer_is_refused() -> None:
    async with asking(Population.of(KNOWN)) as client:
        with pytest.raises(Refused, match="status 413"):
            await client.check(Person(AN.number, "a" * 10_000, "1980"))


async def test_nobody_is_named_in_an_error() -> None:
    client = HttpPopulation("http://127.0.0.1:9", "", 1.0)
    with pytest.raises(Unavailable) as told:
        await client.check(AN)
    await client.close()
    assert AN.number not in f"{told.value!r}{told.value.__cause__!r}{AN!r}"


async def test_a_service_that_fails_throttles_and_comes_back_answers_all() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 12:
            service.behaviour = Behaviour(fail_share=0.3)
        await asyncio.sleep(0)

    service = Population.of(KNOWN, behaviour=Behaviour(away=True))
    ticks = iter(range(1_000_000))
    breaker = Breaker(2, 1.0, clock=lambda: float(next(ticks)), sleep=sleep)
    async with asking(service) as client:
        patient = Patient(client, rate=10_000, attempts=3, breaker=breaker, sleep=sleep)
        assert ["same"] * 20 == list(await asyncio.gather(*(patient.check(AN) for _ in range(20))))
    assert 20 == service.answered[200]
    assert {503, 500, 200} == set(service.answered)


class Told:
    """Answers one after another; the last for ever."""

    def __init__(self, *answers: Verdict | Exception) -> None:
        self.answers, self.asked = list(answers), 0

    async def check(self, person: Person) -> Verdict:
        assert person == AN
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_a_wait_is_as_long_as_the_service_asks_for() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    told = Told(Unavailable("status 429", 77.0), "same")
    breaker = Breaker(5, 1.0)
    assert "same" == await Patient(told, rate=1_000, attempts=3, breaker=breaker, sleep=sleep).check(AN)
    assert [77.0] == slept


async def test_a_refusal_is_an_answer_and_is_not_asked_again() -> None:
    told = Told(Refused("status 422"))
    breaker = Breaker(1, 1.0)
    with pytest.raises(Refused):
        await Patient(told, rate=1_000, attempts=3, breaker=breaker).check(AN)
    assert (1, False) == (told.asked, breaker.open)


class Clock:
    """Time that passes by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_the_breaker_rests_longer_each_time_and_one_probe_closes_it() -> None:
    clock = Clock()
    breaker = Breaker(3, 10.0, 15.0, clock=clock, sleep=clock.sleep)
    assert [False, False, True] == [breaker.leave(well=False) for _ in range(3)]
    await breaker.enter()
    assert (True, 10.0) == (breaker.open, clock.now)
    assert breaker.leave(well=False)  # one failure of the probe is enough
    await breaker.enter()
    assert 25.0 == clock.now  # twice as long, but at most 15
    assert not breaker.leave(well=True)
    assert not breaker.open
    await breaker.enter()
    assert 25.0 == clock.now


async def test_only_one_probes_and_another_takes_over_from_one_that_gave_up() -> None:
    clock = Clock()
    breaker = Breaker(1, 10.0, clock=clock, sleep=clock.sleep)
    breaker.leave(well=False)
    await breaker.enter()
    entered: list[bool] = []
    held = Breaker(1, 0.0)
    assert not held.open

    async def second() -> None:
        await breaker.enter()
        entered.append(True)

    async def sleep(_seconds: float) -> None:
        assert [] == entered
        breaker.abandon()

    breaker._sleep = sleep
    await second()
    assert [True] == entered


def test_the_cache_is_bounded_and_forgets() -> None:
    clock = Clock()
    cache: Cache[str] = Cache(2, clock)
    cache.put(b"a", "1", 10)
    cache.put(b"b", "2", 20)
    assert "1" == cache.get(b"a")  # used last, so it stays
    cache.put(b"c", "3", 20)
    assert (2, None, "1") == (len(cache), cache.get(b"b"), cache.get(b"a"))
    clock.now = 10
    assert (None, "3") == (cache.get(b"a"), cache.get(b"c"))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"result": "maybe"}', b'{"result": 1}', b"{" + b" " * 5_000])
async def test_an_answer_that_cannot_be_read_is_none(body: bytes) -> None:
    from aiohttp import web

    async def handle(_request: web.Request) -> web.Response:
        return web.Response(body=body)

    app = web.Application()
    app.router.add_post("/v1/check", handle)
    async with TestServer(app) as server:
        client = HttpPopulation(str(server.make_url("")), "", 5.0)
        with pytest.raises(Unavailable, match="cannot be read"):
            await client.check(AN)
        await client.close()


async def test_how_the_stand_in_behaves_can_be_changed() -> None:
    import aiohttp

    population = Population.of(KNOWN)
    async with TestServer(population.app()) as server, aiohttp.ClientSession() as session:
        said: Any = {"away": True, "delay_ms": 1}
        assert 204 == (await session.post(server.make_url("/behave"), json=said)).status
        assert 400 == (await session.post(server.make_url("/behave"), json={"no": 1})).status
        assert 503 == (await session.post(server.make_url("/v1/check"), json={})).status
        await session.post(server.make_url("/behave"), json={"away": False})
        assert 400 == (await session.post(server.make_url("/v1/check"), json={})).status
