"""ORU and OUL: an observation document per order (OBR), whole as the laboratory now says it. Pure; nothing is folded.

The document's own number is the filler's (OBR-3), else the placer's, with OBR-4: laboratories give one accession number
to several panels, and one panel must not take the place of another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from producers.adapter import MAX_PARTS, Document, Feed, Outcome, Refusal, Rows, Status
from producers.hl7v2 import coded, diagnoses, folding, numbers, person, results
from producers.hl7v2.clear import code, left, line, millis, to_the_second
from producers.hl7v2.folding import HEADERS
from producers.hl7v2.message import Message, Segment

KIND: Final = "observation"
_BY_SPECIMEN: Final = frozenset(("R22", "R23"))
_ORC_AFTER: Final = frozenset(("R22", "R23", "R24"))
"""OUL of these events: the specimen (SPM, SAC) stands before its orders; ORC follows OBR."""
_UNDERSTOOD: Final = HEADERS | {"PID", "PV1", "ORC", "OBR", "OBX", "NTE"}
_USED_OBR: Final = frozenset((1, 2, 3, 4, 7, 22, 25))
_USED_ORC: Final = frozenset((1, 2, 3, 9))
"""ORC-1 and ORC-9 say what this message does and when."""
_USED_PV1: Final = frozenset((1, 19))
_MOST_REPEATED: Final = 32 << 20
"""Characters of patient and specimen, over all orders: a message must not grow to many times its size."""
_WITHDRAWN: Final = {"CA": "cancelled", "OC": "cancelled", "CR": "cancelled"}
"""ORC-1 (table 0119): cancel, cancelled, cancelled as requested."""


@dataclass
class _Patient:
    """PID, its PV1, and what else stands before the first order. What follows from them is found once."""

    facility: str
    pid: Segment | None = None
    pv1: Segment | None = None
    others: list[Segment] = field(default_factory=list)

    @cached_property
    def size(self) -> int:
        """In characters. Asked for when all is read."""
        segments = (self.pid, self.pv1, *self.others)
        return sum(len(segment.line) for segment in segments if segment is not None)

    @cached_property
    def number(self) -> str | None:
        return person.patient_number(self.pid, self.facility)

    @cached_property
    def identity(self) -> dict[str, str | None]:
        return {k: v or None for k, v in person.said(self.pid, self.facility).items()} if self.pid else {}

    @cached_property
    def extras(self) -> dict[str, str]:
        parts = [] if self.pid is None else [person.extras(self.pid)]
        if self.pv1 is not None:
            parts.append(left(self.pv1, _USED_PV1))
        return {f"extra.{name}": text for part in parts for name, text in part if text}


@dataclass(slots=True)
class Order:
    """One OBR with what belongs to it, in order. `specimen` is what stands before the orders of a specimen."""

    patient: _Patient
    orc: Segment | None
    obr: Segment
    specimen: Sequence[Segment] = ()
    following: list[Segment] = field(default_factory=list)

    def shared(self) -> int:
        """Characters that each order of this patient and specimen repeats."""
        return self.patient.size + sum(len(segment.line) for segment in self.specimen)


class _Groups:
    """Reads the segments one by one into orders. A PID begins another patient: nothing of the one before holds."""

    def __init__(self, message: Message, facility: str) -> None:
        self._facility = facility
        oul = message.code == "OUL"
        self._by_specimen = oul and message.trigger in _BY_SPECIMEN
        self._orc_after = oul and message.trigger in _ORC_AFTER
        self._patient, self._orc, self._specimen = _Patient(facility), None, list[Segment]()
        self._current: Order | None = None
        self.orders: list[Order] = []
        for segment in message:
            self._put(segment)

    _orc: Segment | None

    def _put(self, segment: Segment) -> None:
        name, current = segment.name, self._current
        if name == "PID":
            self._patient, self._orc, self._current, self._specimen = _Patient(self._facility, segment), None, None, []
        elif name == "OBR":
            self._current = Order(self._patient, self._orc, segment, self._specimen)
            self.orders.append(self._current)
            self._orc = None
        elif name == "ORC" and current and self._orc_after:
            current.orc = segment
        elif name == "ORC":
            self._orc, self._current = segment, None
        elif self._by_specimen and name in ("SPM", "SAC") and (current or name == "SPM"):
            self._specimen, self._current = [segment], None
        elif current:
            current.following.append(segment)
        elif name == "PV1":
            self._patient.pv1 = segment
        elif self._specimen:
            self._specimen.append(segment)
        elif name not in HEADERS:
            self._patient.others.append(segment)


def orders(message: Message, facility: str = "") -> Sequence[Order]:
    """The groups of ORU_R01 and OUL_R21 to R24. `facility` tells which of several patient numbers is its own."""
    return _Groups(message, facility).orders


def number(order: Order) -> tuple[str, ...]:
    """(entity, namespace if given) of the filler's number, else the placer's; empty without one."""
    for segment, n in ((order.obr, 3), (order.obr, 2), (order.orc, 3), (order.orc, 2)):
        if segment is not None and segment.text(n):
            namespace = segment.text(n, 0, 2) or segment.text(n, 0, 3)
            return (segment.text(n), namespace) if namespace else (segment.text(n),)
    return ()


def translate(message: Message, feed: Feed) -> tuple[Outcome, ...]:
    """An outcome per order, in the order of their first mention; the same order named twice is folded to the last."""
    every = orders(message, feed.facility)
    repeated = sum(order.shared() for order in every)
    if len(every) > MAX_PARTS or repeated > _MOST_REPEATED:
        return (Refusal("too_large", "", f"{len(every)} orders with {repeated} characters repeated in each", KIND),)
    found: dict[tuple[str, ...], Outcome] = {}
    for index, order in enumerate(every):
        key = number(order)
        if not key and numbers.nobodys(feed):
            key = (message.control_id, str(index))
        outcome: Outcome
        if not key:
            key = ("", order.obr.place(3))
            outcome = Refusal("hl7_no_order", order.obr.place(3), kind=KIND)
        elif order.patient.number is None:
            pid = order.patient.pid
            outcome = Refusal("hl7_no_patient", pid.place(3) if pid else order.obr.place(), kind=KIND)
        else:
            key = (*key, order.obr.text(4))
            outcome = _document(order, key, message, feed)
        found[key] = outcome
    return tuple(found.values())


def _document(order: Order, key: tuple[str, ...], message: Message, feed: Feed) -> Document:
    obr, patient = order.obr, order.patient
    visit = numbers.visit(patient.pid, patient.pv1, feed) or None
    identity = {**patient.identity, "visit_number": visit}
    lines, narrative, unreadable = results.read(order.following)
    narrative |= _narrative(order)
    sampled = millis(obr, 7)
    reported = to_the_second(obr, 22)
    recorded = millis(obr, 22)
    return Document(
        kind=KIND,
        natural_key=key,
        visit_number=visit,
        patient_number=identity.get("patient_number"),
        status=_status(order, lines),
        occurred_at=sampled if sampled is not None else _first(lines, "observed_at"),
        recorded_at=recorded if recorded is not None else millis(message.header, 7),
        corrected_at=reported if reported is not None else to_the_second(message.header, 7),
        sensitivity=diagnoses.sensitivity(
            [found for raw in obr.repetitions(31) for found in coded.codes(obr.split(raw))]
        ),
        body={
            **person.clear(identity),
            **coded.of_order(obr.texts(4)),
            "sampled_at": sampled,
            "result_status": code(obr.text(25)),
            "results": lines,
        },
        identity=identity,
        narrative=narrative,
        marks=("M03",) if unreadable else (),
    )


def _first(lines: Sequence[dict[str, Any]], name: str) -> int | None:
    return next((found for line_ in lines if (found := line_[name]) is not None), None)


def _status(order: Order, lines: Sequence[dict[str, Any]]) -> Status:
    """OBR-25 X (table 0123) and ORC-1: no result will come. All OBX-11 (table 0085) wrong (W) or deleted (D): the
    results were another patient's or never were. All X: none could be obtained."""
    said = {line_["status"] for line_ in lines}
    if said and said <= {"W", "D"}:
        return "entered_in_error"
    withdrawn = order.orc is not None and order.orc.text(1) in _WITHDRAWN
    return "cancelled" if withdrawn or order.obr.text(25) == "X" or (said and said <= {"X"}) else "active"


def _narrative(order: Order) -> dict[str, str]:
    """What is not mapped, sealed as it stands, under the place where it stood."""
    found = dict(order.patient.extras)
    found |= {f"extra.{name}": text for name, text in left(order.obr, _USED_OBR) if text}
    if order.orc is not None:
        found |= {f"extra.{name}": text for name, text in left(order.orc, _USED_ORC) if text}
    if len(order.obr.components(4)) > 3:
        found["extra.OBR-4"] = order.obr.field(4)
    counts: dict[str, int] = {}
    notes = [segment for segment in order.following if segment.name not in ("OBX", "NTE")]
    for segment in (*order.patient.others, *order.specimen, *notes):
        counts[segment.name] = counts.get(segment.name, 0) + 1
        found[f"extra.{segment.name}[{counts[segment.name]}]"] = line(segment)
    return found


def rows(message: Message) -> Rows:
    """Segments read, used and kept sealed without being understood."""
    return folding.rows(message, _UNDERSTOOD)
