"""The demo's senders and the adapter's listeners, as the plan sets both up: they find and understand each other."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.city.books import Books
from infra.city.city import City, every
from infra.city.http import Posting
from infra.city.line import Line
from infra.city.message import Message
from infra.city.modality import Modality
from infra.city.send import Sender, Tally
from infra.city.visits import LOCAL
from infra.demo.plan import Engines, Plan
from producers.adapter import Desk, Listener
from producers.adapters import dialect
from producers.feeds import feeds
from tests.unit.dicom.feed import Taken, until

START = datetime(2026, 11, 24, 9, 30, tzinfo=LOCAL)
ENGINES = Engines("127.0.0.1:1", "redis://127.0.0.1:1/0", "http://127.0.0.1:1", embedded=True)


def told(city: City, spoken: str, count: int) -> list[Message]:
    found = (m for m in city.messages(lambda: START) if m.dialect == spoken and not m.retransmission)
    return [message for message, _ in zip(found, range(count), strict=False)]


@asynccontextmanager
async def listening(plan: Plan, spoken: str) -> AsyncIterator[Taken]:
    """The listeners of a dialect, from the settings that the plan writes for the adapter."""
    plan.roles(ENGINES)
    settings = yaml.safe_load((plan.folder / "adapter.yaml").read_text(encoding="utf-8"))
    desk = Desk(plan.folder, plan.ring)
    served = [replace(feed, desk=desk) for feed in feeds(settings["feeds"]) if feed.dialect == spoken]
    taken = Taken()
    listeners: list[Listener] = list(dialect(spoken).listen(served, taken))
    for one in listeners:
        await one.start()
    try:
        yield taken
    finally:
        for one in listeners:
            await one.stop()


async def exchange(folder: Path, spoken: str, count: int) -> tuple[Tally, Taken, list[Message]]:
    """Of `count` messages: what the sender noted, and what the adapter took once the parts have come."""
    city = City(2, 4, start=START, people=300, dialects=every(4))
    plan, messages = Plan.make(folder, city), told(city, spoken, count)
    async with listening(plan, spoken) as taken:
        tally = await Sender(iter(messages), Books(), plan.targets(), grace=1).run()
        if tally.answers_differ == 0:
            await until(lambda: len(taken.messages) >= len(messages))
    return tally, taken, messages


@pytest.mark.parametrize(("spoken", "count"), [("fhir", 40), ("dicom", 15)])
async def test_every_message_is_taken_and_answered_as_expected(tmp_path: Path, spoken: str, count: int) -> None:
    tally, taken, messages = await exchange(tmp_path, spoken, count)
    assert (count, 0, 0, 0) == (tally.messages, tally.answers_differ, tally.resent, tally.unanswered)
    assert Counter(m.facility for m in messages) == Counter(m.feed.facility for m in taken.messages)
    refused = [m for m in messages if all(part.outcome == "rejected" for part in m.expected)]
    assert len(refused) == len(taken.reasons())


@pytest.mark.parametrize(("line", "spoken"), [(Posting, "fhir"), (Modality, "dicom")])
async def test_a_sender_that_spoils_what_it_sends_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: type[Line], spoken: str
) -> None:
    """The answer is another, or there is none: either way the tally tells."""
    ask: Any = line.ask

    async def spoilt(self: Line, message: Message) -> Any:
        return await ask(self, replace(message, payload=spoil(message.payload)))

    monkeypatch.setattr(line, "ask", spoilt)
    tally, _, messages = await exchange(tmp_path, spoken, 5)
    whole = [m for m in messages if any(part.outcome != "rejected" for part in m.expected)]
    assert len(whole) == tally.answers_differ


def spoil(payload: bytes) -> bytes:
    """A Bundle without its end, an instance that names no study (0020,000D)."""
    if payload.startswith(b"{"):
        return payload[:-40]
    return payload.replace(b"\x20\x00\x0d\x00UI", b"\x20\x00\x0c\x00UI")


async def test_who_hangs_up_gets_the_same_bytes_again(tmp_path: Path) -> None:
    """A service that is not there yet, and comes."""
    city = City(2, 4, start=START, people=300, dialects=every(4))
    plan = Plan.make(tmp_path, city)
    messages = [*told(city, "fhir", 2), *told(city, "dicom", 2)]
    sender = Sender(iter(messages), Books(), plan.targets(), grace=20)
    sending = asyncio.create_task(sender.run())
    await until(lambda: sender.tally.resent >= 2)
    async with listening(plan, "fhir") as posted, listening(plan, "dicom") as stored:
        tally = await sending
        await until(lambda: len(posted.messages) + len(stored.messages) >= len(messages))
    assert (4, 0, 0) == (tally.messages, tally.answers_differ, tally.unanswered)
