"""When a restore is well, and when not."""

from typing import Any

from tests.faults.drill import explained, verdict


def report(published: int = 2_000, stored: int = 1_800, missing: int = 0, unanswered: int = 0) -> dict[str, Any]:
    """A city that sent 1,000 messages of two parts, ten of them twice."""
    totals = {"published": published, "accepted": 1_500, "amended": 300, "stored": stored, "missing": missing}
    return {
        "totals": totals,
        "injected": {"published": 2_000},
        "messages": 1_010,
        "retransmissions": 10,
        "answers_differ": 0,
        "unanswered": unanswered,
    }


def test_what_is_in_doubt_or_was_sent_since_the_last_heartbeat_may_be_lost() -> None:
    assert 7 * 2 + 60 * 10 == explained(report(), doubt=7, rate=60)
    assert [] == verdict(report(), lost=0, allowed=0)
    assert [] == verdict(report(), lost=614, allowed=614)


def test_more_is_not_explained() -> None:
    assert ["615 parts lost where at most 614 are explained"] == verdict(report(), lost=615, allowed=614)


def test_every_other_promise_is_looked_at() -> None:
    assert ["missing: 3"] == verdict(report(missing=3), 0, 0)
    assert ["rows stored are not those accepted"] == verdict(report(stored=1_799), 0, 0)
    assert ["hospitals were not answered as they should be"] == verdict(report(unanswered=1), 0, 0)
