"""A DICOM feed with keys, for tests of its listeners; and a taker that only remembers."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from producers.adapter import Desk, Document, Feed, Incoming, Parsed, Receipt, Refusal, Translation
from producers.dicom.translate import TRANSLATOR
from runtime import keyring

RING: Final = keyring.create(["01999"])


def feed(data: Path, ring: keyring.Keyring = RING, **options: Any) -> Feed:
    quick = {"still_seconds": 0.05, "settle_seconds": 0.01, "poll_seconds": 0.01}
    return Feed("01999.pacs", "01999", "PACS", "dicom", options=quick | options, desk=Desk(data, ring))


class Taken:
    """Numbers messages as an outbox does, and keeps what it was given."""

    def __init__(self) -> None:
        self.messages: list[Incoming] = []
        self.full = False
        self._seen: dict[tuple[Any, ...], Receipt] = {}

    async def take(self, incoming: Incoming) -> Receipt:
        if self.full:
            return Receipt(None, full=True)
        key = (*incoming.origin, incoming.raw)
        if key not in self._seen:
            self.messages.append(incoming)
            parsed = incoming.parsed
            refusals = (parsed,) if isinstance(parsed, Refusal) else ()
            self._seen[key] = Receipt(len(self.messages), refusals)
        return self._seen[key]

    def studies(self) -> list[Document]:
        """The documents of all snapshots, each folded into what was told before."""
        states: dict[str, Any] = {}
        made: list[Document] = []
        for message in self.messages:
            parsed = message.parsed
            translation = Translation(()) if isinstance(parsed, Refusal) else self._translate(parsed, states, message)
            made += [outcome for outcome in translation.outcomes if isinstance(outcome, Document)]
        return made

    def _translate(self, parsed: Parsed, states: dict[str, Any], message: Incoming) -> Translation:
        key = parsed.state_key or ""
        translation = TRANSLATOR.translate(states.get(key), parsed, message.feed)
        states[key] = translation.state
        return translation

    def reasons(self) -> list[str]:
        return [message.parsed.reason for message in self.messages if isinstance(message.parsed, Refusal)]


async def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits for other threads and processes; fails the test where it never comes true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.005)
