"""A translator for history: what it says must never beat what was said live. Pure.

A document of history takes its own last date as its version (design: backfill), so that any live version of it, which is
numbered by its capture, is newer. Without a date, or before 2000, it counts as of the first moment of 2000.
"""

from dataclasses import replace
from typing import Any, Final

from producers.adapter import Document, Feed, Outcome, Parsed, Refusal, State, Translation, Translator
from runtime.clock import YEAR_2000_MS

TOO_OLD: Final = "before_since"
"""Why a message yields no document: all of it is older than what was asked for."""


class History:
    """`since` (epoch ms) leaves out documents whose last date is before it; those without a date are kept."""

    def __init__(self, translator: Translator, since: int | None = None) -> None:
        self._translator, self._since = translator, since

    def parse(self, raw: bytes, feed: Feed) -> Parsed | Refusal:
        return self._translator.parse(raw, feed)

    def translate(self, state: State | None, parsed: Parsed, feed: Feed) -> Translation:
        made = self._translator.translate(state, parsed, feed)
        kept = tuple(_dated(outcome) for outcome in made.outcomes if not self._too_old(outcome))
        silence = TOO_OLD if made.outcomes and not kept else made.silence
        return replace(made, outcomes=kept, silence=silence)

    def _too_old(self, outcome: Outcome) -> bool:
        if self._since is None or not isinstance(outcome, Document):
            return False
        last = _last(outcome)
        return last is not None and last < self._since


def _dated(outcome: Outcome) -> Outcome:
    if not isinstance(outcome, Document):
        return outcome
    return replace(outcome, corrected_at=max(_last(outcome) or 0, YEAR_2000_MS))


def _last(document: Document) -> int | None:
    if document.corrected_at is not None:
        return document.corrected_at
    said: list[Any] = [at for at in (document.occurred_at, document.recorded_at) if at is not None]
    return max(said) if said else None
