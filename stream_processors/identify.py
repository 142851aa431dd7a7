"""Identity: who is meant, by keyed hashes only. Pure; the registry is asked by `stores`.

Tiers: `verified` (number, name and birth agree), `conflict` (the number is known, the person differs), `unmatched`.
"""

import hmac
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from stream_processors.names import words

RULES_VERSION: Final = 1
NUMBER: Final = re.compile(r"\d{12}|\d{9}|[A-Z]\d{7}")
_ENTRY: Final = struct.Struct(">16s8s8s")
_NOTHING: Final = bytes(8)


def _hash(key: bytes, purpose: bytes, text: str, size: int) -> bytes:
    return hmac.digest(key, purpose + b"\x1f" + text.encode("utf-8", "surrogatepass"), sha256)[:size]


@dataclass(frozen=True, slots=True)
class Asked:
    """The hashes of what one document says of its patient; `number` is the key to look up, None without a number."""

    number: bytes | None = field(repr=False)
    name: bytes = field(repr=False)
    year: bytes = field(repr=False)
    date: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    tier: str
    rule: str
    score: int
    citizen_key: str | None


UNMATCHED: Final = Identity("unmatched", f"I0@{RULES_VERSION}", 0, None)
NO_NUMBER: Final = Identity("unmatched", f"I9@{RULES_VERSION}", 0, None)


def ask(key: bytes, identity: Mapping[str, str | None]) -> Asked:
    """What to look up and to compare. `birth` is `yyyymmddHHMM` or the part of it that is known."""
    number = (identity.get("citizen_id") or "").strip()
    birth = identity.get("birth") or ""
    return Asked(
        number=_hash(key, b"citizen", number, 16) if NUMBER.fullmatch(number) else None,
        name=_name(key, identity.get("full_name") or ""),
        year=_hash(key, b"year", birth[:4], 8) if len(birth) >= 4 else _NOTHING,
        date=_hash(key, b"date", birth[:8], 8) if len(birth) >= 8 and birth[4:8] != "0000" else _NOTHING,
    )


def _name(key: bytes, name: str) -> bytes:
    return b"".join(_hash(key, b"name", word, 8) for word in words(name))


def entry(key: bytes, number: str, full_name: str, birth: str) -> tuple[bytes, bytes]:
    """A citizen of the registry: (key to look up, hashes to compare). `birth` is `yyyymmdd` or `yyyy`."""
    asked = ask(key, {"citizen_id": number, "full_name": full_name, "birth": birth})
    if asked.number is None:
        raise ValueError("a citizen of the registry needs a number of good form")
    return asked.number, _ENTRY.pack(_hash(key, b"citizen_key", number, 16), asked.year, asked.date) + asked.name


def decide(asked: Asked, found: bytes | None) -> Identity:
    """The tier, with rule and score in thousandths."""
    if asked.number is None:
        return NO_NUMBER
    if found is None or len(found) < _ENTRY.size:
        return UNMATCHED
    citizen, year, date = _ENTRY.unpack_from(found)
    same_name = bool(asked.name) and asked.name == found[_ENTRY.size :]
    if _NOTHING not in (asked.date, date):
        same_birth = asked.date == date
    else:
        same_birth = asked.year not in (_NOTHING,) and asked.year == year
    if same_name and same_birth:
        return Identity("verified", f"I1@{RULES_VERSION}", 1000, citizen.hex())
    return Identity("conflict", f"I2@{RULES_VERSION}", 500 if same_name or same_birth else 0, None)
