"""Dates and times of DICOM (PS3.5 6.2, DA and TM), the older forms with points and colons included. Pure."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from runtime.clock import HANOI

_MOMENT: Final = re.compile(
    r"(\d{4})\.?(\d{2})\.?(\d{2})(?:(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,9}))?)?)?)?", re.ASCII
)
_ZONE: Final = re.compile(r"([+-])(\d{2})(\d{2})", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_ZONE: Final = 14
_YEARS: Final = range(1900, 2200)
"""What the store's time columns hold; a device whose clock says otherwise says nothing."""


def millis(moment: str, zone: str = "") -> int | None:
    """Date and time, one after the other, to epoch milliseconds UTC; None for what is none.

    `zone` is Timezone Offset From UTC (`+0700`); without one it is Asia/Ho_Chi_Minh. Without a time it is midnight, as
    it is where the time is nonsense. The leap second 60 is the second before it.
    """
    found = _MOMENT.fullmatch(moment) or _MOMENT.fullmatch(moment[:10] if "." in moment[:5] else moment[:8])
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    if year not in _YEARS:
        return None
    try:
        local = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=_zone(zone))
    except ValueError:
        return None if found[4] is None else millis(moment[: found.end(3)], zone)
    return (local - _EPOCH) // timedelta(milliseconds=1) + int((found[7] or "0")[:3].ljust(3, "0"))


def _zone(text: str) -> timezone:
    found = _ZONE.fullmatch(text)
    if found is None or int(found[2]) > _LAST_ZONE or int(found[3]) > 59:
        return HANOI
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-offset if found[1] == "-" else offset)


def day(text: str) -> str:
    """A date as yyyymmdd, or the year alone where month and day are unknown (`19850000`, `1985`); "" for none."""
    digits = text.replace(".", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in (4, 6, 8) or digits.startswith("0000"):
        return ""
    return digits if len(digits) == 8 and millis(digits) is not None else digits[:4]
