"""What every store of claims must do: the script on a real Redis, and the stand-in that other tests use."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio as redis
from structlog.testing import capture_logs

from infra.embedded.child import Child
from infra.embedded.redis import EmbeddedRedis, answers, command
from stream_processors import claims, codes
from stream_processors.citizens import Rows
from stream_processors.claims import Claim
from stream_processors.stores import Store
from tests.fakes import FakeStore

pytestmark = pytest.mark.slow

DOCUMENT = "d0" * 16
DATE = 20_600
ACCEPTED = Claim("accepted", False, DATE)
AMENDED = Claim("amended", False, DATE)
SUPERSEDED = Claim("amended", True, DATE)
DUPLICATE = Claim("duplicate", False, DATE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as running:
        yield running.url


@pytest.fixture(params=["redis", "fake"])
async def store(request: pytest.FixtureRequest, server: str) -> AsyncIterator[Store | FakeStore]:
    if request.param == "fake":
        yield FakeStore()
        return
    client = redis.from_url(server)
    await client.flushall()
    made = Store(server, claim_days=45)
    yield made
    await made.close()
    await client.aclose()


def part(number: int, version: int, content: str, document: str = DOCUMENT) -> dict[str, Any]:
    return {
        "adapter_id": "01003.his",
        "incarnation": "a" * 16,
        "sequence": number,
        "part": 1,
        "document_id": document,
        "version": version,
        "content_hash": content[:1] * 32,
    }


async def told(store: Store | FakeStore, *parts: dict[str, Any], day: int = DATE) -> list[Claim]:
    asked = b"".join(claims.ask(event, day) for event in parts)
    answers = await store.claim_and_find([claims.key(event) for event in parts], asked, [], [])
    return list(answers.claims)


async def test_the_first_is_accepted(store: Store | FakeStore) -> None:
    assert [ACCEPTED] == await told(store, part(1, 1, "a"))


async def test_the_same_number_is_answered_again_the_same(store: Store | FakeStore) -> None:
    """Redelivery, re-publication, replay: the store collapses it, so it is emitted again."""
    story = [part(1, 10, "a"), part(2, 20, "b"), part(3, 20, "b"), part(4, 5, "c"), part(5, 30, "a")]
    first = await told(store, *story)
    assert [ACCEPTED, AMENDED, DUPLICATE, SUPERSEDED, AMENDED] == first
    assert first == await told(store, *story)
    assert first[::-1] == await told(store, *story[::-1])


async def test_what_comes_late_between_two_equal_ones_is_outdated(store: Store | FakeStore) -> None:
    await told(store, part(1, 10, "a"))
    assert [DUPLICATE] == await told(store, part(2, 99, "a"))
    assert [SUPERSEDED] == await told(store, part(3, 50, "b"))
    assert [AMENDED] == await told(store, part(4, 100, "b"))


async def test_a_duplicate_keeps_the_number_of_what_it_repeats(store: Store | FakeStore) -> None:
    await told(store, part(1, 10, "a"), part(2, 99, "a"))
    assert [ACCEPTED, DUPLICATE] == await told(store, part(1, 10, "a"), part(2, 99, "a"))


async def test_a_duplicate_of_an_older_version_makes_nothing_older(store: Store | FakeStore) -> None:
    await told(store, part(1, 50, "a"), part(2, 10, "a"))
    assert [SUPERSEDED] == await told(store, part(3, 20, "b"))


async def test_an_equal_or_older_version_is_superseded(store: Store | FakeStore) -> None:
    await told(store, part(1, 10, "a"))
    assert [SUPERSEDED, SUPERSEDED] == await told(store, part(2, 9, "b"), part(3, 10, "c"))
    # What was superseded is not current: the same content again is no duplicate of it.
    assert [AMENDED] == await told(store, part(4, 11, "b"))


async def test_a_revert_is_an_amendment(store: Store | FakeStore) -> None:
    told_ = await told(store, part(1, 10, "a"), part(2, 20, "b"), part(3, 30, "a"), part(4, 40, "b"))
    assert [ACCEPTED, AMENDED, AMENDED, AMENDED] == told_


async def test_versions_are_compared_as_64_bits(store: Store | FakeStore) -> None:
    high = (1_780_000_000_000 << 20) | 7
    await told(store, part(1, high, "a"))
    assert [SUPERSEDED] == await told(store, part(2, high - 1, "b"))
    assert [AMENDED] == await told(store, part(3, high + 1, "c"))
    assert [AMENDED] == await told(store, part(4, (1 << 63) - 1, "d"))


async def test_the_document_date_is_that_of_the_first_claim(store: Store | FakeStore) -> None:
    await told(store, part(1, 10, "a"), day=-3)
    assert [Claim("amended", False, -3)] == await told(store, part(2, 20, "b"), day=DATE)
    assert [Claim("duplicate", False, -3)] == await told(store, part(3, 30, "b"), day=DATE)


async def test_a_forgotten_content_is_no_duplicate(store: Store | FakeStore) -> None:
    refused = part(1, 10, "a")
    await told(store, refused)
    assert 1 == await store.forget_content([(claims.key(refused), claims.number(refused))])
    assert [AMENDED] == await told(store, part(2, 20, "a"))
    assert [DUPLICATE] == await told(store, part(3, 30, "a"))
    # The number itself is still known.
    assert [ACCEPTED] == await told(store, refused)


async def test_only_the_refused_number_is_forgotten(store: Store | FakeStore) -> None:
    first, second = part(1, 10, "a"), part(2, 20, "b")
    await told(store, first, second)
    other = claims.key(part(1, 1, "a", "e0" * 16))
    assert 0 == await store.forget_content([(claims.key(first), claims.number(first)), (other, claims.number(first))])
    assert [DUPLICATE] == await told(store, part(3, 30, "b"))
    assert 0 == await store.forget_content([])


async def test_the_last_16_other_numbers_are_known(store: Store | FakeStore) -> None:
    """The number of the current version is never dropped; one that was dropped may be superseded, never a hole."""
    await told(store, part(1, 10, "a"), part(2, 20, "b"))
    await told(store, *(part(number, 30, "b") for number in range(3, 3 + 16)))
    assert [AMENDED] == await told(store, part(2, 20, "b"))
    assert [DUPLICATE] * 16 == await told(store, *(part(number, 99, "e") for number in range(3, 3 + 16)))
    assert [SUPERSEDED] == await told(store, part(1, 10, "a"))


async def test_the_16th_is_known_and_the_17th_is_not(store: Store | FakeStore) -> None:
    await told(store, *(part(number, number, "ab"[number % 2]) for number in range(1, 1 + 17)))
    assert [ACCEPTED] == await told(store, part(1, 1, "b"))
    await told(store, part(18, 18, "a"))
    assert [SUPERSEDED] == await told(store, part(1, 1, "b"))


async def test_documents_do_not_touch_each_other(store: Store | FakeStore) -> None:
    other = "e0" * 16
    assert [ACCEPTED, ACCEPTED] == await told(store, part(1, 10, "a"), part(1, 10, "a", other))
    assert [AMENDED, DUPLICATE] == await told(store, part(2, 20, "b"), part(2, 20, "a", other))


async def test_a_chunk_is_taken_in_order(store: Store | FakeStore) -> None:
    assert [ACCEPTED, DUPLICATE, AMENDED, SUPERSEDED] == await told(
        store, part(1, 10, "a"), part(2, 11, "a"), part(3, 12, "b"), part(4, 11, "c")
    )


def rows(citizen: bytes, number: bytes, *index: bytes) -> Rows:
    entry = citizen * 16 + b"entry"
    return Rows((b"citizen:" + number, entry), tuple((key, entry) for key in index))


async def test_citizens_are_found_in_the_same_round_trip(store: Store | FakeStore) -> None:
    assert 2 == await store.load_citizens([(b"citizen:n", b"Anna"), (b"citizen:m", b"Binh")])
    event = part(1, 1, "a")
    found = await store.claim_and_find([claims.key(event)], claims.ask(event, DATE), [b"citizen:m", b"card:x"], [])
    assert [ACCEPTED] == list(found.claims)
    assert {b"citizen:m": b"Binh", b"card:x": None} == found.persons


async def test_what_two_citizens_share_finds_nobody(store: Store | FakeStore) -> None:
    assert 2 == await store.load_registry([rows(b"a", b"1", b"card:1", b"person:1"), rows(b"b", b"2", b"person:1")])
    await store.load_registry([rows(b"a", b"1", b"card:1", b"person:1")])  # imported again
    event = part(1, 1, "a")
    asked = [b"card:1", b"person:1", b"citizen:2"]
    found = await store.claim_and_find([claims.key(event)], claims.ask(event, DATE), asked, [])
    assert {b"card:1": b"a" * 16 + b"entry", b"person:1": b"-", b"citizen:2": b"b" * 16 + b"entry"} == found.persons


async def test_codes_are_found_in_the_same_round_trip(store: Store | FakeStore) -> None:
    first = codes.Row("01003", "LAB", "GLU", "QD1227", "2300101", date(2026, 1, 1), date.max, "m1", 1)
    assert 2 == await store.load_codes([first, replace(first, version=2), replace(first, facility="", local_code="Ca")])
    event = part(1, 1, "a")
    asked = [(b"codes:01003:LAB", b"GLU"), (b"codes::LAB", b"Ca"), (b"codes::LAB", b"GLU"), (b"codes::X", b"GLU")]
    found = await store.claim_and_find([claims.key(event)], claims.ask(event, DATE), [], asked)
    assert {b"01003:LAB", b":LAB"} == store.code_maps
    assert asked == list(found.codes)
    assert [True, True, False, False] == [value is not None for value in found.codes.values()]
    assert ("QD1227", "2300101", "m1") == codes.choose(found.codes[asked[0]], DATE)


async def test_both_agree_on_any_story(server: str) -> None:
    """A thousand random parts of three documents, in random chunks, some of them again."""
    client = redis.from_url(server)
    await client.flushall()
    real, fake = Store(server, claim_days=45), FakeStore()
    dice = random.Random(4)
    documents = [f"{number:032x}" for number in range(3)]
    past: list[dict[str, Any]] = []
    for _ in range(120):
        chunk = []
        for _ in range(dice.randrange(1, 12)):
            if past and dice.random() < 0.3:
                chunk.append(dice.choice(past[-60:]))
            else:
                chunk.append(part(len(past) + 1, dice.randrange(1, 300), dice.choice("abcd"), dice.choice(documents)))
                past.append(chunk[-1])
        if dice.random() < 0.1:
            refused = [(claims.key(event), claims.number(event)) for event in chunk[:1]]
            assert await fake.forget_content(refused) == await real.forget_content(refused)
        assert await told(fake, *chunk) == await told(real, *chunk)
    await real.close()
    await client.aclose()


async def test_claims_end_after_their_days(server: str) -> None:
    """A live claim keeps its time where a backfill meets it; a backfill's own is short."""
    client = redis.from_url(server)
    await client.flushall()
    store = Store(server, claim_days=2)
    assert 2 * 86_400 == store.claim_seconds
    event, other = part(1, 1, "a"), part(2, 2, "b")
    live, short = 2 * 86_400, 3_600

    async def ttl_after(said: dict[str, Any], seconds: int) -> int:
        await store.claim_and_find([claims.key(said)], claims.ask(said, DATE, seconds), [], [])
        return int(await client.ttl(claims.key(said)))

    assert short - 5 < await ttl_after(event, short) <= short
    assert live - 5 < await ttl_after(other, live) <= live
    await store.forget_content([(claims.key(other), claims.number(other))])
    assert live - 5 < await ttl_after(part(3, 3, "c"), short) <= live
    await store.close()
    await client.aclose()


def test_a_backfills_claim_is_short() -> None:
    live = 45 * 86_400
    for name in ("01001.his", "replay.01001", "01001.backfill.his"):
        assert live == claims.seconds({"adapter_id": name}, live)
    for name in ("01001.his.backfill", "01001.old.backfill"):
        assert 8 * 86_400 == claims.seconds({"adapter_id": name}, live)
        assert 86_400 == claims.seconds({"adapter_id": name}, 86_400)


async def test_a_claim_stays_small(server: str) -> None:
    client = redis.from_url(server)
    store = Store(server, claim_days=45)
    await told(store, *(part(number, number, "ab"[number % 2], "f0" * 16) for number in range(1, 60)))
    claim = await client.get(claims.key(part(1, 1, "a", "f0" * 16)))
    assert isinstance(claim, bytes)
    assert 37 + 16 * 9 == len(claim)
    await store.close()
    await client.aclose()


async def test_a_script_that_redis_forgot_is_loaded_again(server: str) -> None:
    client = redis.from_url(server)
    await client.flushall()
    store = Store(server, claim_days=45)
    assert [ACCEPTED] == await told(store, part(1, 1, "a"))
    await client.script_flush()
    assert [DUPLICATE] == await told(store, part(2, 2, "a"))
    await store.close()
    await client.aclose()


def test_an_answer_of_another_length_is_no_answer() -> None:
    with pytest.raises(ValueError, match="another number"):
        claims.answers(b"a\0\0\0\1", 2)


def test_a_number_is_told_by_its_four_parts() -> None:
    one = part(1, 1, "a")
    others = [one | {"adapter_id": "x"}, one | {"incarnation": "b" * 16}, one | {"sequence": 2}, one | {"part": 2}]
    assert 5 == len({claims.number(event) for event in [one, *others]})


async def test_while_redis_is_away_it_waits_and_says_so(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "first") as running:
        url, port = running.url, running.port
    store = Store(url, claim_days=45)
    later = Child(tmp_path / "later.log")
    with capture_logs() as said:
        asking = asyncio.create_task(told(store, part(1, 1, "a")))
        async with asyncio.timeout(30):
            while not said:
                await asyncio.sleep(0.02)
            assert ("redis_away", "warning") == (said[0]["event"], said[0]["log_level"])
            assert not asking.done()
            try:
                later.run(command(tmp_path / "second", port), lambda: answers(port))
                assert [ACCEPTED] == await asking
            finally:
                later.close()
                await store.close()
