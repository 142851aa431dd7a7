"""The list of communes: the imported catalogue, else, where it is installed, the package `vietnam-provinces` (3,321 communes from 01/07/2025).

It is not required (its licence is another than ours); without it only the form of a commune's code is asked. There is
no list of the communes before 01/07/2025 in it.
"""

import importlib.util
import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from schemas import catalogues

PACKAGE: Final = "vietnam_provinces"
SINCE: Final = date(2025, 7, 1)
_DATA: Final = "data/nested-divisions.json"


def of(day: date) -> Mapping[str, frozenset[str]] | None:
    """Province (2 digits) -> its communes (5 digits) on a day; None where no list of that day is at hand."""
    imported = catalogues.of("commune", day)
    if imported is not None:
        found: dict[str, set[str]] = {}
        for code, province in imported.codes.items():
            found.setdefault(province.zfill(2), set()).add(code)
        return {province: frozenset(codes) for province, codes in found.items()}
    return _read() if day >= SINCE else None


@cache
def _read() -> Mapping[str, frozenset[str]] | None:
    """Read as data: the package itself takes 100 ms to load."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    try:
        divisions: list[dict[str, Any]] = json.loads((Path(spec.origin).parent / _DATA).read_text(encoding="utf-8"))
        return {f"{p['code']:02d}": frozenset(f"{ward['code']:05d}" for ward in p["wards"]) for p in divisions}
    except (OSError, ValueError, KeyError, TypeError):
        return None
