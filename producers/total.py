"""A translator made total: whatever it does, each message ends as outcomes. The outbox and `adapter check` share this,
so that what is said of a file is what would become of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import orjson

from producers.adapter import MAX_PARTS, Document, Feed, Outcome, Parsed, Refusal, Translation, Translator
from schemas.reasons import REASONS

_Made = TypeVar("_Made")


def attempt(make: Callable[[], _Made], kind: str | None, failed: Callable[[Exception], None]) -> _Made | Refusal:
    """What `make` makes; its fault is ours and must cost one part, not the batch: a refusal `unforeseen`."""
    try:
        return make()
    except Exception as error:
        failed(error)
        return Refusal("unforeseen", kind or "", type(error).__name__, kind)


def translate(
    translator: Translator, state: bytes | None, parsed: Parsed, feed: Feed, failed: Callable[[Exception], None]
) -> tuple[Translation, bytes | None]:
    """(outcomes, each document once; the new state as JSON, None where nothing new is to be kept)."""

    def make() -> tuple[Translation, bytes | None]:
        made = translator.translate(None if state is None else orjson.loads(state), parsed, feed)
        outcomes = _told_once(made.outcomes)
        if len(outcomes) > MAX_PARTS:
            return Translation((Refusal("too_large", "", f"{len(outcomes)} parts"),)), None
        return replace(made, outcomes=outcomes), None if made.state is None else orjson.dumps(made.state)

    made = attempt(make, None, failed)
    return (Translation((made,)), None) if isinstance(made, Refusal) else made


def tidy(refusal: Refusal) -> Refusal:
    """Of the table of reasons, bounded, and text that every protocol can carry."""
    reason = refusal.reason if refusal.reason in REASONS else "unforeseen"
    return replace(refusal, reason=reason, place=_plain(refusal.place, 200), detail=_plain(refusal.detail, 500))


def _plain(text: str, most: int) -> str:
    return text[:most].encode("utf-8", "replace").decode()


def _told_once(outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """One message yields at most one event per document: of repeats the last stands, in the place of the first."""
    kept: dict[object, Outcome] = {}
    for place, outcome in enumerate(outcomes):
        kept[(outcome.kind, outcome.natural_key) if isinstance(outcome, Document) else place] = outcome
    return tuple(kept.values())
