"""Other projects' HL7 v2: every file is read, none breaks anything, all that HL7 knows is accepted."""

from collections import Counter
from pathlib import Path

import pytest

from infra.conformance.check import Checked, Checker
from producers.adapter import Feed, Parsed
from producers.hl7v2.listen import DIALECT
from producers.hl7v2.translate import TRANSLATOR
from schemas.reasons import REASONS

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "hl7v2"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="other projects' samples are not here")


def checked() -> list[Checked]:
    checker = Checker(DIALECT, Feed("check", "", "check", "hl7v2"))
    return [found for path in sorted(SAMPLES.iterdir()) for found in checker.check(path)]


def test_all_are_accepted() -> None:
    found = checked()
    assert len(found) >= len(list(SAMPLES.iterdir()))
    assert [] == [(one.path, one.issues) for one in found if one.outcome == "rejected"]
    kinds = Counter(event["kind"] for one in found for event in one.events)
    assert {"encounter", "observation", "appointment", "referral"} <= set(kinds)


def test_every_segment_is_accounted_for() -> None:
    for one in checked():
        assert one.rows_read == one.rows_used + sum(one.unmapped.values())
        assert one.rows_read > 1


def test_a_cut_file_is_still_answered() -> None:
    feed = Feed("01999.his", "01999", "HIS", "hl7v2", options={"check_facility": False})
    for path in sorted(SAMPLES.iterdir()):
        raw = path.read_bytes()
        for end in range(0, len(raw), 1 + len(raw) // 20):
            parsed = TRANSLATOR.parse(raw[:end], feed)
            if isinstance(parsed, Parsed):
                TRANSLATOR.translate(None, parsed, feed)
            else:
                assert parsed.reason in REASONS
