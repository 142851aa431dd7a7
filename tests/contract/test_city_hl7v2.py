"""What the simulated city expects of its HL7 v2 is what the adapter makes of it: parts, answers and outcomes.

The real outbox numbers, folds and composes; `Claims` decides as the worker does.
"""

import sqlite3
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.city.flaws import Flaws
from infra.city.message import Message
from producers.adapter import Incoming, Parsed, Receipt
from producers.event import Keys
from producers.hl7v2.answer import answers
from producers.hl7v2.message import header_of
from producers.hl7v2.translate import TRANSLATOR
from producers.outbox import Outbox
from runtime import keyring
from schemas import registry, topics
from tests.unit.hl7v2.city import START, Claims, feed, messages

FLAWED = replace(Flaws(), corrections=0.4, duplicates=0.2, cancellations=0.1, malformed=0.1, retransmissions=0.05)


class Pipeline:
    """Adapter and claims."""

    def __init__(self, folder: Path, facilities: set[str]) -> None:
        ring = keyring.create(sorted(facilities))
        keys = {facility: Keys.of(ring, facility) for facility in facilities}
        self._outbox = Outbox(folder, keys, {"hl7v2": TRANSLATOR}, limit=topics.MAX_EVENT_BYTES, max_bytes=1 << 30)
        self._records = sqlite3.connect(self._outbox.path)
        self._claims = Claims()
        self._last = 0
        self._clock = int(START.timestamp() * 1000)

    def take(self, message: Message) -> tuple[Receipt, str, list[tuple[str | None, str]]]:
        """(receipt, MSA-1, (kind, outcome) of each part)."""
        system = "LIS" if message.payload[9:12] == b"LIS" else "HIS"
        one = feed(message.facility, system)
        parsed = TRANSLATOR.parse(message.payload, one)
        self._clock += 200
        incoming = Incoming(one, parsed, message.payload, (system, message.facility, message.name), self._clock)
        (receipt,) = self._outbox.take([incoming])
        header = parsed.content[0] if isinstance(parsed, Parsed) else header_of(message.payload)
        (made,) = answers(header, receipt, now=datetime.now(UTC), control_id="C")
        return receipt, made.decode().split("\rMSA|")[1][:2], [self._outcome(*row) for row in self._new()]

    def _new(self) -> list[tuple[str, bytes]]:
        rows = self._records.execute("SELECT id, topic, value FROM record WHERE id > ?", (self._last,)).fetchall()
        self._last = rows[-1][0] if rows else self._last
        return [row[1:] for row in rows]

    def _outcome(self, topic: str, value: bytes) -> tuple[str | None, str]:
        event: dict[str, Any] = registry.latest(topic)[1].decode(value[5:])
        return (None, "rejected") if topic == topics.REJECTED else (event["kind"], self._claims.claim(event))

    def close(self) -> None:
        self._records.close()
        self._outbox.close()


@pytest.mark.parametrize(("seed", "flaws"), [(1, Flaws()), (2, FLAWED), (3, FLAWED)])
def test_every_message_becomes_what_the_city_expects(tmp_path: Path, seed: int, flaws: Flaws) -> None:
    told = messages(1_200, seed, flaws)
    pipeline = Pipeline(tmp_path, {message.facility for message in told})
    seen: Counter[str] = Counter()
    for message in told:
        receipt, code, parts = pipeline.take(message)
        assert message.answer == code
        assert message.retransmission == receipt.retransmission
        assert [(part.kind, part.outcome) for part in message.expected] == parts
        seen.update(outcome for _, outcome in parts)
    pipeline.close()
    assert {"accepted", "amended", "duplicate", "rejected"} == set(seen)
