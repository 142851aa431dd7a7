"""What other rules say of a stored document. Pure.

The store has no sealed field. A rule that wants one keeps the verdict that the worker gave, where it is still in force.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.evaluation.backtest import SEALED, NotStored
from schemas.rules import Rule
from stream_processors.rules import Rulebook


@dataclass(frozen=True, slots=True)
class Judged:
    """`after` are the rules that fail now, in the order of the book; `kept` those of them, and those that do not, whose
    old verdict stands because they want what is sealed; `blocking` those that would have refused the document."""

    after: tuple[str, ...]
    kept: tuple[str, ...] = ()
    blocking: tuple[str, ...] = ()


class Judge:
    """One book of rules. A stored document is not taken back: what blocks is noted like what warns."""

    def __init__(self, rules: Iterable[Rule], groups: Mapping[str, str]) -> None:
        """Raises RuleError where a rule cannot be made."""
        self._books = [(rule, Rulebook([rule], groups)) for rule in rules if rule.scope == "document"]
        for _, book in self._books:
            book.check()

    def __call__(self, event: Mapping[str, Any]) -> Judged:
        before = set(event["quality"])
        after: list[str] = []
        kept: list[str] = []
        blocking: list[str] = []
        for rule, book in self._books:
            if event["kind"] not in rule.kinds:
                continue
            try:
                failures = book(event, SEALED, SEALED)
            except NotStored:
                kept.append(rule.id)
                after += [rule.id] if rule.id in before else []
                continue
            for id_, mode, _ in failures:
                after += [id_] if mode != "shadow" else []
                blocking += [id_] if mode == "block" else []
        return Judged(tuple(after), tuple(kept), tuple(blocking))
