"""One HOSO folded into what was said before of its visit: the outcomes in the order of their tables, and the new state.

A HOSO with an XML1 tells the whole visit: a document told before and left out now is cancelled. Without one (a
supplement, or an XML1 that cannot be read) nothing is cancelled. A refused part was told, so it is not left out either;
and where the table of a refused part is unknown, nothing is. A cancelled document is forgotten: told again it is told
as if for the first time.

A check-in (XML0) comes before the dossier and is no part of it: a document of its own, that the dossier neither
replaces nor cancels. The state holds what a cancellation and a supplement need: {"told": slot -> occurred_at,
"identity", "clear", "arrived", "restricted"}.
"""

from typing import Any

from producers.adapter import Document, Outcome, State, Translation
from producers.insurance_xml.documents import Draft
from producers.insurance_xml.person import Person
from producers.insurance_xml.slots import HIV, KIND_OF, NAMED, PAPERS, WITHDRAWN
from producers.insurance_xml.visit import Visit, slot_of


def fold(state: State | None, visit: Visit) -> Translation:
    """Pure; `state` is left as it is."""
    known = state or {}
    told: dict[str, int | None] = dict(known.get("told", {}))
    teller = _Teller(visit, known)
    refused = visit.refused()
    outcomes: list[Outcome] = []
    for slot in KIND_OF:
        draft = visit.drafts.get(slot)
        if draft is not None:
            document = teller.document(draft)
            told[slot] = document.occurred_at
            outcomes.append(document)
        elif slot in told and slot in WITHDRAWN and visit.summary and not refused & {slot, None}:
            outcomes.append(teller.cancellation(slot, told.pop(slot)))
        outcomes += [refusal for refusal in visit.refusals if slot_of(refusal) == slot]
    outcomes += [refusal for refusal in visit.refusals if slot_of(refusal) is None]
    return Translation(tuple(outcomes), teller.state(told) if visit.drafts else None, visit.rows)


class _Teller:
    """Makes documents of one visit, with what is known of its patient."""

    def __init__(self, visit: Visit, known: State) -> None:
        self._visit = visit
        before = Person(known.get("identity", {}), known.get("clear", {}))
        # With an XML1 the patient is who it says; what it leaves empty is empty, not as before.
        self._person = visit.person if visit.summary else visit.person.filled_from(before)
        self._anybody = not visit.summary and "patient_number" not in self._person.identity
        self._arrived = visit.arrived if visit.summary else known.get("arrived")
        self._restricted = visit.restricted or bool(not visit.summary and known.get("restricted"))
        self._identity = self._person.identity | {"visit_number": visit.number}

    def document(self, draft: Draft) -> Document:
        """`partial` where a table of it was refused, or where nothing says which patient of the facility it is of."""
        gathered = draft.gathered
        return self._made(
            draft.slot,
            partial=self._anybody or draft.slot in self._visit.refused(),
            occurred_at=draft.occurred_at if draft.occurred_at is not None else self._fallback(draft.slot),
            body=self._person.clear | draft.body,
            narrative=gathered.narrative,
            marks=tuple(sorted({*gathered.marks, *self._visit.marks})),
        )

    def cancellation(self, slot: str, occurred_at: int | None) -> Document:
        return self._made(slot, status="cancelled", occurred_at=occurred_at, body=dict(self._person.clear))

    def state(self, told: dict[str, int | None]) -> State:
        return {
            "told": told,
            "identity": self._person.identity,
            "clear": self._person.clear,
            "arrived": self._arrived,
            "restricted": self._restricted,
        }

    def _fallback(self, slot: str) -> int | None:
        """Papers are written when the visit ends, lines without a time of their own belong to its beginning."""
        return self._visit.ended if slot in PAPERS else self._arrived

    def _made(self, slot: str, **given: Any) -> Document:
        number = self._visit.number
        return Document(
            KIND_OF[slot],
            (number, slot) if slot in NAMED else (number,),
            visit_number=number,
            patient_number=self._person.identity.get("patient_number"),
            sensitivity="restricted" if self._restricted or slot == HIV else "normal",
            identity=self._identity,
            **given,
        )
