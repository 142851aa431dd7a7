"""What the report counts while messages are checked: sums only, so that a million messages cost no memory."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from infra.conformance.check import Checked, Issue
from infra.conformance.codes_met import HIDDEN

MOST_DELAYS: Final = 10_000
"""Delays kept for the percentiles: the first so many."""
MOST_CODES: Final = 5_000
"""Different codes that are told apart; the rest counts as `…`."""


@dataclass(slots=True)
class KindTally:
    """One kind of document. `refused` parts name it where their translator could tell; `filled` and `asked` by field."""

    documents: int = 0
    refused: int = 0
    clean: int = 0
    filled: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    def share(self, name: str) -> float:
        return self.filled[name] / self.asked[name]

    @property
    def completeness(self) -> float | None:
        """Of all first-priority fields together; None where nothing was asked."""
        asked = sum(self.asked.values())
        return sum(self.filled.values()) / asked if asked else None


@dataclass(slots=True)
class IssueTally:
    """One rule or reason: how often, in how many messages, and where."""

    issue: Issue
    count: int = 0
    messages: int = 0
    places: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Tally:
    """Add each message once. Times are epoch milliseconds UTC."""

    messages: int = 0
    accepted: int = 0
    silent: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    files: int = 0
    kinds: dict[str, KindTally] = field(default_factory=dict)
    issues: dict[tuple[str, str], IssueTally] = field(default_factory=dict)
    systems: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    rows_read: int = 0
    rows_used: int = 0
    unmapped: Counter[str] = field(default_factory=Counter)
    oldest: int | None = None
    newest: int | None = None
    captured: int = 0
    without_time: int = 0
    delays: list[int] = field(default_factory=list)

    def add(self, checked: Checked) -> None:
        self.messages += 1
        self.accepted += checked.outcome == "accepted"
        if checked.silence is not None:
            self.silent[checked.silence] += 1
        self.rows_read += checked.rows_read
        self.rows_used += checked.rows_used
        self.unmapped.update(checked.unmapped)
        self._issues(checked)
        self._facts(checked)

    @property
    def rejected(self) -> int:
        return self.messages - self.accepted

    @property
    def documents(self) -> int:
        return sum(kind.documents for kind in self.kinds.values())

    def _issues(self, checked: Checked) -> None:
        met: set[tuple[str, str]] = set()
        for issue in checked.issues:
            key = issue.severity, issue.rule
            line = self.issues.setdefault(key, IssueTally(issue))
            line.count += 1
            line.messages += key not in met
            met.add(key)
            if len(line.places) < 100:
                line.places["".join("n" if char.isdigit() else char for char in issue.path)] += 1
            if issue.severity == "error" and issue.kind:
                self._kind(issue.kind).refused += 1

    def _facts(self, checked: Checked) -> None:
        warned = {issue.kind for issue in checked.issues}
        for fact in checked.facts:
            kind = self._kind(fact.kind)
            kind.documents += 1
            kind.clean += fact.kind not in warned
            for name, (filled, asked) in fact.filled.items():
                kind.filled[name] += filled
                kind.asked[name] += asked
            for place, system, code, known in fact.codes:
                self.systems[place, system] += 1
                if known is False:
                    key = place, system, code
                    full = len(self.unknown) >= MOST_CODES and key not in self.unknown
                    self.unknown[(place, system, HIDDEN) if full else key] += 1
            self._time(fact.occurred_at, fact.recorded_at, fact.captured_at)

    def _time(self, occurred: int | None, recorded: int | None, captured: int) -> None:
        self.captured = max(self.captured, captured)
        said = max(occurred or 0, recorded or 0)
        if not said:
            self.without_time += 1
            return
        self.oldest = said if self.oldest is None else min(self.oldest, said)
        self.newest = said if self.newest is None else max(self.newest, said)
        if occurred and recorded and len(self.delays) < MOST_DELAYS:
            self.delays.append(recorded - occurred)

    def _kind(self, name: str) -> KindTally:
        found = self.kinds.get(name)
        if found is None:
            found = self.kinds[name] = KindTally()
        return found

    def delay(self, share: float) -> int | None:
        """From what happened to its recording, in milliseconds: nearest rank; None where no document says both."""
        ordered = sorted(self.delays)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
