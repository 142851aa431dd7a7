"""Enrichment: bytes appended to the received datum. Pure and total: an unknown citizen passes, marked."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runtime.clock import YEAR_2000_MS, local_day
from runtime.seal import HEADER as SEAL_HEADER
from schemas import avro, codec, topics
from schemas.header import ENRICHMENT
from stream_processors.claims import Claim
from stream_processors.identify import Identity
from stream_processors.receive import Opened

_ENRICHMENT: Final = codec.Codec(avro.record("enrichment", ENRICHMENT))
_FIRST_DAY: Final = local_day(YEAR_2000_MS)


def document_date(event: dict[str, Any]) -> int:
    """Local day of `occurred_at`, bounded to 2000-01-01 .. the day after capture, else the day of capture."""
    captured = local_day(event["captured_at"])
    if event["occurred_at"] is None:
        return captured
    day = local_day(event["occurred_at"])
    return day if _FIRST_DAY <= day <= captured + 1 else captured


def accepted(
    opened: Opened,
    claim: Claim,
    identity: Identity,
    quality: Sequence[str],
    mapped_codes: Sequence[Mapping[str, str]],
    now: int,
) -> tuple[str, bytes, bytes, list[tuple[str, bytes]]]:
    """(topic, key, value, headers) of the accepted record: the received bytes as they came, then ours."""
    more = _ENRICHMENT.encode(
        {
            "outcome": claim.outcome,
            "superseded": claim.superseded,
            "citizen_key": identity.citizen_key,
            "identity_tier": identity.tier,
            "identity_rule": identity.rule,
            "identity_score": identity.score,
            "quality": quality,
            "mapped_codes": mapped_codes,
            "document_date": claim.document_date,
            "processed_at": now,
        }
    )
    value = codec.frame(opened.accepted_id, opened.datum + more)
    return topics.accepted(opened.event["kind"]), opened.source.key or b"", value, [(SEAL_HEADER, opened.seal)]
