"""A patient that does not exist, and what finds any trace of her in what may hold none."""

import unicodedata
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from producers.adapter import Dialect


@dataclass(frozen=True, slots=True)
class Canary:
    """Each text stands nowhere else, so that one found is one that leaked. `note` is of free text."""

    full_name: str = "Hoàng Thị Kim Khuyên"
    citizen_id: str = "001187654329"
    address: str = "Ngõ 991 phố Vĩnh Khuyên"
    phone: str = "0987612345"
    card: str = "GD4018765432109"
    patient_number: str = "BN87654329"
    visit_number: str = "LK87654329"
    birth: str = "198702281234"
    note: str = "khuyên nhủ ăn cháo tía tô"

    @property
    def texts(self) -> list[str]:
        return [getattr(self, each.name) for each in fields(self)]


CANARY: Final = Canary()


@dataclass(frozen=True, slots=True)
class Planted:
    """A file of a dialect that holds the canary in every field it has for a person or for free text."""

    dialect: Dialect
    name: str
    content: bytes = field(repr=False)
    options: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        path = folder / self.name
        path.write_bytes(self.content)
        return path


def _plain(text: str) -> str:
    """Lower case, without marks, spaces and signs: every way to write a thing is one."""
    unmarked = unicodedata.normalize("NFD", text.casefold()).replace("đ", "d")
    return "".join(char for char in unmarked if char.isalnum())


_PLAIN: Final = {text: _plain(text) for text in CANARY.texts}


def leaks(shown: str | bytes) -> list[str]:
    """The canary's texts that can be found in what is shown, however they are written there."""
    if isinstance(shown, bytes):
        forms = [
            shown.decode("utf-8", "ignore"),
            shown.decode("utf-16-le", "ignore"),
            shown.decode("utf-16-be", "ignore"),
        ]
    else:
        forms = [shown]
        if "\\u" in shown or "\\x" in shown:
            escaped = shown.encode("ascii", "backslashreplace").decode("unicode_escape", "ignore")
            forms += [escaped, escaped.encode("latin-1", "ignore").decode("utf-8", "ignore")]
    plain = [_plain(form) for form in forms]
    return [text for text, needle in _PLAIN.items() if any(needle in form for form in plain)]
