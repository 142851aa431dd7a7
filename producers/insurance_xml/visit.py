"""One HOSO gathered: the visit it tells of, a draft for each of its documents, and what had to be refused. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from producers.adapter import Refusal, Rows
from producers.insurance_xml import documents
from producers.insurance_xml.bounds import Problem
from producers.insurance_xml.columns import Gathered, keep_whole
from producers.insurance_xml.documents import KIND_OF, LISTS, PAPERS, Draft
from producers.insurance_xml.envelope import Dossier
from producers.insurance_xml.part import Part, Row
from producers.insurance_xml.person import Person

_RESTRICTED: Final = re.compile(r"(?:B2[0-4]|Z21)(?!\d)", re.IGNORECASE)
"""HIV (ICD-10 B20-B24) and its carrier state (Z21)."""
_HIV_FIELDS: Final = ("NGAYKD_HIV", "BDDT_ARV", "MA_PHAC_DO_DIEU_TRI")
"""Fields of XML6 and XML15 that only a person with HIV has filled."""


@dataclass(slots=True)
class Visit:
    """What one HOSO says. `drafts` is by kind; `summary` tells whether it has an XML1 that could be read.

    `refused` are the kinds that a refused part may have held; None among them is a part of an unknown table.
    """

    number: str = field(repr=False)
    summary: bool = False
    person: Person = field(default_factory=Person, repr=False)
    arrived: int | None = None
    ended: int | None = None
    restricted: bool = False
    drafts: dict[str, Draft] = field(default_factory=dict, repr=False)
    refusals: list[Refusal] = field(default_factory=list)
    partial: set[str] = field(default_factory=set)
    rows: Rows = field(default_factory=Rows)

    @property
    def refused(self) -> set[str | None]:
        return {refusal.kind for refusal in self.refusals}


def gather(dossier: Dossier, facility: str) -> Visit | Refusal:
    """The visit of a HOSO; a Refusal where nothing in it says which visit it is.

    A HOSO of which no part can be read is a Visit without number and documents: its refusals say more.
    """
    refusals = [_refusal(problem) for problem in dossier.problems]
    place = f"HOSO[{dossier.index}]"
    parts = sorted(dossier.parts, key=lambda part: part.table != "XML1")
    number = next((text for part in parts for row in part.rows if (text := row.get("MA_LK"))), "")
    if not number and (parts or not refusals):
        return Refusal("xml_no_visit", place)
    return _Gathering(number, place, facility, refusals).run(dossier.parts)


def _refusal(problem: Problem) -> Refusal:
    table = problem.place.rpartition("/")[2]
    return Refusal(problem.reason, problem.place, problem.detail, KIND_OF.get(table))


class _Gathering:
    """The way from parts to a visit; one HOSO each."""

    def __init__(self, number: str, place: str, facility: str, refusals: list[Refusal]) -> None:
        self._place, self._facility = place, facility
        self._visit = Visit(number, refusals=refusals)
        self._tables: dict[str, tuple[Row, ...]] = {}
        self._kept = Gathered()
        """Rows without a document of their own: sealed with the encounter."""
        self._kept_tables: set[str] = set()
        self._broken = {refusal.place.rpartition("/")[2] for refusal in refusals}
        self._read = self._used = 0

    def run(self, parts: Sequence[Part]) -> Visit:
        visit = self._visit
        for part in parts:
            self._sort(part)
        rows = self._tables.get("XML1", ())
        if rows:
            self._summary(rows)
        for table, rows_of in self._tables.items():
            if table in LISTS:
                self._add(documents.listing(table, rows_of), len(rows_of))
            elif table in PAPERS:
                self._add(documents.paper(table, rows_of[-1], rows[-1] if rows else None, self._facility), 1)
                self._keep(table, rows_of[:-1])
        self._homeless()
        if "XML5" in self._broken:
            visit.partial.add("encounter")
        visit.rows = Rows(self._read, self._used, self._unmapped())
        visit.restricted |= any(_RESTRICTED.match(code) for draft in visit.drafts.values() for code in _codes(draft))
        return visit

    def _sort(self, part: Part) -> None:
        """Into tables. Of a table sent twice the last stands, as everywhere inside one message; the others are sealed."""
        table = part.table
        self._read += len(part.rows)
        if not part.rows:
            self._refuse("part_empty", table)
        elif any((text := row.get("MA_LK")) and text != self._visit.number for row in part.rows):
            self._refuse("xml_visit_differs", table)
        elif table not in KIND_OF:
            self._keep(table, part.rows)
        else:
            self._keep(table, self._tables.pop(table, ()))
            self._tables[table] = part.rows

    def _refuse(self, reason: str, table: str) -> None:
        self._broken.add(table)
        self._visit.refusals.append(Refusal(reason, f"{self._place}/{table}", kind=KIND_OF.get(table)))

    def _keep(self, table: str, rows: Sequence[Row]) -> None:
        if rows:
            self._kept_tables.add(table)
            keep_whole(table, rows, self._kept)
        self._visit.restricted |= any(row.get(name) for row in rows for name in _HIV_FIELDS)

    def _add(self, draft: Draft, used: int) -> None:
        self._visit.drafts[draft.kind] = draft
        self._visit.person = self._visit.person.filled_from(draft.person)
        self._used += used

    def _summary(self, rows: Sequence[Row]) -> None:
        visit, notes = self._visit, self._tables.get("XML5", ())
        draft = documents.summary(rows[-1], notes, self._facility)
        self._keep("XML1", rows[:-1])
        visit.summary = True
        visit.arrived, visit.ended = draft.body.get("admitted_at"), draft.body.get("discharged_at")
        self._add(draft, 1 + len(notes))

    def _homeless(self) -> None:
        """What belongs to an encounter needs one; where the XML1 itself was refused, its refusal stands for them."""
        encounter = self._visit.drafts.get("encounter")
        if encounter is not None:
            encounter.gathered.narrative.update(self._kept.narrative)
        elif "XML1" not in self._broken:
            for table in sorted(self._kept_tables | self._tables.keys() & {"XML5"}):
                self._refuse("xml_no_summary", table)

    def _unmapped(self) -> dict[str, int]:
        total = Counter(self._kept.unmapped)
        for draft in self._visit.drafts.values():
            total.update(draft.gathered.unmapped)
        return dict(total)


def _codes(draft: Draft) -> list[str]:
    """Every diagnosis code in clear: of the document and of its lines."""
    found = [diagnosis["code"] for diagnosis in draft.body.get("diagnoses", ())]
    for line in draft.body.get("lines", ()):
        found += line.get("diagnoses", ())
    return found
