"""Masking: a patient's own names and numbers inside text that analysts need (diagnoses, names of drugs and tests)."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from operator import is_not
from typing import Any, Final

from schemas.fields import Field

MASK: Final = "███"
_SHORTEST: Final = 4
_NUMBER: Final = 9
"""Characters from which on a number may be written in groups; a shorter one with gaps would be a value (`12.34`)."""
_GAPS: Final = str.maketrans("", "", " \t\r\n\v\f\u00a0.-")


class _Folding(dict[int, str]):
    """Character -> lower case without marks, one for one (so that positions agree with the NFC text); learnt as met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        base = unicodedata.normalize("NFD", char)[0].lower()
        self[code] = made = base if len(base) == 1 else char
        return made


_FOLDED: Final = _Folding({ord("đ"): "d", ord("Đ"): "d"})


def _fold(text: str) -> str:
    return text.translate(_FOLDED)


def _looks(text: str) -> tuple[str, str, str]:
    """A text in NFC, folded (of the same length), and folded without gaps."""
    if text.isascii():
        composed, folded = text, text.lower()
    else:
        composed = text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)
        folded = _fold(composed)
    return composed, folded, folded.translate(_GAPS)


_REMEMBERED: Final = 200
_remembered: Final = lru_cache(maxsize=8_192)(_looks)
"""Most texts are names of drugs, tests and diseases, the same all day, and folding them is most of the work. A longer
text is somebody's own, and is not kept."""


class Masker:
    """Masks the identity's own texts wherever they stand in a text: any case, with or without tone marks, any spaces
    between words, numbers in groups as people write them."""

    __slots__ = ("_narrow", "_needles", "_pattern")

    def __init__(self, identity: Iterable[str | None]) -> None:
        whole = {
            _fold(unicodedata.normalize("NFC", part)).strip() for text in identity if text for part in text.split(";")
        }
        self._needles = sorted((part for part in whole if len(part) >= _SHORTEST), key=len, reverse=True)
        self._narrow = [needle.translate(_GAPS) for needle in self._needles]
        self._pattern: re.Pattern[str] | None = None

    def __call__(self, text: str) -> str:
        if not self._needles:
            return text
        composed, folded, squeezed = _remembered(text) if len(text) <= _REMEMBERED else _looks(text)
        for needle in self._narrow:  # nearly all texts hold nothing of the person
            if needle in squeezed:
                return self._masked(composed, folded) or text
        return text

    def _masked(self, text: str, folded: str) -> str:
        """Empty where there is nothing to mask after all."""
        if self._pattern is None:
            self._pattern = re.compile("|".join(map(_written, self._needles, self._narrow)))
        out, last = [], 0
        for match in self._pattern.finditer(folded):
            out += [text[last : match.start()], MASK]
            last = match.end()
        return "".join([*out, text[last:]]) if out else ""


def _is_number(narrow: str) -> bool:
    return narrow.isalnum() and len(narrow) >= _NUMBER and sum(map(str.isdigit, narrow)) >= _NUMBER - 2


def _written(needle: str, narrow: str) -> str:
    """The pattern of a needle: a long number with or without gaps, words with any space between them."""
    return r"[\s.-]?".join(narrow) if _is_number(narrow) else r"\s+".join(map(re.escape, needle.split()))


def masked_paths(fields: tuple[Field, ...]) -> dict[str, Any]:
    """The masked fields of a kind: name -> None for a text, name -> {...} for lines."""
    found: dict[str, Any] = {}
    for field in fields:
        if field.type == "record":
            inner = masked_paths(field.lines)
            if inner:
                found[field.name] = inner
        elif field.level == "masked":
            found[field.name] = None
    return found


def mask(body: dict[str, Any], paths: dict[str, Any], masker: Masker) -> dict[str, Any]:
    """The body with its masked fields masked; itself where nothing of the person stands in it."""
    changed: dict[str, Any] = {}
    for name, inner in paths.items():
        value = body.get(name)
        if value is None:
            continue
        if inner is None:
            masked = masker(value)
            if masked is not value:
                changed[name] = masked
        else:
            lines = [mask(line, inner, masker) for line in value]
            if any(map(is_not, lines, value)):
                changed[name] = lines
    return body | changed if changed else body
