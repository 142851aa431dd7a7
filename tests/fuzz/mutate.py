"""A small mutation fuzzer, for the fast suite: the same inputs each time, without coverage."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Final

from tests.fuzz.seeds import TOKENS, seeds

_Change = Callable[[Random, bytearray, Sequence[bytes], Sequence[bytes]], None]


def _flip(random: Random, data: bytearray, _tokens: Sequence[bytes], _others: Sequence[bytes]) -> None:
    if data:
        data[random.randrange(len(data))] = random.randrange(256)


def _cut(random: Random, data: bytearray, _tokens: Sequence[bytes], _others: Sequence[bytes]) -> None:
    at = random.randint(0, len(data))
    del data[at : at + random.choice((1, 2, 7, 60, 1_000))]


def _end(random: Random, data: bytearray, _tokens: Sequence[bytes], _others: Sequence[bytes]) -> None:
    del data[random.randint(0, len(data)) :]


def _repeat(random: Random, data: bytearray, _tokens: Sequence[bytes], _others: Sequence[bytes]) -> None:
    at = random.randint(0, len(data))
    data[at:at] = data[at : at + random.choice((1, 9, 80, 600))] * random.choice((1, 2, 5))


def _word(random: Random, data: bytearray, tokens: Sequence[bytes], _others: Sequence[bytes]) -> None:
    at = random.randint(0, len(data))
    data[at : at + random.choice((0, 0, 1, 4, 12))] = random.choice(tokens)


def _splice(random: Random, data: bytearray, _tokens: Sequence[bytes], others: Sequence[bytes]) -> None:
    other = random.choice(others)
    at, begin = random.randint(0, len(data)), random.randint(0, len(other))
    data[at : at + random.choice((0, 30, 300))] = other[begin : begin + random.choice((20, 200, 2_000))]


_CHANGES: Final[Sequence[_Change]] = (_flip, _cut, _end, _repeat, _word, _word, _splice)


def mutants(name: str, count: int) -> Iterator[bytes]:
    """Changed golden inputs of a dialect: one to six changes each."""
    random, found = Random(f"{name}, always the same"), seeds(name)
    for _ in range(count):
        data = bytearray(random.choice(found))
        for _ in range(random.randint(1, 6)):
            random.choice(_CHANGES)(random, data, TOKENS[name], found)
        yield bytes(data)
