"""SIU folded: what a source has said of an appointment (giấy hẹn), and the document that follows from it. Pure.

`occurred_at` stays empty: HL7 says when the patient is expected, not when the paper was given, and a clinical time in
the future is a fault.
"""

from typing import Final

from producers.adapter import Document, Feed, Rows, State, Status
from producers.hl7v2 import folding, person
from producers.hl7v2.clear import code, left, millis, to_the_second
from producers.hl7v2.datatypes import Timestamp, timestamp
from producers.hl7v2.folding import fold_time, put
from producers.hl7v2.message import Message

KIND: Final = "appointment"
_MAPPED: Final = folding.BASE | {"SCH"}
_USED: Final = frozenset((1, 2))
_STATUS: Final[dict[str, Status]] = {
    "S12": "active", "S13": "active", "S15": "cancelled", "S16": "cancelled", "S17": "entered_in_error",
}  # fmt: skip
"""New, rescheduled; cancelled, discontinued; deleted. Others leave it as it was; S26, not shown up, too: the paper
stands."""
_STARTS: Final = (("SCH", 11, 4), ("TQ1", 7, 1), ("AIS", 4, 1), ("AIG", 8, 1), ("AIL", 6, 1), ("AIP", 6, 1))
"""Where the start is given: timing of the appointment (up to v2.6), of its order, of its services and resources."""


def number(message: Message) -> str:
    """SCH-2 of the filler, else SCH-1 of the placer; empty without."""
    sch = message.first("SCH")
    return (sch.text(2) or sch.text(1)) if sch else ""


def fold(state: State | None, message: Message, feed: Feed) -> State:
    new = folding.start(state)
    new["opened"] = message.trigger == "S12" or bool(state and state["opened"])
    new["status"] = _STATUS.get(message.trigger, new["status"])
    folding.fold(new, message, feed, _MAPPED)
    for pv1 in message.segments("PV1")[:1]:
        fold_time(new, pv1, 44, "admitted_at")
        fold_time(new, pv1, 45, "discharged_at")
        put(new["identity"], {"visit_number": pv1.text(19) or new["identity"].get("visit_number")})
    for sch in message.segments("SCH")[:1]:
        put(new["extra"], dict(left(sch, _USED)))
    starts = _start(message)
    if starts is not None:
        new["fields"]["appointed_at"] = starts.millis
    doctors = [found for aip in message.segments("AIP") if (found := code(aip.text(3)))]
    if doctors:
        new["fields"]["doctors"] = doctors
    return new


def _start(message: Message) -> Timestamp | None:
    for name, n, component in _STARTS:
        for segment in message.segments(name):
            found = timestamp(segment.text(n, 0, component))
            if found:
                return found
    return None


def document(state: State, message: Message, number_: str) -> Document:
    """The appointment, whole, as the source now says it."""
    identity: dict[str, str | None] = dict(state["identity"])
    status: Status = state["status"]
    return Document(
        kind=KIND,
        natural_key=(number_,),
        visit_number=identity.get("visit_number"),
        patient_number=identity.get("patient_number"),
        status=status,
        partial=not state["opened"],
        recorded_at=millis(message.header, 7),
        corrected_at=to_the_second(message.header, 7),
        sensitivity=folding.sensitivity(state),
        body={**state["fields"], **person.clear(identity), **folding.diagnosed(state)},
        identity=identity,
        narrative={**folding.narrative(state), "appointment_number": number_},
        marks=folding.marks(state),
    )


def rows(message: Message) -> Rows:
    return folding.rows(message, _MAPPED)
