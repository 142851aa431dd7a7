"""Claims: first, amended, duplicate or superseded? Pure; the script runs in Redis (`claims.lua`, `stores`).

When in doubt the script says "emit": a repeat is harmless, a hole is not.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from typing import Any, Final

from schemas.numbers import is_history

SCRIPT: Final = (files("stream_processors") / "claims.lua").read_bytes()
FORGET: Final = (files("stream_processors") / "forget.lua").read_bytes()
_ASKED: Final = struct.Struct(">Q16s8siI")
ASKED_BYTES: Final = _ASKED.size
_ANSWER: Final = struct.Struct(">ci")
NUMBER_BYTES: Final = 8
DAY_SECONDS: Final = 86_400
LIVE_SECONDS: Final = 45 * DAY_SECONDS
BACKFILL_SECONDS: Final = 8 * DAY_SECONDS
FORGOTTEN: Final = bytes(16)
"""Stands in a claim whose content the store refused: no content equals it, so a resend is no duplicate."""

OUTCOMES: Final = {
    b"a": ("accepted", False),
    b"m": ("amended", False),
    b"s": ("amended", True),
    b"d": ("duplicate", False),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """The answer for one part. `document_date` is that of the document's first claim, days since 1970."""

    outcome: str
    superseded: bool
    document_date: int


def number(event: Mapping[str, Any]) -> bytes:
    """64 bits that stand for (adapter, incarnation, sequence, part) among the few numbers of one document."""
    text = f"{event['adapter_id']}\x1f{event['incarnation']}\x1f{event['sequence']}\x1f{event['part']}"
    return blake2b(text.encode(), digest_size=NUMBER_BYTES).digest()


def key(event: Mapping[str, Any]) -> bytes:
    return b"claim:" + bytes.fromhex(event["document_id"])


def seconds(event: Mapping[str, Any], live: int) -> int:
    """How long the claim is kept: `live` seconds, of history 8 days (nobody corrects it by sending it again)."""
    return min(BACKFILL_SECONDS, live) if is_history(event["adapter_id"]) else live


def ask(event: Mapping[str, Any], document_date: int, seconds_: int = LIVE_SECONDS) -> bytes:
    """The 40 bytes that the script reads."""
    content = bytes.fromhex(event["content_hash"])
    return _ASKED.pack(event["version"], content, number(event), document_date, seconds_)


def answers(packed: bytes, count: int) -> Sequence[Claim]:
    if len(packed) != count * _ANSWER.size:
        raise ValueError("the claim script answered another number of claims")
    return [Claim(*OUTCOMES[outcome], date) for outcome, date in _ANSWER.iter_unpack(packed)]
