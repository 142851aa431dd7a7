"""What is appended: the received bytes stay as they came."""

from typing import Any

import pytest

from runtime.clock import local_day
from runtime.seal import HEADER as SEAL_HEADER
from runtime.seal import datum_length, key_id, unseal
from schemas import codec, registry
from stream_processors import enrich
from stream_processors.claims import Claim
from stream_processors.identify import UNMATCHED, Identity
from stream_processors.receive import Opened, receive
from tests.received import DAY, KEYRING, LIMIT, NOW, source

TODAY = local_day(NOW)
MAPPED = {"place": "results[1].test_code", "system": "QD1227", "code": "2300101", "rule": "m1"}
FIRST_DAY = 10_957
"""2000-01-01."""


def opened(**fields: Any) -> Opened:
    made = receive(source(**fields), KEYRING, LIMIT)
    assert isinstance(made, Opened)
    return made


def test_the_received_bytes_come_first_and_the_whole_decodes_as_one() -> None:
    came = opened()
    verified = Identity("verified", "I1@1", 1000, "f" * 32)
    topic, key, value, headers = enrich.accepted(
        came, Claim("amended", True, TODAY - 3), verified, ("R01", "X04"), [MAPPED], NOW
    )
    assert ("accepted.encounter", came.source.key) == (topic, key)
    framed = codec.unframe(value)
    assert framed is not None
    assert framed[1].startswith(came.datum)
    made = registry.codec(framed[0])
    assert made is not None
    stored = made.decode(framed[1])
    assert came.event == {name: stored[name] for name in came.event}
    assert {
        "outcome": "amended", "superseded": True, "citizen_key": "f" * 32, "identity_tier": "verified",
        "identity_rule": "I1@1", "identity_score": 1000, "quality": ["R01", "X04"], "mapped_codes": [MAPPED],
        "document_date": TODAY - 3, "processed_at": NOW,
    } == {name: stored[name] for name in stored if name not in came.event}  # fmt: skip
    # The seal still opens: it is bound to the first bytes of the accepted datum.
    seal = dict(headers)[SEAL_HEADER]
    assert unseal(KEYRING.seal[key_id(seal)], seal, framed[1][: datum_length(seal)])


def test_an_unknown_citizen_passes_marked() -> None:
    _, _, value, _ = enrich.accepted(opened(), Claim("accepted", False, TODAY), UNMATCHED, (), (), NOW)
    framed = codec.unframe(value)
    assert framed is not None
    made = registry.codec(framed[0])
    assert made is not None
    stored = made.decode(framed[1])
    assert (None, "unmatched", 0) == (stored["citizen_key"], stored["identity_tier"], stored["identity_score"])


@pytest.mark.parametrize(
    ("occurred_at", "day"),
    [
        (NOW, TODAY),
        (NOW - 40 * DAY, TODAY - 40),
        (NOW + DAY, TODAY + 1),
        (NOW + 3 * DAY, TODAY),
        (None, TODAY),
        (0, TODAY),
        (-(1 << 60), TODAY),
        (1 << 60, TODAY),
        (FIRST_DAY * DAY, FIRST_DAY),
        ((FIRST_DAY - 1) * DAY, TODAY),
        # 23:30 and 00:30 of Hanoi's clock.
        (TODAY * DAY - 7 * 3_600_000 - 1_800_000, TODAY - 1),
        (TODAY * DAY - 7 * 3_600_000 + 1_800_000, TODAY),
    ],
)
def test_the_documents_date(occurred_at: int | None, day: int) -> None:
    assert day == enrich.document_date({"occurred_at": occurred_at, "captured_at": NOW})
