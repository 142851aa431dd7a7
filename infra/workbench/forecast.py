"""What would become of a candidate: the adapter's composing and the worker's own checks, without sending anything. Pure."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Final

from infra.workbench.candidates import Candidate, Republish, Resend, Unable
from infra.workbench.filters import millis
from infra.workbench.originals import decoded
from producers import replay, total
from producers.adapter import Document, Link, Refusal
from producers.event import Number, Record, compose
from runtime.keyring import Keyring, KeyringError
from stream_processors.pipeline import Checked, House, check
from stream_processors.receive import Source
from stream_processors.rules import BOOK, Rulebook

ACCEPTED: Final = "accepted"
_NO_MAPS: Final[frozenset[bytes]] = frozenset()
"""Code maps add to a document, they refuse none."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """`outcome` is `accepted`, or `rejected` by a reason of the tables (its rule with it), or `unable` to be sent.

    The rules that block come first: the first is told. `documents` are the headers (document_id, patient_key, partial …) of what would be sent.
    """

    candidate: Candidate = field(repr=False)
    outcome: str
    reason: str = ""
    rules: tuple[str, ...] = ()
    place: str = ""
    documents: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    @property
    def accepted(self) -> bool:
        return self.outcome == ACCEPTED


class Forecaster:
    """`limit` is the most bytes of an event, `erased` the patients whose documents may not come back."""

    def __init__(self, keyring: Keyring, limit: int, erased: Set[str] = frozenset(), rules: Rulebook = BOOK) -> None:
        if keyring.citizen is None:
            raise KeyringError("a replay needs the city's keyring: the citizen key is missing")
        self._house = House(keyring, keyring.citizen, limit, rules)
        self._erased = erased

    def __call__(self, candidate: Candidate) -> Forecast:
        if isinstance(candidate, Unable):
            return Forecast(candidate, "unable", candidate.why)
        if isinstance(candidate, Republish):
            return self._checked(candidate, [candidate.source])
        made = self._composed(candidate)
        if isinstance(made, Forecast):
            return made
        return self._checked(candidate, made)

    def _composed(self, candidate: Resend) -> list[Source] | Forecast:
        translation = candidate.again.translation
        if not translation.outcomes:
            return Forecast(candidate, "unable", "no_document")
        sources = []
        for part, outcome in enumerate(translation.outcomes, 1):
            if isinstance(outcome, Link):
                continue  # no worker looks at it
            number = Number(candidate.feed.adapter_id, "0" * 16, 1, part, len(translation.outcomes))
            made = self._compose(candidate, outcome, number) if isinstance(outcome, Document) else outcome
            if isinstance(made, Refusal):
                refusal = total.tidy(made)
                return Forecast(candidate, "rejected", refusal.reason, place=refusal.place)
            sources.append(Source(made.topic, 0, 0, made.key, made.value, made.headers))
        return sources

    def _compose(self, candidate: Resend, document: Document, number: Number) -> Record | Refusal:
        keys = replay.keys(self._house.keyring, candidate.feed.facility)
        made = total.attempt(
            lambda: compose(
                document,
                number,
                candidate.feed,
                keys,
                captured_at=millis(candidate.row["captured_at"]),
                last_version=0,
                message_id=candidate.again.parsed.message_id,
                rows=candidate.again.translation.rows,
                limit=self._house.limit,
                replay=candidate.replay,
            ),
            document.kind,
            _ignored,
        )
        return made if isinstance(made, Refusal) else made[0]

    def _checked(self, candidate: Republish | Resend, sources: Iterable[Source]) -> Forecast:
        documents = []
        for source in sources:
            step = check(source, self._house, _NO_MAPS)
            if not isinstance(step, Checked):
                return Forecast(candidate, "rejected", step.reason, step.rules[:1], step.place)
            event = decoded(source.value or b"") or {}
            if event.get("patient_key") in self._erased:
                return Forecast(candidate, "unable", "erased")
            documents.append(event)
        return Forecast(candidate, ACCEPTED, documents=tuple(documents))


def _ignored(_error: Exception) -> None:
    """The refusal `unforeseen` tells of it."""


def histogram(forecasts: Iterable[Forecast]) -> list[dict[str, Any]]:
    """Counts by outcome, reason and rules, the most frequent first."""
    found: dict[tuple[str, str, tuple[str, ...]], int] = {}
    for each in forecasts:
        key = (each.outcome, each.reason, each.rules)
        found[key] = found.get(key, 0) + 1
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [
        {"outcome": outcome, "reason": reason, "rules": list(rules), "parts": count}
        for (outcome, reason, rules), count in ranked
    ]
