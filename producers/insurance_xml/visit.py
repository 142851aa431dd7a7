"""One HOSO gathered: the visit it tells of, a draft for each of its documents, and what had to be refused. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from producers.adapter import Refusal, Rows
from producers.insurance_xml import documents
from producers.insurance_xml.bounds import Problem
from producers.insurance_xml.columns import keep_whole
from producers.insurance_xml.documents import LISTS, PAPERS, Draft
from producers.insurance_xml.envelope import Dossier
from producers.insurance_xml.names_4210 import renamed
from producers.insurance_xml.part import Part, Row
from producers.insurance_xml.person import Person
from producers.insurance_xml.slots import BIRTH, CHECK_IN, DISCHARGE, HIV, SLOT_OF, SUMMARY, TUBERCULOSIS, kind_of

_RESTRICTED: Final = re.compile(r"B2[0-4]|Z21", re.IGNORECASE)
"""HIV (ICD-10 B20-B24) and its carrier state (Z21); some write B20.9 as B209."""
_HIV_FIELDS: Final = ("NGAYKD_HIV", "BDDT_ARV")
"""Fields of XML15 that only a person with HIV has filled."""


@dataclass(slots=True)
class Visit:
    """What one HOSO says. `drafts` is by slot; `summary` tells whether it has an XML1 that could be read.

    `arrived` and `ended` are of XML1 (UTC epoch milliseconds). `marks` are set on each of its documents.
    """

    number: str = field(repr=False)
    summary: bool = False
    person: Person = field(default_factory=Person, repr=False)
    arrived: int | None = None
    ended: int | None = None
    restricted: bool = False
    drafts: dict[str, Draft] = field(default_factory=dict, repr=False)
    refusals: list[Refusal] = field(default_factory=list)
    marks: tuple[str, ...] = ()
    rows: Rows = field(default_factory=Rows)

    def refused(self) -> set[str | None]:
        """The slots that a refused part belongs to; None is a part of an unknown table."""
        return {slot_of(refusal) for refusal in self.refusals}


def table_of(refusal: Refusal) -> str:
    """The last of its place: `HOSO[1]/XML2`."""
    return refusal.place.rpartition("/")[2]


def slot_of(refusal: Refusal) -> str | None:
    return SLOT_OF.get(table_of(refusal))


def gather(dossier: Dossier, facility: str) -> Visit | Refusal:
    """The visit of a HOSO; a Refusal where nothing in it says which visit it is.

    A HOSO of which no part can be read is a Visit without number and documents: its refusals say more.
    """
    refusals = [_refusal(problem) for problem in dossier.problems]
    place = f"HOSO[{dossier.index}]"
    parts = sorted(dossier.parts, key=lambda part: part.table != SUMMARY)
    number = next((text for part in parts for row in part.rows if (text := row.get("MA_LK"))), "")
    if not number and (parts or not refusals):
        return Refusal("xml_no_visit", place)
    return _Gathering(Visit(number, refusals=refusals), place, facility).run(dossier.parts)


def _refusal(problem: Problem) -> Refusal:
    return Refusal(problem.reason, problem.place, problem.detail, kind_of(problem.place.rpartition("/")[2]))


class _Gathering:
    """The way from parts to a visit; one HOSO each."""

    def __init__(self, visit: Visit, place: str, facility: str) -> None:
        self._visit, self._place, self._facility = visit, place, facility
        self._tables: dict[str, tuple[Row, ...]] = {}
        self._earlier: dict[str, tuple[Row, ...]] = {}
        """Rows that a later one of their table replaces, and tables without a kind: sealed, whole."""
        self._read = self._used = 0

    def run(self, parts: Sequence[Part]) -> Visit:
        for part in parts:
            self._sort(part)
        summary = self._single(SUMMARY)
        if summary is not None:
            self._summary(summary)
        if (row := self._single(CHECK_IN)) is not None:
            self._add(documents.check_in(row, self._facility), CHECK_IN)
        for table in sorted(LISTS & self._tables.keys()):
            self._add(documents.listing(table, self._tables[table]), table, used=len(self._tables[table]))
        for table in sorted(PAPERS & self._tables.keys()):
            if (row := self._single(table)) is not None:
                self._add(documents.paper(table, row, summary, self._facility), table)
        if rows := self._tables.get(BIRTH):
            self._add(documents.births(rows), BIRTH, used=len(rows))
        if rows := self._tables.get(TUBERCULOSIS):
            self._add(documents.tuberculosis(rows, summary, self._facility), TUBERCULOSIS, used=len(rows))
        papers = [self._single(DISCHARGE), self._single("XML8")]
        if any(papers):
            self._add(documents.discharge(papers), DISCHARGE, "XML8", used=len(papers) - papers.count(None))
        self._seal_with_encounter()
        return self._finished()

    def _sort(self, part: Part) -> None:
        """Into tables. Of a table sent twice the last stands, as everywhere inside one message."""
        table, rows = part.table, renamed(part.table, part.rows)
        self._read += len(rows)
        if table == TUBERCULOSIS:
            self._visit.restricted |= any(row.get(name) for row in rows for name in _HIV_FIELDS)
        if not rows:
            self._refuse("part_empty", table)
        elif any((text := row.get("MA_LK")) and text != self._visit.number for row in rows):
            self._refuse("xml_visit_differs", table)
        elif table not in SLOT_OF:
            self._earlier[table] = (*self._earlier.get(table, ()), *rows)
        else:
            if table in self._tables:
                self._earlier[table] = (*self._earlier.get(table, ()), *self._tables[table])
            self._tables[table] = rows

    def _single(self, table: str) -> Row | None:
        """The row of a table that has one; of several the last."""
        rows = self._tables.get(table)
        if not rows:
            return None
        if len(rows) > 1:
            self._earlier[table] = (*self._earlier.get(table, ()), *rows[:-1])
            self._tables[table] = rows[-1:]
        return rows[-1]

    def _refuse(self, reason: str, table: str) -> None:
        self._visit.refusals.append(Refusal(reason, f"{self._place}/{table}", kind=kind_of(table)))

    def _add(self, draft: Draft, *tables: str, used: int = 1) -> None:
        """`tables` are those of the draft; their replaced rows are sealed with it."""
        self._visit.drafts[draft.slot] = draft
        self._visit.person = self._visit.person.filled_from(draft.person)
        self._used += used
        for table in tables:
            keep_whole(table, self._earlier.pop(table, ()), draft.gathered)

    def _summary(self, row: Row) -> None:
        visit, notes = self._visit, self._tables.get("XML5", ())
        draft = documents.summary(row, notes, self._facility)
        visit.summary = True
        visit.arrived, visit.ended = draft.body.get("admitted_at"), draft.body.get("discharged_at")
        self._add(draft, SUMMARY, "XML5", used=1 + len(notes))

    def _seal_with_encounter(self) -> None:
        """Clinical notes and tables without a kind need an encounter; one that was refused stands for them too."""
        encounter = self._visit.drafts.get(SUMMARY)
        for table, rows in self._earlier.items():
            if encounter is not None:
                keep_whole(table, rows, encounter.gathered)
        if encounter is None and not any(table_of(refusal) == SUMMARY for refusal in self._visit.refusals):
            for table in sorted(self._earlier.keys() | self._tables.keys() & {"XML5"}):
                self._refuse("xml_no_summary", table)

    def _finished(self) -> Visit:
        visit = self._visit
        unmapped: Counter[str] = Counter()
        for draft in visit.drafts.values():
            unmapped.update(draft.gathered.unmapped)
        visit.rows = Rows(self._read, self._used, dict(unmapped))
        visit.restricted |= HIV in visit.drafts or HIV in visit.refused()
        visit.restricted |= any(_RESTRICTED.match(code) for draft in visit.drafts.values() for code in _codes(draft))
        return visit


def _codes(draft: Draft) -> list[str]:
    """Every diagnosis code in clear: of the document and of its lines."""
    found = [diagnosis["code"] for diagnosis in draft.body.get("diagnoses", ())]
    for line in draft.body.get("lines", ()):
        found += line.get("diagnoses", ())
    return found
