"""What each table of a HOSO says by itself: rows -> drafts of documents, before they are folded into one visit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from producers.insurance_xml import person
from producers.insurance_xml.columns import CODE_LENGTH, MARK_UNREADABLE, Columns, Gathered
from producers.insurance_xml.part import Row
from producers.insurance_xml.person import Person
from producers.insurance_xml.slots import BIRTH, CHECK_IN, DISCHARGE, HIV, KIND_OF, SUMMARY, TUBERCULOSIS
from producers.insurance_xml.values import datetime12, multi
from schemas.fields import Field
from schemas.kinds import KINDS


@dataclass(slots=True)
class Draft:
    """A document but for what the rest of the HOSO adds. `occurred_at` is None where the table gives no time."""

    slot: str
    body: dict[str, Any] = field(repr=False)
    gathered: Gathered = field(repr=False)
    occurred_at: int | None = None
    person: Person = field(default_factory=Person, repr=False)


def _lines_of(kind: str, name: str) -> tuple[Field, ...]:
    return next(one.lines for one in KINDS[kind] if one.name == name)


_KEYS: Final = ("MA_LK", "STT")
_DIAGNOSES: Final = ("MA_BENH_KT", "MA_BENH_YHCT")
_SUMMARY: Final = Columns(SUMMARY, KINDS["encounter"], (*person.FIELDS, *_DIAGNOSES))
_CHECK_IN: Final = Columns(CHECK_IN, KINDS["encounter"], person.FIELDS, like=SUMMARY)
_PAPERS: Final = {
    table: Columns(table, KINDS[KIND_OF[table]], (*_KEYS, *_DIAGNOSES))
    for table in (HIV, "XML10", "XML11", "XML13", "XML14")
}
_PAPER: Final = {"XML10": "pregnancy", "XML11": "sick"}
"""Of a `leave`: which paper it is."""
_DISCHARGE: Final = tuple(Columns(table, KINDS["discharge"], _KEYS) for table in (DISCHARGE, "XML8"))
_LISTS: Final = {
    table: (name, Columns(table, _lines_of(kind, name), _KEYS))
    for table, kind, name in (
        ("XML2", "prescription", "lines"),
        ("XML3", "service", "lines"),
        ("XML4", "observation", "results"),
        ("XML5", "encounter", "notes"),
        (BIRTH, "birth", "children"),
        (TUBERCULOSIS, "tuberculosis", "courses"),
    )
}
COLUMNS: Final = (_SUMMARY, _CHECK_IN, *_PAPERS.values(), *_DISCHARGE, *(columns for _, columns in _LISTS.values()))
LISTS: Final = frozenset(_LISTS) - {"XML5", BIRTH, TUBERCULOSIS}
PAPERS: Final = frozenset(_PAPERS)


def summary(row: Row, notes: Iterable[Row], facility: str) -> Draft:
    """XML1 with the rows of XML5: the encounter."""
    gathered = Gathered()
    who = person.read(row, gathered)
    body = _SUMMARY.fill(row, gathered, repeated=_here(row, facility)) | person.insurance(row)
    body["visit_state"] = "finished"
    body["diagnoses"] = _diagnoses(row, gathered)
    body |= _lines("XML5", notes, gathered)
    return Draft(SUMMARY, body, gathered, body.get("admitted_at"), who)


def check_in(row: Row, facility: str) -> Draft:
    """XML0: somebody has arrived, and the first thing was ordered."""
    gathered = Gathered()
    who = person.read(row, gathered)
    body = _CHECK_IN.fill(row, gathered, repeated=_here(row, facility)) | person.insurance(row)
    body["visit_state"] = "arrived"
    return Draft(CHECK_IN, body, gathered, body.get("admitted_at"), who)


def listing(table: str, rows: Iterable[Row]) -> Draft:
    """XML2, XML3 or XML4: one document, a line per row. It occurred when its first line did."""
    gathered = Gathered()
    body = _lines(table, rows, gathered)
    (lines,) = body.values()
    name = "resulted_at" if table == "XML4" else "ordered_at"
    return Draft(table, body, gathered, min((line[name] for line in lines if name in line), default=None))


def paper(table: str, row: Row, summary_row: Row | None, facility: str) -> Draft:
    """XML6, XML10, XML11, XML13 or XML14. What they repeat of XML1 is read once, there; without an XML1 they tell of the patient."""
    gathered = Gathered()
    who = Person() if summary_row is not None else person.read(row, gathered)
    body = _PAPERS[table].fill(row, gathered, repeated=_repeated(row, summary_row, facility))
    if table in _PAPER:
        body["paper"] = _PAPER[table]
    elif table != HIV:
        body["diagnoses"] = _diagnoses(row, gathered)
    return Draft(table, body, gathered, body.get("discharged_at") or _day(body.get("issued_on")), who)


def births(rows: Sequence[Row]) -> Draft:
    """XML9: one document, a line per child. It names whoever cares for the child, who need not be the patient."""
    gathered = Gathered()
    return Draft(BIRTH, _lines(BIRTH, rows, gathered), gathered, _day(rows[0].get("NGAY_CT")))


def tuberculosis(rows: Sequence[Row], summary_row: Row | None, facility: str) -> Draft:
    """XML15: one document, a line per course. It occurred when the first course began."""
    gathered = Gathered()
    who = Person() if summary_row is not None else person.read(rows[0], gathered)
    repeated = _repeated(rows[0], summary_row, facility)
    body = _lines(TUBERCULOSIS, rows, gathered, repeated)
    began = [day for row in rows if (day := _day(row.get("NGAYBD_DTRI_LAO"))) is not None]
    return Draft(TUBERCULOSIS, body, gathered, min(began, default=None), who)


def discharge(rows: Sequence[Row | None]) -> Draft:
    """XML7 and XML8, either or both: what the paper says stands, what the summary says otherwise is kept beside it."""
    gathered = Gathered()
    made: dict[str, Any] = {}
    for columns, row in zip(_DISCHARGE, rows, strict=True):
        if row is None:
            continue
        other = Gathered()
        for name, value in columns.fill(row, other).items():
            if made.setdefault(name, value) != value:
                gathered.narrative[f"extra.{columns.table}.{name}"] = str(value)
        for path, text in other.narrative.items():
            if gathered.narrative.setdefault(path, text) != text:
                gathered.narrative[f"extra.{columns.table}.{path}"] = text
        gathered.marks |= other.marks
        gathered.unmapped += other.unmapped
    return Draft(DISCHARGE, made, gathered, made.get("discharged_at") or _day(made.get("issued_on")))


def _repeated(row: Row, summary_row: Row | None, facility: str) -> Mapping[str, str]:
    if summary_row is not None:
        return {**summary_row, **_here(row, facility)}
    return {name: row[name] for name in person.FIELDS & row.keys()} | _here(row, facility)


def _here(row: Row, facility: str) -> dict[str, str]:
    """MA_CSKCB is the facility of the feed, and then says nothing new; a feed may be without one (a check by hand)."""
    return {"MA_CSKCB": facility or row.get("MA_CSKCB", "")}


def _day(text: str | None) -> int | None:
    found = datetime12(text) if text else None
    return found[0] if found else None


def _lines(table: str, rows: Iterable[Row], gathered: Gathered, repeated: Row | None = None) -> dict[str, Any]:
    name, columns = _LISTS[table]
    made = []
    for at, row in enumerate(rows, 1):
        line = columns.fill(row, gathered, f"{name}[{at}].", repeated)
        line["line"] = _number(row, at, gathered)
        made.append(line)
    return {name: made}


def _number(row: Row, at: int, gathered: Gathered) -> int:
    """STT; the row's own place where it is no number."""
    text = row.get("STT", "")
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    if text:
        gathered.marks.add(MARK_UNREADABLE)
    return at


def _diagnoses(row: Row, gathered: Gathered) -> list[dict[str, str]]:
    """The main, the other and the traditional codes, in this order. CHAN_DOAN_RV is of all of them together."""
    made = []
    main = row.get("MA_BENH_CHINH")
    if main and len(main) <= CODE_LENGTH:
        made.append({"code": main, "system": "ICD-10", "role": "main"})
    for name, system, role in (("MA_BENH_KT", "ICD-10", "other"), ("MA_BENH_YHCT", "YHCT", "traditional")):
        for code in multi(row.get(name, "")):
            if len(code) <= CODE_LENGTH:
                made.append({"code": code, "system": system, "role": role})
            else:
                gathered.marks.add(MARK_UNREADABLE)
                gathered.narrative[f"extra.{name}"] = row[name]
    return made
