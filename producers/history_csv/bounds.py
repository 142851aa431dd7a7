"""What the reader of CSV allows."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds, each inclusive; sizes in characters where nothing else is said."""

    block: int = 256 << 10
    """Bytes read at once."""
    row: int = 256 << 10
    """One row, its line breaks included; a quote that is never closed ends here."""
    row_lines: int = 200
    columns: int = 1_000


LIMITS: Final = Limits()
