"""The city's books, document by document: what must stand in the store in the end, and what was said on the way.

Kept beside the counts of `Books` by whoever wants to compare views and not only totals: it grows with the city.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from infra.city.message import ACCEPTED, AMENDED, REJECTED, Message, Said


@dataclass(frozen=True, slots=True)
class Standing:
    """A document in its last version. `tier` is what identification says of that version."""

    facility: str
    kind: str
    tier: str
    said: Said = field(repr=False)

    @property
    def citizen(self) -> str:
        """The citizen's number where identification is sure of it, else empty."""
        return self.said.identity.number if self.tier == "verified" else ""

    @property
    def patient(self) -> tuple[str, str]:
        return self.facility, self.said.identity.patient_number

    @property
    def visit(self) -> str:
        return self.said.visit.number


class Documents:
    """Enter each message once, in the order in which they are decided."""

    def __init__(self) -> None:
        self._last: Final[dict[tuple[str, str, str, str], Standing]] = {}
        self.versions: Final[Counter[tuple[str, str, str]]] = Counter()
        """(facility, system, kind) -> versions stored."""
        self.rejected: Final[Counter[str]] = Counter()
        """Facility -> parts rejected."""

    def enter(self, message: Message) -> None:
        for part in message.expected:
            if part.outcome == REJECTED:
                self.rejected[message.facility] += 1
            if part.outcome not in (ACCEPTED, AMENDED) or part.said is None or part.kind is None:
                continue
            said = part.said
            self.versions[message.facility, said.system, part.kind] += 1
            standing = Standing(message.facility, part.kind, part.tier or "", said)
            self._last[message.facility, said.system, part.kind, said.document] = standing

    def in_force(self, kind: str = "") -> Iterator[Standing]:
        """The documents whose last version is active, of one kind or of all."""
        return (one for one in self._last.values() if one.said.active and kind in ("", one.kind))

    def where(self, keep: Callable[[Standing], bool]) -> "Documents":
        """Only some of the documents; the counts of what was said stay out."""
        made = Documents()
        made._last.update((key, one) for key, one in self._last.items() if keep(one))
        return made

    def visits(self, of_record: str = "HIS-XML") -> Iterator[Standing]:
        """The encounter that speaks for each visit that counts: the source of record once it has spoken, else any."""
        best: dict[tuple[str, str], Standing] = {}
        for one in self._last.values():
            key = one.facility, one.visit
            if one.kind == "encounter" and (key not in best or one.said.system == of_record):
                best[key] = one
        return (one for one in best.values() if one.said.active)
