"""What a reason or a rule means and how to mend it, in Vietnamese and English. Pure; nothing of a message is in it."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from schemas.reasons import REASONS
from schemas.rules import RULES


@dataclass(frozen=True, slots=True)
class Explanation:
    """Of one reason (`stage` says who gives it) or one rule (`dimension`, `mode`, `source` are its own)."""

    id: str
    vi: str
    en: str
    mend_vi: str
    mend_en: str
    stage: str = ""
    dimension: str = ""
    mode: str = ""
    source: str = ""

    def line(self) -> dict[str, Any]:
        """For machines, without what does not apply."""
        return {name: value for name, value in asdict(self).items() if value}


def explain(name: str) -> Explanation | None:
    """None where the tables have no such reason or rule; it may be of a newer release."""
    reason = REASONS.get(name)
    if reason is not None:
        return Explanation(reason.id, reason.vi, reason.en, reason.mend_vi, reason.mend_en, stage=reason.stage)
    rule = RULES.get(name)
    if rule is None:
        return None
    return Explanation(
        rule.id,
        rule.vi,
        rule.en,
        rule.mend_vi,
        rule.mend_en,
        stage="worker",
        dimension=rule.dimension,
        mode=rule.mode,
        source=rule.source,
    )


def explained(reason: str, rules: Iterable[str]) -> list[Explanation]:
    """The reason of a rejection, then its rules; what nobody knows here is left out."""
    return [found for name in (reason, *rules) if (found := explain(name)) is not None]


def alike(name: str) -> list[str]:
    """Names near to one that is unknown."""
    return difflib.get_close_matches(name, [*REASONS, *RULES], n=5, cutoff=0.5)


def with_explanation(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `rejected_parts` with what its reason and rules mean: for `show` and `export`."""
    return dict(row) | {"explained": [each.line() for each in explained(row["reason"], row["rules"])]}
