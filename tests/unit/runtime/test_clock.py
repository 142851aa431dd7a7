"""Time: Hanoi's calendar by arithmetic agrees with the time zone database."""

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runtime import clock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = st.integers(315_532_800_000, 4_102_444_800_000).map(lambda ms: EPOCH + timedelta(milliseconds=ms))
"""1980 to 2100; before 1975 Hanoi's clocks went otherwise."""


@given(TIMES)
@example(datetime(2026, 7, 31, 16, 59, 59, 999_000, UTC))
@example(datetime(2026, 7, 31, 17, tzinfo=UTC))
def test_the_day_is_that_of_the_time_zone_database(moment: datetime) -> None:
    try:
        zone = ZoneInfo("Asia/Ho_Chi_Minh")
    except ZoneInfoNotFoundError:
        pytest.skip("no time zone database on this machine")
    ms = (moment - EPOCH) // timedelta(milliseconds=1)
    assert moment.astimezone(zone).date() == moment.astimezone(clock.HANOI).date()
    assert clock.day_of(moment.astimezone(zone).date()) == clock.local_day(ms)


def test_days_count_from_1970() -> None:
    assert (0, 1, -1) == (
        clock.day_of(date(1970, 1, 1)),
        clock.day_of(date(1970, 1, 2)),
        clock.day_of(date(1969, 12, 31)),
    )
    assert (0, 0, 1) == (clock.local_day(0), clock.local_day(17 * 3_600_000 - 1), clock.local_day(17 * 3_600_000))
    assert -1 == clock.local_day(-7 * 3_600_000 - 1)


def test_the_year_2000_begins_in_utc() -> None:
    assert datetime(2000, 1, 1, tzinfo=UTC).timestamp() * 1000 == clock.YEAR_2000_MS
    assert timedelta(milliseconds=clock.DAY_MS) == timedelta(days=1)


def test_now_is_in_milliseconds() -> None:
    before = time.time()
    now = clock.now_ms()
    assert before - 1 <= now / 1000 <= time.time() + 1
