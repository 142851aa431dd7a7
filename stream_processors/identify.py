"""Identity: who is meant, by keyed hashes only. Pure; the registry is asked by `stores`.

Tiers: `verified` (number, name and birth agree), `probable` (one citizen by card or by name and birth), `conflict` (the
number is known, the person differs), `unmatched`. Cards and demographics decide only where the registry was imported
with them (`citizens`): without them nobody is `probable`.

What was asked of the last few thousand persons is remembered: a visit's documents tell of one person, one after another.
"""

import hmac
import re
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Final

from stream_processors.names import words

RULES_VERSION: Final = 1
NUMBER: Final = re.compile(r"[0-9]{12}|[0-9]{9}|[A-Z][0-9]{7}")
CITIZEN, CARD, PERSON = b"citizen:", b"card:", b"person:"
"""Prefixes of the keys in Redis."""
AMBIGUOUS: Final = b"-"
"""Stands in an index where two citizens share the card, or name and birth: nobody is found by it."""

_HEAD: Final = struct.Struct(">16s8s8s")
_WORD: Final = 8
_NOTHING: Final = bytes(8)
_MOST_CARDS: Final = 4
_NOT_ALNUM: Final = re.compile(r"[^0-9A-Z]+")


def hashed(key: bytes, purpose: bytes, text: str, size: int) -> bytes:
    """Keyed hash of a text, bound to its purpose."""
    return hmac.digest(key, purpose + b"\x1f" + text.encode("utf-8", "surrogatepass"), sha256)[:size]


_hashed_often: Final = lru_cache(maxsize=100_000)(hashed)
"""For what many share: words of names, days of birth."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The hashes of what one document says of its patient. `keys` are to be looked up; `number`, `cards` and `person`
    are among them, None or empty where the document does not say so much."""

    number: bytes | None = field(repr=False)
    cards: Sequence[bytes] = field(repr=False)
    person: bytes | None = field(repr=False)
    name: bytes = field(repr=False)
    year: bytes = field(repr=False)
    date: bytes = field(repr=False)
    written: str = field(repr=False)

    @property
    def keys(self) -> Iterator[bytes]:
        """What Redis is asked."""
        yield from (key for key in (self.number, *self.cards, self.person) if key is not None)


@dataclass(frozen=True, slots=True)
class Identity:
    """The answer: tier, `rule@version`, score in thousandths."""

    tier: str
    rule: str
    score: int
    citizen_key: str | None


def _answer(tier: str, rule: str, score: int, citizen: bytes | None = None) -> Identity:
    return Identity(tier, f"{rule}@{RULES_VERSION}", score, citizen.hex() if citizen is not None else None)


UNMATCHED: Final = _answer("unmatched", "I0", 0)
NO_NUMBER: Final = _answer("unmatched", "I9", 0)

RULES: Final[dict[str, str]] = {
    "I1": "verified: number, name and birth agree",
    "I2": "conflict: the number is known, the person differs",
    "I3": "probable: number and day of birth agree, a word of the name is missing or moved",
    "I4": "probable: card, name and birth agree; the number is missing or unknown",
    "I5": "probable: name and day of birth are of one citizen, whose number differs in one digit or two swapped",
    "I6": "probable: name and day of birth are of one citizen; there is no number",
    "I0": "unmatched: the number is unknown",
    "I9": "unmatched: there is no number of good form",
}
"""Rule -> what it means."""


def ask(key: bytes, identity: Mapping[str, str | None]) -> Asked:
    """What to look up and to compare. `birth` is `yyyymmddHHMM` or the part of it that is known."""
    get = identity.get
    return _ask(key, get("citizen_id") or "", get("full_name") or "", get("birth") or "", get("cards") or "")


@lru_cache(maxsize=4_096)
def _ask(key: bytes, number: str, name: str, birth: str, cards: str) -> Asked:
    number = number.strip()
    known = NUMBER.fullmatch(number) is not None
    name_hash = name_of(key, name)
    date = _hashed_often(key, b"date", birth[:8], _WORD) if _is_day(birth) else _NOTHING
    return Asked(
        number=number_key(key, number) if known else None,
        cards=tuple(card_key(key, card) for card in cards.split(";")[:_MOST_CARDS] if card.strip()) if cards else (),
        person=person_key(key, name_hash, date) if name_hash and date != _NOTHING else None,
        name=name_hash,
        year=_hashed_often(key, b"year", birth[:4], _WORD) if len(birth) >= 4 else _NOTHING,
        date=date,
        written=number if known else "",
    )


def _is_day(birth: str) -> bool:
    return len(birth) >= 8 and birth[4:8] != "0000"


def name_of(key: bytes, name: str) -> bytes:
    """The hashes of the words, in order."""
    return b"".join(_hashed_often(key, b"name", word, _WORD) for word in words(name))


def number_key(key: bytes, number: str) -> bytes:
    """Where Redis has the citizen of a number."""
    return CITIZEN + hashed(key, b"citizen", number, 16)


def card_key(key: bytes, card: str) -> bytes:
    """Where it has the citizen of a card: by the ten digits of the social-insurance number, which end a card of 15
    characters and are the whole of a new one (a scanner may add the five of the facility)."""
    plain = _NOT_ALNUM.sub("", card.upper())
    return CARD + hashed(key, b"card", plain[5:15] if len(plain) in (15, 20) else plain, 16)


def person_key(key: bytes, name: bytes, date: bytes) -> bytes:
    """Where it has the citizen of a name and a day of birth (hashes both)."""
    return PERSON + hmac.digest(key, b"person\x1f" + name + date, sha256)[:16]


def pack(citizen: bytes, year: bytes, date: bytes, name: bytes, indexed: bool) -> bytes:
    """An entry of the registry. `indexed`: it was imported with card and demographics."""
    return _HEAD.pack(citizen, year, date) + name + (b"\x01" if indexed else b"")


def entry(key: bytes, number: str, full_name: str, birth: str) -> tuple[bytes, bytes]:
    """A citizen of the registry by number alone: (key, entry). `birth` is `yyyymmdd` or `yyyy`."""
    asked = ask(key, {"citizen_id": number, "full_name": full_name, "birth": birth})
    if asked.number is None:
        raise ValueError("a citizen of the registry needs a number of good form")
    citizen = hashed(key, b"citizen_key", asked.written, 16)
    return asked.number, pack(citizen, asked.year, asked.date, asked.name, False)


class _Entry:
    """An entry, opened."""

    __slots__ = ("citizen", "date", "indexed", "name", "year")

    def __init__(self, packed: bytes) -> None:
        parts: tuple[bytes, bytes, bytes] = _HEAD.unpack_from(packed)
        self.citizen, self.year, self.date = parts
        self.indexed = (len(packed) - _HEAD.size) % _WORD == 1
        self.name = packed[_HEAD.size : -1] if self.indexed else packed[_HEAD.size :]


def _open(packed: bytes | None) -> _Entry | None:
    return _Entry(packed) if packed is not None and len(packed) >= _HEAD.size else None


def decide(key: bytes, asked: Asked, found: Mapping[bytes, bytes | None]) -> Identity:
    """The tier. `found` holds what the registry has under `asked.keys`."""
    known = _open(found.get(asked.number)) if asked.number is not None else None
    if known is not None:
        return _by_number(asked, known)
    return _by_card(asked, found) or _by_person(key, asked, found) or (UNMATCHED if asked.number else NO_NUMBER)


def _by_number(asked: Asked, known: _Entry) -> Identity:
    same_name, same_birth = bool(asked.name) and asked.name == known.name, _same_birth(asked, known)
    if same_name and same_birth:
        return _answer("verified", "I1", 1000, known.citizen)
    if known.indexed and same_birth and _NOTHING not in (asked.date, known.date) and _near(asked.name, known.name):
        return _answer("probable", "I3", 900, known.citizen)
    return _answer("conflict", "I2", 500 if same_name or same_birth else 0)


def _by_card(asked: Asked, found: Mapping[bytes, bytes | None]) -> Identity | None:
    for card in asked.cards:
        known = _open(found.get(card))
        if known is None or not asked.name or not _same_birth(asked, known):
            continue
        # By year alone a family's card would fit its other children: then the name must be the same.
        whole_day = _NOTHING not in (asked.date, known.date)
        if asked.name == known.name or (whole_day and _near(asked.name, known.name, same_given=True)):
            return _answer("probable", "I4", 900, known.citizen)
    return None


def _by_person(key: bytes, asked: Asked, found: Mapping[bytes, bytes | None]) -> Identity | None:
    packed = found.get(asked.person) if asked.person is not None else None
    if packed is None or len(packed) != 32:
        return None
    citizen, number = packed[:16], packed[16:]
    if asked.number is None:
        return _answer("probable", "I6", 700, citizen)
    if any(number == number_key(key, other).removeprefix(CITIZEN) for other in mistyped(asked.written)):
        return _answer("probable", "I5", 850, citizen)
    return None


def _same_birth(asked: Asked, known: _Entry) -> bool:
    """By day where both sides know it, else by year."""
    if _NOTHING not in (asked.date, known.date):
        return bool(asked.date == known.date)
    return bool(asked.year != _NOTHING and asked.year == known.year)


def _near(one: bytes, other: bytes, same_given: bool = False) -> bool:
    """The same words in another order, or one word missing from one of the two (of at least two common words).
    `same_given`: the last word, the given name, is the same."""
    a, b = _split(one), _split(other)
    if same_given and (not a or not b or a[-1] != b[-1]):
        return False
    if len(a) == len(b):
        return Counter(a) == Counter(b)
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    if len(longer) - len(shorter) != 1 or len(shorter) < 2:
        return False
    return any(shorter == [*longer[:at], *longer[at + 1 :]] for at in range(len(longer)))


def _split(name: bytes) -> list[bytes]:
    return [name[at : at + _WORD] for at in range(0, len(name), _WORD)]


def mistyped(number: str) -> Iterator[str]:
    """A number of twelve digits with one of them wrong, or two neighbours swapped."""
    if len(number) != 12:
        return
    for at, digit in enumerate(number):
        yield from (f"{number[:at]}{other}{number[at + 1 :]}" for other in "0123456789" if other != digit)
    for at in range(11):
        if number[at] != number[at + 1]:
            yield f"{number[:at]}{number[at + 1]}{number[at]}{number[at + 2 :]}"
