"""A feed's pace: a burst, then so many a second, each feed for itself."""

from producers.pace import BURST_SECONDS, Pace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_quiet_feed_may_send_a_burst_and_then_its_rate() -> None:
    clock = Clock()
    pace = Pace(10, clock)
    burst = int(10 * BURST_SECONDS)
    assert burst == pace.room("a")
    pace.take("a", burst)
    assert 0 == pace.room("a")
    clock.now += 0.5
    assert 5 == pace.room("a")
    clock.now += 3_600
    assert burst == pace.room("a")


def test_one_feed_takes_nothing_of_another() -> None:
    pace = Pace(10, Clock())
    pace.take("a", 1_000)
    assert (0, 20) == (max(0, pace.room("a")), pace.room("b"))


def test_without_a_rate_nothing_is_held_back() -> None:
    pace = Pace(0, Clock())
    pace.take("a", 1_000_000)
    assert pace.room("a") > 1_000_000
