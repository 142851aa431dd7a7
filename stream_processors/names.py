"""Vietnamese names compared word by word: NFC or NFD, upper or lower case, `hoà` or `hòa` are the same."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_TONES: Final = frozenset("\u0300\u0301\u0303\u0309\u0323")
_NOT_LETTERS: Final = re.compile(r"[^\w]+|[\d_]+")


@lru_cache(maxsize=20_000)
def _word(word: str) -> str:
    """Letters without the tone, then the tone: where the tone mark sits in the word no longer matters."""
    spread = unicodedata.normalize("NFD", word)
    tone = "".join(char for char in spread if char in _TONES)
    return unicodedata.normalize("NFC", "".join(char for char in spread if char not in _TONES)) + tone


def words(name: str) -> tuple[str, ...]:
    """The words of a name in order, in comparable form."""
    text = unicodedata.normalize("NFC", name).casefold()
    return tuple(_word(part) for part in _NOT_LETTERS.split(text) if part)
