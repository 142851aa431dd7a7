"""What the four words are made of: the parts of each score and their weights, as first put into the database.

The Department changes them by inserting rows into `scorecard_weights` and `usable_thresholds`; the last holds. The
mapping of the words follows QĐ 1551/QĐ-BYT's phrase; the weights are a house choice. The least score for completeness is
the 80 % that the American NSSP asks before a feed goes to production; no Vietnamese text gives numbers, so the same holds
for the others.
"""

from typing import Final

WEIGHTS: Final[dict[str, dict[str, float]]] = {
    "correct": {"rules": 0.6, "identity": 0.4},
    "complete": {"rules": 0.7, "whole": 0.3},
    "clean": {"rules": 0.4, "not_rejected": 0.4, "linked": 0.2},
    "live": {"rules": 0.3, "prompt": 0.7},
}
"""Dimension -> part -> weight; the parts are columns of `facility_scorecard`."""

MINIMUM: Final = {"correct": 80.0, "complete": 80.0, "clean": 80.0, "live": 80.0}

SHARE: Final = 0.2
MINUTES: Final = 60
LEAST: Final = 50
"""A feed of which more than this share was rejected within so many minutes, of at least so many parts, is faulty. House
choices; the Department changes them in `rejection_limits`, for one facility or for all."""

PROMPT_SECONDS: Final = 60
"""Capture to stored; the house's p95 target."""
