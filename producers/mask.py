"""Masking: a patient's own names and numbers inside text that analysts need (diagnoses, names of drugs and tests)."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any, Final

from schemas.fields import Field

MASK: Final = "███"
_SHORTEST: Final = 4


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


class Masker:
    """Masks the identity's own texts wherever they stand in a text: any case, with or without tone marks."""

    __slots__ = ("_needles", "_pattern")

    def __init__(self, identity: Iterable[str | None]) -> None:
        whole = {
            _fold(unicodedata.normalize("NFC", part.strip())) for text in identity if text for part in text.split(";")
        }
        self._needles = sorted((part for part in whole if len(part) >= _SHORTEST), key=len, reverse=True)
        self._pattern: re.Pattern[str] | None = None

    def __call__(self, text: str) -> str:
        if not self._needles:
            return text
        folded = text.lower() if text.isascii() else _fold(text)
        if not any(needle in folded for needle in self._needles):
            return text
        if self._pattern is None:
            self._pattern = re.compile("|".join(re.escape(needle) for needle in self._needles))
        out, last = [], 0
        for match in self._pattern.finditer(folded):
            out += [text[last : match.start()], MASK]
            last = match.end()
        return "".join([*out, text[last:]])


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
    """The body with its masked fields masked."""
    out = dict(body)
    for name, inner in paths.items():
        value = out.get(name)
        if value is None:
            continue
        if inner is None:
            out[name] = masker(value)
        else:
            out[name] = [mask(line, inner, masker) for line in value]
    return out
