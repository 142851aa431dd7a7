"""ADT folded: what a source has said of a visit, and the encounter document that follows from it. Pure.

The body holds nothing of the message itself (its event, time or number), so that the same visit told again by another
message is the same content.
"""

from typing import Any, Final

from producers.adapter import Document, Feed, Rows, State, Status
from producers.hl7v2 import folding, person
from producers.hl7v2.clear import code, millis, to_the_second
from producers.hl7v2.events import OPENING
from producers.hl7v2.folding import BASE, fold_time, put
from producers.hl7v2.message import Message, Segment

KIND: Final = "encounter"
_WHOLE: Final = OPENING | {"A05"}
_ARRIVED: Final = OPENING | {"A02", "A03", "A06", "A07"}
"""The patient is there: a planned visit has become one."""
_STATUS: Final[dict[str, Status]] = {"A11": "cancelled", "A38": "cancelled", "A23": "entered_in_error"}


def fold(state: State | None, message: Message, feed: Feed) -> State:
    """The new state. `state` None: nothing is known of this visit.

    `opened` says that all was told from the beginning on, `planned` that the patient has not come yet (A05).
    """
    event = message.trigger
    new = folding.start(state)
    new["departments"] = list(state["departments"]) if state else []
    new["opened"] = event in _WHOLE or bool(state and state["opened"])
    new["planned"] = event not in _ARRIVED and (state["planned"] if state else event in ("A05", "A38"))
    if event in _STATUS or event in _WHOLE:
        new["status"] = _STATUS.get(event, "active")
    folding.fold(new, message, feed)
    if event == "A13":
        for name in ("discharged_at", "discharge_disposition", "PV1-45"):
            new["fields"].pop(name, None)
            new["extra"].pop(name, None)
    for pv1 in message.segments("PV1")[:1]:
        _visit(new, pv1, event)
    _times(new, message.first("EVN"), event)
    return new


def _visit(new: State, pv1: Segment, event: str) -> None:
    patient_class = pv1.said(2)
    if patient_class is not None:
        put(new["fields"], {"patient_class": code(patient_class)})
    fold_time(new, pv1, 44, "admitted_at")
    if event != "A13":  # what it cancels is often still sent along
        fold_time(new, pv1, 45, "discharged_at")
        disposition = pv1.said(36)
        if disposition is not None:
            put(new["fields"], {"discharge_disposition": code(disposition)})
    ward = pv1.said(3)
    if ward is not None:
        new["departments"] = _wards(new["departments"], code(ward), event)
        put(new["extra"], {"PV1-3": pv1.field(3) if len(pv1.components(3)) > 1 else None})


def _wards(known: list[str], ward: str | None, event: str) -> list[str]:
    """The departments in order. Only a transfer (A02) adds one and only its cancellation (A12) takes one away; anything
    else corrects the last."""
    if ward is None:
        return []
    if event == "A02":
        return known if known[-1:] == [ward] else [*known, ward]
    before = known[: -2 if event == "A12" and len(known) > 1 else -1]
    return [*before, ward]


def _times(new: State, evn: Segment | None, event: str) -> None:
    """Where an admission, a discharge or a change of class names no time, that of the event (EVN-6, else EVN-2) stands
    in, once: a repeat with a later one must not move it."""
    if event == "A07":
        new["fields"].pop("inpatient_at", None)
    name = {"A01": "admitted_at", "A04": "admitted_at", "A03": "discharged_at", "A06": "inpatient_at"}.get(event)
    if name and name not in new["fields"]:
        at = millis(evn, 6)
        put(new["fields"], {name: at if at is not None else millis(evn, 2)})


def document(state: State, message: Message, visit_number: str) -> Document:
    """The visit, whole, as the source now says it."""
    identity: dict[str, str | None] = {**state["identity"], "visit_number": visit_number}
    fields, evn = state["fields"], message.first("EVN")
    recorded, corrected = millis(evn, 2), to_the_second(evn, 2)
    body: dict[str, Any] = {
        **fields,
        **person.clear(identity),
        **folding.diagnosed(state),
        "departments": state["departments"],
        "insured": bool(identity.get("cards")),
    }
    narrative = folding.narrative(state)
    if "extra.PV2-3" in narrative:
        narrative["visit_reason"] = narrative.pop("extra.PV2-3")
    return Document(
        kind=KIND,
        natural_key=(visit_number,),
        visit_number=visit_number,
        patient_number=identity.get("patient_number"),
        status=state["status"],
        partial=not state["opened"],
        occurred_at=fields.get("admitted_at"),
        recorded_at=recorded if recorded is not None else millis(message.header, 7),
        corrected_at=corrected if corrected is not None else to_the_second(message.header, 7),
        sensitivity=folding.sensitivity(state),
        body=body,
        identity=identity,
        narrative=narrative,
        marks=folding.marks(state),
    )


def rows(message: Message) -> Rows:
    return folding.rows(message, BASE)
