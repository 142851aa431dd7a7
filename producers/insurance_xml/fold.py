"""One HOSO folded into what was said before of its visit: the outcomes in the order of their tables, and the new state.

A HOSO with an XML1 tells the whole visit: a document told before and left out now is cancelled. Without one (a
supplement, or an XML1 that cannot be read) nothing is cancelled. A refused part was told, so it is not left out either;
and where the table of a refused part is unknown, nothing is. A cancelled document is forgotten: told again it is told
as if for the first time.

The state holds what a cancellation and a supplement need: {"told": kind -> occurred_at, "identity", "clear",
"arrived", "restricted"}.
"""

from typing import Any, Final

from producers.adapter import Document, Outcome, State, Translation
from producers.insurance_xml.documents import Draft
from producers.insurance_xml.person import Person
from producers.insurance_xml.visit import Visit

ORDER: Final = ("encounter", "prescription", "service", "observation", "referral", "appointment")
"""The parts of a message by kind, as their tables are numbered. What is of no known kind comes last."""


def fold(state: State | None, visit: Visit) -> Translation:
    """Pure; `state` is left as it is."""
    known = state or {}
    told: dict[str, int | None] = dict(known.get("told", {}))
    before = Person(known.get("identity", {}), known.get("clear", {}))
    teller = _Teller(visit, before, known)
    outcomes: list[Outcome] = []
    for kind in ORDER:
        draft = visit.drafts.get(kind)
        if draft is not None:
            document = teller.document(draft)
            told[kind] = document.occurred_at
            outcomes.append(document)
        elif kind in told and visit.summary and not visit.refused & {kind, None}:
            outcomes.append(teller.cancellation(kind, told.pop(kind)))
        outcomes += [refusal for refusal in visit.refusals if refusal.kind == kind]
    outcomes += [refusal for refusal in visit.refusals if refusal.kind not in ORDER]
    return Translation(tuple(outcomes), teller.state(told) if visit.drafts else None, visit.rows)


class _Teller:
    """Makes documents of one visit, with what is known of its patient."""

    def __init__(self, visit: Visit, before: Person, known: State) -> None:
        self._visit = visit
        # With an XML1 the patient is who it says; what it leaves empty is empty, not as before.
        self._person = visit.person if visit.summary else visit.person.filled_from(before)
        self._unknown = not (visit.summary or before.identity)
        self._arrived = visit.arrived if visit.summary else known.get("arrived")
        self._restricted = visit.restricted or bool(not visit.summary and known.get("restricted"))
        self._identity = self._person.identity | {"visit_number": visit.number}

    def document(self, draft: Draft) -> Document:
        """A HOSO without XML1 on a visit of which nothing is known is `partial`: it may be of anybody."""
        gathered, visit = draft.gathered, self._visit
        return self._made(
            draft.kind,
            partial=self._unknown or draft.kind in visit.partial,
            occurred_at=draft.occurred_at if draft.occurred_at is not None else self._fallback(draft.kind),
            body=self._person.clear | draft.body,
            narrative=gathered.narrative,
            marks=tuple(sorted(gathered.marks)),
        )

    def cancellation(self, kind: str, occurred_at: int | None) -> Document:
        return self._made(kind, status="cancelled", occurred_at=occurred_at, body=dict(self._person.clear))

    def state(self, told: dict[str, int | None]) -> State:
        return {
            "told": told,
            "identity": self._person.identity,
            "clear": self._person.clear,
            "arrived": self._arrived,
            "restricted": self._restricted,
        }

    def _fallback(self, kind: str) -> int | None:
        """Papers are written when the visit ends, lines without a time of their own belong to its beginning."""
        return self._visit.ended if kind in ("referral", "appointment") else self._arrived

    def _made(self, kind: str, **given: Any) -> Document:
        number = self._visit.number
        return Document(
            kind,
            (number,),
            visit_number=number,
            patient_number=self._person.identity.get("patient_number"),
            sensitivity="restricted" if self._restricted else "normal",
            identity=self._identity,
            **given,
        )
