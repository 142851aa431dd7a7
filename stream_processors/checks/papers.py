"""Days written on papers: `yyyymmdd`."""

from datetime import date
from functools import lru_cache

from runtime.clock import day_of


@lru_cache(maxsize=20_000)
def day_of_paper(text: str | None) -> int | None:
    """Days since 1970-01-01, or None where the text is no day. More than eight characters are a time of that day."""
    if text is None or len(text) < 8 or not text.isascii() or not text.isdigit():
        return None
    try:
        return day_of(date(int(text[:4]), int(text[4:6]), int(text[6:8])))
    except ValueError:
        return None
