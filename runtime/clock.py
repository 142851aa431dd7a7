"""Time: epoch milliseconds UTC, and Hanoi's calendar (UTC+7, no daylight saving)."""

import time
from datetime import date, timedelta, timezone
from typing import Final

HANOI: Final = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
_SHIFT_MS: Final = 7 * 3_600_000
DAY_MS: Final = 86_400_000
YEAR_2000_MS: Final = 946_684_800_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def local_day(ms: int) -> int:
    """Days since 1970-01-01 of Hanoi's calendar."""
    return (ms + _SHIFT_MS) // DAY_MS


def day_of(day: date) -> int:
    return day.toordinal() - 719_163
