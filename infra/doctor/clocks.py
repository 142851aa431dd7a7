"""Clocks: the ledger's marks and the documents' versions are times, so machines must agree on them. Pure."""

from dataclasses import dataclass
from typing import Final

from infra.doctor.finding import Finding, failed, ok, warning

WARN_MS: Final = 2_000
FAIL_MS: Final = 30_000
"""Half of what the ledger lets settle (60 s)."""

_MENDS: Final = ("bật đồng bộ giờ (chrony hoặc NTP) trên cả hai máy", "keep time on both machines (chrony or NTP)")


@dataclass(frozen=True, slots=True)
class Reading:
    """What another machine said (ms since 1970, UTC), and our own clock before and after asking."""

    subject: str
    theirs: int
    before: int
    after: int

    @property
    def skew_ms(self) -> int:
        """Theirs minus ours; 0 where the difference is within the time the question took."""
        if self.before <= self.theirs <= self.after:
            return 0
        return self.theirs - self.before if self.theirs < self.before else self.theirs - self.after


def judge(reading: Reading) -> Finding:
    return judge_skew(reading.subject, reading.skew_ms)


def judge_skew(subject: str, skew_ms: int) -> Finding:
    said = f"{skew_ms / 1000:+.1f} s"
    if abs(skew_ms) >= FAIL_MS:
        return failed("clock", subject, f"đồng hồ lệch {said}", f"its clock is off by {said}", *_MENDS)
    if abs(skew_ms) >= WARN_MS:
        return warning("clock", subject, f"đồng hồ lệch {said}", f"its clock is off by {said}", *_MENDS)
    return ok("clock", subject, f"đồng hồ khớp ({said})", f"the clocks agree ({said})")
