"""The city's own books: counts of what it decided, kept before any adapter runs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from infra.city.documents import Documents
from infra.city.message import ACCEPTED, AMENDED, DUPLICATE, REJECTED, Message

_TIERS: Final = ("verified", "conflict", "unmatched")
_OF_RECORD: Final = "insurance_xml"


@dataclass(slots=True)
class _Ledger:
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys((ACCEPTED, AMENDED, DUPLICATE, REJECTED), 0))
    tiers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_TIERS, 0))
    told: dict[str, dict[str, bool]] = field(default_factory=dict)
    visits: int = 0

    def enter(self, message: Message) -> None:
        for part in message.expected:
            self.outcomes[part.outcome] += 1
            if part.tier is not None:
                self.tiers[part.tier] += 1
        if message.stands is not None:
            told = self.told.setdefault(message.visit, {})
            self.visits -= _counts(told)
            told[message.dialect] = message.stands
            self.visits += _counts(told)

    def page(self) -> dict[str, Any]:
        stored = self.outcomes[ACCEPTED] + self.outcomes[AMENDED]
        return {
            "published": sum(self.outcomes.values()),
            **self.outcomes,
            "stored": stored,
            "missing": 0,
            "visits": self.visits,
            "identity": dict(self.tiers),
        }


def _counts(told: dict[str, bool]) -> bool:
    """A visit counts while a source says that it stands; the source of record decides once it has spoken."""
    return told.get(_OF_RECORD, any(told.values()))


class Books:
    """Enter each message once, before it is sent. Counts are parts; visits are those that count in the end.

    `documents` is kept too where one is put there.
    """

    def __init__(self, facilities: Iterable[str] = ()) -> None:
        self._ledgers = {code: _Ledger() for code in facilities}
        self.documents: Documents | None = None

    def decide(self, message: Message) -> None:
        ledger = self._ledgers.get(message.facility)
        if ledger is None:
            ledger = self._ledgers[message.facility] = _Ledger()
        ledger.enter(message)
        if self.documents is not None:
            self.documents.enter(message)

    def facilities(self) -> dict[str, dict[str, Any]]:
        return {code: ledger.page() for code, ledger in self._ledgers.items()}

    def totals(self) -> dict[str, Any]:
        sums: dict[str, Any] = _Ledger().page()
        for ledger in self._ledgers.values():
            for name, value in ledger.page().items():
                if name == "identity":
                    for tier, count in value.items():
                        sums[name][tier] += count
                else:
                    sums[name] += value
        return sums
