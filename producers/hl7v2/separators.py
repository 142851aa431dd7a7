"""The separators a message declares in MSH-1 and MSH-2, and the escapes built on them (HL7 v2.9 chapter 2.5.4, 2.7)."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as field_of
from functools import lru_cache
from typing import Final

_USABLE: Final = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_SHORTEST, _LONGEST = 2, 5
_MARKUP: Final = {"br": "\n", "sp": "\n", "ce": "\n", "in": "", "ti": "", "fi": "", "nf": "", "sk": " "}
"""Formatting commands of 2.7.6. Indents and fill modes say how to print, not what was said."""


@dataclass(frozen=True, slots=True)
class Separators:
    """One character each. Escape and sub-component separator may be missing (2.5.4), then they are empty.

    `truncation` came with v2.7; earlier senders write a fifth character too.
    """

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""
    special: Callable[[str], re.Match[str] | None] = field_of(init=False, repr=False, compare=False)
    """Finds what makes a field more than plain text: a separator, an escape, or the `"` of a deletion."""

    def __post_init__(self) -> None:
        signs = re.escape(self.component + self.repetition + self.escape + self.subcomponent)
        object.__setattr__(self, "special", re.compile(f'["{signs}]').search)

    @property
    def encoding(self) -> str:
        """MSH-2."""
        return self.component + self.repetition + self.escape + self.subcomponent + self.truncation

    def unescaped(self, raw: str) -> str:
        """The text of a raw piece, NFC. Sequences that are not of 2.7 stay as they are written."""
        if not self.escape or self.escape not in raw:
            return raw
        text = _sequences(self.escape).sub(self._meaning, raw)
        return text if text.isascii() else unicodedata.normalize("NFC", text)

    def escaped(self, text: str) -> str:
        """Text as it may stand in a field: separators and line breaks escaped. Without an escape they become blanks."""
        blank = not self.escape
        codes = {
            ord(char): " " if blank else f"{self.escape}{code}{self.escape}"
            for char, code in (*zip(self._specials(), "ESTRFP", strict=True), ("\r", "X0D"), ("\n", "X0A"))
            if char
        }
        return text.translate(codes)

    def _specials(self) -> tuple[str, ...]:
        """In the order of the escape codes E S T R F P."""
        return self.escape, self.component, self.subcomponent, self.repetition, self.field, self.truncation

    def _meaning(self, found: re.Match[str]) -> str:
        code = found[1]
        if len(code) == 1:
            special = "ESTRFP".find(code)
            # H and N switch highlighting on and off. P without a truncation character means nothing: keep it.
            return "" if special < 0 else self._specials()[special] or found[0]
        if code[0] == ".":
            times = int(code[3:]) if code[1:3] in ("sp", "sk") and code[3:].isdecimal() else 1
            return _MARKUP[code[1:3]] * times
        if code[0] == "X":
            try:
                text = bytes.fromhex(code[1:]).decode()
            except ValueError:
                return found[0]
            return "".join(char if char.isprintable() or char in "\t\r\n" else " " for char in text)
        return ""  # C and M announce another character set; the whole message is Unicode already


@lru_cache(maxsize=64)
def _sequences(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    known = (
        r"[ESTRFPHN]|\.(?:br|fi|nf|ce|(?:sp|sk)(?:[0-9]{1,2})?|(?:in|ti)[+-]?[0-9]{0,3})"
        r"|X(?:[0-9A-Fa-f]{2}){1,4096}|C[0-9A-Fa-f]{4}|M[0-9A-Fa-f]{4}(?:[0-9A-Fa-f]{2})?"
    )
    return re.compile(f"{mark}({known}){mark}")


def declared(header: str) -> Separators | None:
    """Of a header segment (MSH, FHS, BHS), which names them in its first two fields; None if they cannot be used."""
    field = header[3:4]
    encoding = header[4:].split(field, 1)[0] if field else ""
    if not _SHORTEST <= len(encoding) <= _LONGEST:
        return None
    every = {field, *encoding}
    if len(every) != len(encoding) + 1 or not every <= _USABLE:
        return None
    return _separators(field, encoding)


@lru_cache(maxsize=64)
def _separators(field: str, encoding: str) -> Separators:
    component, repetition, escape, subcomponent, truncation = (encoding[n : n + 1] for n in range(_LONGEST))
    return Separators(field, component, repetition, escape, subcomponent, truncation)
