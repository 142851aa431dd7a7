"""The citizen registry as it is imported: one line of it -> what Redis holds. Pure; keyed hashes only."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final

from stream_processors import identify

INDEX: Final = (files("stream_processors") / "index.lua").read_bytes()


@dataclass(frozen=True, slots=True)
class Citizen:
    """A line of the registry. `birth` is `yyyymmdd` or `yyyy`; `sex` and `card` may be empty."""

    number: str = field(repr=False)
    full_name: str = field(repr=False)
    birth: str = field(repr=False)
    sex: str = field(default="", repr=False)
    card: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Rows:
    """What one citizen adds. `entry` replaces what stood under its key; an `index` row that another citizen has too
    becomes ambiguous."""

    entry: tuple[bytes, bytes] = field(repr=False)
    index: tuple[tuple[bytes, bytes], ...] = field(repr=False)


class WrongCitizen(ValueError):
    """A line that is no citizen. Names the column, never a value."""


def rows(key: bytes, citizen: Citizen) -> Rows:
    """The entry by number, and the indexes by card and by name with day of birth. WrongCitizen names the column."""
    number = citizen.number.strip()
    if identify.NUMBER.fullmatch(number) is None:
        raise WrongCitizen("number")
    birth = citizen.birth.strip()
    if not (birth.isascii() and birth.isdigit() and len(birth) in (4, 8)):
        raise WrongCitizen("birth")
    if citizen.sex.strip() not in ("", "1", "2", "3"):
        raise WrongCitizen("sex")
    asked = identify.ask(
        key, {"citizen_id": number, "full_name": citizen.full_name, "birth": birth, "cards": citizen.card}
    )
    if not asked.name or asked.number is None:
        raise WrongCitizen("full_name")
    name = identify.hashed(key, b"citizen_key", number, 16)
    packed = identify.pack(name, asked.year, asked.date, asked.name, True)
    return Rows((asked.number, packed), tuple(_index(asked, name, packed)))


def _index(asked: identify.Asked, name: bytes, packed: bytes) -> Iterator[tuple[bytes, bytes]]:
    for card in asked.cards:
        yield card, packed
    if asked.person is not None and asked.number is not None:
        yield asked.person, name + asked.number.removeprefix(identify.CITIZEN)
