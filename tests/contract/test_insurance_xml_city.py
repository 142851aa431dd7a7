"""The city writes insurance XML and says what must become of it; adapter, rules, identity and claims agree."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from infra.city.city import City
from infra.city.flaws import NONE, Flaws
from infra.city.message import Message
from infra.city.visits import LOCAL
from producers.adapter import Feed, Incoming, Receipt
from producers.event import Keys
from producers.insurance_xml.listen import DIALECT
from producers.outbox import Outbox, unpack
from runtime import keyring
from runtime.clock import YEAR_2000_MS
from runtime.seal import HEADER, unseal
from schemas import codec, registry
from stream_processors import identify
from stream_processors.validate import validate

START: Final = datetime(2026, 11, 24, 9, 30, tzinfo=LOCAL)
NOW: Final = int(START.timestamp() * 1000)
CITIZEN: Final = bytes(32)
FLAWS: Final = Flaws(
    retransmissions=0.05, duplicates=0.1, corrections=0.25, number_only=0.3, missing_part=0.1, malformed=0.12,
    discharge_before_arrival=0.06, quality=0.2, told_by_both=0.0, told_by_xml=1.0,
)  # fmt: skip


class Pipeline:
    """A feed per hospital into one outbox; behind it what a worker decides, without Kafka and Redis."""

    def __init__(self, city: City, folder: Path) -> None:
        self.city, self.folder = city, folder
        self.claims: dict[str, tuple[int, str]] = {}
        self.read_up_to = 0
        self.clock = NOW
        codes = [hospital.code for hospital in self.city.hospitals]
        self.ring = keyring.create(codes)
        self.feeds = {code: Feed(f"{code}.his", code, "HIS", "insurance_xml") for code in codes}
        keys = {code: Keys.of(self.ring, code) for code in codes}
        self.outbox = Outbox(
            self.folder / "data", keys, {"insurance_xml": DIALECT.translator}, limit=900_000, max_bytes=1 << 30
        )
        self.db = sqlite3.connect(self.outbox.path)
        self.registry = dict(
            identify.entry(CITIZEN, one.number, one.full_name, one.birth) for one in self.city.registry()
        )

    def send(self, message: Message) -> list[Receipt]:
        path = self.folder / message.name
        path.write_bytes(message.payload)
        feed = self.feeds[message.facility]
        self.clock += 1
        batch = [
            Incoming(feed, read.parsed, read.raw, (path.name, str(index)), self.clock)
            for index, read in enumerate(DIALECT.read(path, feed), 1)
        ]
        return self.outbox.take(batch)

    def new_parts(self) -> Iterator[tuple[str | None, str, str | None]]:
        """(kind, outcome, identity tier) of each record since the last call."""
        query = "SELECT id, topic, value, headers FROM record WHERE id > ? ORDER BY id"
        for row_id, topic, value, headers in self.db.execute(query, (self.read_up_to,)).fetchall():
            self.read_up_to = row_id
            schema_id, datum = codec.unframe(value) or (0, b"")
            made = registry.codec(schema_id)
            assert made is not None
            event = made.decode(datum)
            if topic == "rejected":
                yield event["kind"], "rejected", None
            else:
                yield self._decide(event, datum, dict(unpack(headers))[HEADER])

    def _decide(self, event: dict[str, Any], datum: bytes, seal: bytes) -> tuple[str, str, str | None]:
        key = self.ring.sealing(event["facility"])
        inside = registry.SEALED.decode(unseal(key, seal, datum))
        if validate(event, inside["identity"], inside["narrative"]).blocking:
            return event["kind"], "rejected", None
        outcome = self._claim(event["document_id"], event["version"], event["content_hash"])
        if outcome == "duplicate":
            return event["kind"], outcome, None
        asked = identify.ask(CITIZEN, inside["identity"])
        return event["kind"], outcome, identify.decide(CITIZEN, asked, self.registry).tier

    def _claim(self, document: str, version: int, content: str) -> str:
        """As claims.lua decides, where every message has its own number."""
        known = self.claims.get(document)
        if known is not None and known[1] == content:
            return "duplicate"
        if known is None or version > known[0]:
            self.claims[document] = version, content
        return "accepted" if known is None else "amended"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_part_comes_to_what_the_city_expects(seed: int, tmp_path: Path) -> None:
    pipeline = Pipeline(City(seed, 4, start=START, flaws=FLAWS, people=600), tmp_path)
    seen: Counter[str] = Counter()
    stream = pipeline.city.messages(lambda: START)
    for _ in range(250):
        message = next(stream)
        (receipt,) = pipeline.send(message)
        assert message.retransmission == receipt.retransmission
        expected = [(part.kind, part.outcome, part.tier) for part in message.expected]
        assert expected == list(pipeline.new_parts()), message.name
        seen.update(part.outcome for part in message.expected)
    assert {"accepted", "amended", "duplicate", "rejected"} == set(seen)
    pipeline.outbox.close()


def test_a_city_without_flaws_is_accepted_whole_and_without_marks(tmp_path: Path) -> None:
    flaws = replace(NONE, told_by_both=0.0, told_by_xml=1.0)
    pipeline = Pipeline(City(9, 2, start=START, flaws=flaws, people=400), tmp_path)
    stream = pipeline.city.messages(lambda: START)
    for _ in range(120):
        message = next(stream)
        (receipt,) = pipeline.send(message)
        assert receipt.accepted
        assert {("accepted", "verified")} == {(outcome, tier) for _, outcome, tier in pipeline.new_parts()}
    pipeline.outbox.close()


def test_nothing_of_the_city_is_unmapped_or_unreadable(tmp_path: Path) -> None:
    flaws = replace(NONE, told_by_both=0.0, told_by_xml=1.0)
    city = City(5, 3, start=START, flaws=flaws, people=400)
    feed = Feed("any", "", "HIS", "insurance_xml")
    stream = city.messages(lambda: START)
    for _ in range(150):
        message = next(stream)
        path = tmp_path / message.name
        path.write_bytes(message.payload)
        (read,) = DIALECT.read(path, feed)
        assert not hasattr(read.parsed, "reason")
        translation = DIALECT.translator.translate(None, read.parsed, feed)
        assert {} == translation.rows.unmapped
        assert translation.rows.read == translation.rows.used > 0
        for outcome in translation.outcomes:
            assert () == outcome.marks  # type: ignore[union-attr]
            assert outcome.occurred_at > YEAR_2000_MS  # type: ignore[union-attr, operator]
