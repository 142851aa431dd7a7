"""The city mix: what the simulated hospitals send, translated and sealed by the adapters, as it comes to a worker."""

import os
import platform
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from infra.city.city import City
from infra.city.flaws import Flaws
from producers.adapter import Document, Feed, Parsed, Refusal, Rows, State
from producers.adapters import dialect
from producers.event import Keys, Number, Record, compose
from runtime import keyring
from runtime.keyring import Keyring
from stream_processors.receive import Source

SEED: Final = 8
PEOPLE: Final = 20_000
START: Final = datetime(2026, 5, 28, 8, tzinfo=UTC)
FLAWS: Final = Flaws(told_by_both=0.5, told_by_xml=0.4)
"""Most visits are told by insurance XML, whose values are the larger ones: 1.2 kB on the mean."""
SYSTEMS: Final = {"insurance_xml": "HIS-XML", "hl7v2": "HIS"}


def machine() -> dict[str, Any]:
    return {"cpus": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}


class Mix:
    """Records on `received` in the order in which they were made; the same for the same seed, but for nonces."""

    def __init__(self, seed: int = SEED, facilities: int = 42, people: int = PEOPLE) -> None:
        self.city: Final = City(seed, facilities, start=START, people=people, flaws=FLAWS)
        self.ring: Final[Keyring] = keyring.create(hospital.code for hospital in self.city.hospitals)
        self._states: dict[tuple[str, str, str], State] = {}
        self._sequence: dict[str, int] = {}
        self._now = START

    def sources(self, count: int) -> list[Source]:
        """`count` records, spread over partitions by key as a broker would."""
        made: list[Source] = []
        for record in self._records():
            offset = len(made)
            made.append(Source(record.topic, hash(record.key) % 12, offset, record.key, record.value, record.headers))
            if len(made) == count:
                break
        return made

    def _tick(self) -> datetime:
        self._now += timedelta(milliseconds=40)
        return self._now

    def _records(self) -> Iterator[Record]:
        for message in self.city.messages(self._tick):
            if message.retransmission:
                continue
            made = dialect(message.dialect)
            feed = _feed(message.facility, message.dialect)
            parsed = made.translator.parse(message.payload, feed)
            if isinstance(parsed, Parsed):
                yield from self._documents(parsed, feed)

    def _documents(self, parsed: Parsed, feed: Feed) -> Iterator[Record]:
        place = (feed.facility, feed.dialect, parsed.state_key or "")
        translation = dialect(feed.dialect).translator.translate(self._states.get(place), parsed, feed)
        if translation.state is not None:
            self._states[place] = translation.state
        sequence = self._sequence[feed.adapter_id] = self._sequence.get(feed.adapter_id, 0) + 1
        for part, document in enumerate(translation.outcomes, 1):
            if not isinstance(document, Document):
                continue
            number = Number(feed.adapter_id, "a" * 16, sequence, part, len(translation.outcomes))
            composed = compose(
                document, number, feed, Keys.of(self.ring, feed.facility), captured_at=int(self._now.timestamp() * 1000),
                last_version=0, message_id=parsed.message_id, rows=Rows(),
            )  # fmt: skip
            if not isinstance(composed, Refusal):
                yield composed[0]


@lru_cache(maxsize=200)
def _feed(facility: str, name: str) -> Feed:
    options = dialect(name).options.model_construct()
    return Feed(f"{facility}.{SYSTEMS[name]}", facility, SYSTEMS[name], name, options=options.model_dump())


def timed(seconds: float, work: Any) -> tuple[float, int]:
    """(seconds of one call, calls): `work` is called until `seconds` are over, at least three times; the best counts."""
    best, calls, end = float("inf"), 0, time.perf_counter() + seconds
    while calls < 3 or time.perf_counter() < end:
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
        calls += 1
    return best, calls
