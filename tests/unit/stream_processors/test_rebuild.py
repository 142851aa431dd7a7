"""Claims made again from history answer as the lost ones did."""

import random
from datetime import date
from typing import Any

from stream_processors import claims, rebuild
from tests.fakes import FakeStore
from tests.received import event

DATE = 20_600


def part(number: int, version: int, content: str, document: str = "d0" * 16) -> dict[str, Any]:
    return event(sequence=number, version=version, content_hash=content * 32, document_id=document)


async def told(store: FakeStore, *parts: dict[str, Any]) -> list[claims.Claim]:
    keys, asked = [claims.key(said) for said in parts], b"".join(claims.ask(said, DATE) for said in parts)
    return list((await store.claim_and_find(keys, asked, [], [])).claims)


def row(said: dict[str, Any], claim: claims.Claim, at: int) -> dict[str, Any]:
    """The row of an accepted or amended part, as history holds it."""
    return said | {"outcome": claim.outcome, "superseded": claim.superseded, "document_date": claim.document_date,
                   "processed_at": at}  # fmt: skip


def history(story: list[tuple[dict[str, Any], claims.Claim]]) -> list[dict[str, Any]]:
    rows = [row(said, claim, at) for at, (said, claim) in enumerate(story) if claim.outcome != "duplicate"]
    return sorted(rows, key=lambda row: row["document_id"])


async def rebuilt(story: list[tuple[dict[str, Any], claims.Claim]]) -> FakeStore:
    made = FakeStore()
    await made.load_claims(rebuild.claims_of(history(story)))
    return made


async def test_numbers_contents_and_dates_are_known_again() -> None:
    parts = [part(1, 10, "a"), part(2, 20, "b"), part(3, 5, "c"), part(4, 20, "b"), part(5, 30, "a")]
    before = await told(FakeStore(), *parts)
    after = await rebuilt(list(zip(parts, before, strict=True)))
    stored = [(said, claim) for said, claim in zip(parts, before, strict=True) if claim.outcome != "duplicate"]
    assert [claim for _, claim in stored] == await told(after, *(said for said, _ in stored))
    duplicate, amended, superseded = await told(after, part(6, 30, "a"), part(7, 98, "d"), part(8, 31, "e"))
    assert ["duplicate", "amended", "amended"] == [c.outcome for c in (duplicate, amended, superseded)]
    assert [False, False, True] == [c.superseded for c in (duplicate, amended, superseded)]
    assert {DATE} == {c.document_date for c in (duplicate, amended, superseded)}


async def test_any_story_goes_on_as_if_nothing_had_been_lost() -> None:
    """New parts after the loss get the answers that the live claims give, where a repeat kept its version."""
    dice = random.Random(7)
    documents = [f"{n:032x}" for n in range(4)]
    for _ in range(40):
        live, story = FakeStore(), []
        for number in range(1, dice.randrange(2, 14)):
            version = dice.randrange(1, 60)
            said = part(number, version, f"{version % 16:x}", dice.choice(documents))
            story.append((said, (await told(live, said))[0]))
        after = await rebuilt(story)
        coming = [part(100 + n, dice.randrange(1, 90), dice.choice("abc"), dice.choice(documents)) for n in range(8)]
        again = [said for said, claim in story if claim.outcome != "duplicate"]
        assert await told(live, *coming, *again) == await told(after, *coming, *again)


async def test_the_version_of_a_repeat_is_lost_with_the_claims() -> None:
    """The limit of decision 0006: no row tells that A was said again at 12, so B of 11 becomes current."""
    parts = [part(1, 10, "a"), part(2, 12, "a")]
    live = FakeStore()
    after = await rebuilt(list(zip(parts, await told(live, *parts), strict=True)))
    late = part(3, 11, "b")
    assert [True] == [claim.superseded for claim in await told(live, late)]
    assert [False] == [claim.superseded for claim in await told(after, late)]


async def test_a_live_claim_is_left_alone() -> None:
    store = FakeStore()
    await told(store, part(1, 50, "b"))
    first = part(1, 10, "a")
    rows = [row(first, claims.Claim("accepted", False, DATE), 0)]
    assert 0 == await store.load_claims(rebuild.claims_of(rows))
    assert ["duplicate"] == [claim.outcome for claim in await told(store, part(2, 60, "b"))]


def test_days_as_clickhouse_gives_them() -> None:
    said = part(1, 10, "a")
    one = row(said, claims.Claim("accepted", False, DATE), 0)
    other = one | {"document_date": date(2026, 5, 27)}
    assert list(rebuild.claims_of([one])) == list(rebuild.claims_of([other | {"superseded": 0}]))
    assert [] == list(rebuild.claims_of([]))
