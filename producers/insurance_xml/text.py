"""Vietnamese text as senders write it, into one form: NFC, plain blanks, trimmed."""

import html
import re
import unicodedata
from html.entities import html5
from typing import Final

_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_NO_BREAK: Final = ("\u00a0", "\u202f")
_NO_WIDTH: Final = ("\u200b", "\ufeff")


def clean(text: str) -> str:
    """NFC; no-break spaces are spaces, zero-width ones nothing; HTML entities left in the text are decoded once; trimmed."""
    if "&" in text:
        text = _ENTITY.sub(_decoded, text)
    if not text.isascii():
        for blank in _NO_BREAK:
            text = text.replace(blank, " ")
        for nothing in _NO_WIDTH:
            text = text.replace(nothing, "")
        if not unicodedata.is_normalized("NFC", text):
            text = unicodedata.normalize("NFC", text)
    return text.strip()


def _decoded(entity: re.Match[str]) -> str:
    """A name HTML does not know stays as it is: `A&B;C` is a list of codes. Control characters are never made."""
    written = entity[0]
    if written[1] != "#" and written[1:] not in html5:
        return written
    decoded = html.unescape(written)
    return decoded if decoded.isprintable() or decoded.isspace() else " "
