"""Claims: first, amended, duplicate or superseded? Pure; the script runs in Redis (`claims.lua`, `stores`).

When in doubt the script says "emit": a repeat is harmless, a hole is not.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from typing import Any, Final

SCRIPT: Final = (files("stream_processors") / "claims.lua").read_bytes()
FORGET: Final = (files("stream_processors") / "forget.lua").read_bytes()
_ASKED: Final = struct.Struct(">Q16s8si")
_ANSWER: Final = struct.Struct(">ci")
NUMBER_BYTES: Final = 8
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


def ask(event: Mapping[str, Any], document_date: int) -> bytes:
    """The 36 bytes that the script reads."""
    return _ASKED.pack(event["version"], bytes.fromhex(event["content_hash"]), number(event), document_date)


def answers(packed: bytes, count: int) -> Sequence[Claim]:
    if len(packed) != count * _ANSWER.size:
        raise ValueError("the claim script answered another number of claims")
    return [Claim(*OUTCOMES[outcome], date) for outcome, date in _ANSWER.iter_unpack(packed)]
