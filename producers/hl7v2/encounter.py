"""ADT folded: what a source has said of a visit, and the encounter document that follows from it. Pure.

An empty field is unchanged, `""` deletes, a segment that is absent is unchanged, a list (DG1, NK1, Z segments) that is
there replaces the list. The body holds nothing of the message itself (its event, time or number), so that the same
visit told again by another message is the same content.
"""

from typing import Any, Final

from producers.adapter import Document, Feed, Rows, State, Status
from producers.hl7v2 import diagnoses, person
from producers.hl7v2.clear import code, left, line, millis, to_the_second
from producers.hl7v2.datatypes import timestamp
from producers.hl7v2.events import OPENING
from producers.hl7v2.message import Message, Segment

_USED: Final = {"PV1": frozenset((1, 2, 3, 19, 36, 44, 45)), "PV2": frozenset((1,)), "PD1": frozenset((0,))}
_HEADERS: Final = frozenset(("MSH", "EVN", "SFT", "UAC"))
"""They tell of the message, not of the visit."""
_READ: Final = _HEADERS | {"PID", "PV1", "DG1"}
_FOLDED: Final = _READ | _USED.keys()
_UNREADABLE: Final = ("PID-7", "PID-8", "PV1-44", "PV1-45")
"""Of these, what is kept as extra is what could not be read."""
_CANCEL_DISCHARGE: Final = ("discharged_at", "discharge_disposition")


def fold(state: State | None, message: Message, feed: Feed) -> State:
    """The new state. `state` None: nothing is known of this visit."""
    event = message.trigger
    new: State = {
        "opened": event in OPENING or bool(state and state["opened"]),
        "status": "active",
        "identity": dict(state["identity"]) if state else {},
        "fields": dict(state["fields"]) if state else {},
        "departments": list(state["departments"]) if state else [],
        "diagnoses": state["diagnoses"] if state else [],
        "extra": dict(state["extra"]) if state else {},
        "segments": dict(state["segments"]) if state else {},
    }
    if state and event not in OPENING:
        new["status"] = state["status"]
    for pid in message.segments("PID")[:1]:
        _put(new["identity"], person.said(pid, feed.facility))
        _put(new["extra"], dict(person.extras(pid)))
    if event == "A13":
        for name in (*_CANCEL_DISCHARGE, "PV1-45"):
            new["fields"].pop(name, None)
            new["extra"].pop(name, None)
    for pv1 in message.segments("PV1")[:1]:
        _visit(new, pv1, event)
    for name in ("PV2", "PD1"):
        for segment in message.segments(name)[:1]:
            _put(new["extra"], dict(left(segment, _USED[name])))
    if message.segments("DG1"):
        new["diagnoses"] = diagnoses.read(message.segments("DG1"))
    new["segments"] |= _others(message)
    _event(new, message, event)
    return new


def _put(known: dict[str, Any], said: dict[str, Any]) -> None:
    for name, value in said.items():
        if value in ("", None):
            known.pop(name, None)
        else:
            known[name] = value


def _visit(new: State, pv1: Segment, event: str) -> None:
    fields, extra = new["fields"], new["extra"]
    _put(extra, dict(left(pv1, _USED["PV1"])))
    for n, name in ((2, "patient_class"), (36, "discharge_disposition")):
        said = pv1.said(n)
        if said is not None and not (event == "A13" and name in _CANCEL_DISCHARGE):
            _put(fields, {name: code(said)})
    for n, name in ((44, "admitted_at"), (45, "discharged_at")):
        said = pv1.said(n)
        if said is not None and not (event == "A13" and name in _CANCEL_DISCHARGE):
            at = timestamp(said)
            _put(fields, {name: at.millis if at else None})
            _put(extra, {f"PV1-{n}": pv1.field(n) if said and not at else None})
    ward = pv1.said(3)
    if ward is not None:
        new["departments"] = [ward] if code(ward) else []
        _put(extra, {"PV1-3": pv1.field(3) if len(pv1.components(3)) > 1 else None})


def _others(message: Message) -> dict[str, list[str]]:
    """Segments that are not mapped, each list whole."""
    found: dict[str, list[str]] = {}
    for segment in message:
        if segment.name not in _FOLDED:
            found.setdefault(segment.name, []).append(line(segment))
    return found


def _event(new: State, message: Message, event: str) -> None:
    """What the event itself says. Where an admission or discharge names no time, that of the event stands in, once:
    a repeat with a later EVN-2 must not move it."""
    if event == "A11":
        new["status"] = "cancelled"
    name = "admitted_at" if event in OPENING else "discharged_at" if event == "A03" else ""
    if name and name not in new["fields"]:
        evn = message.first("EVN")
        at = millis(evn, 6)
        _put(new["fields"], {name: at if at is not None else millis(evn, 2)})


def document(state: State, message: Message, visit_number: str) -> Document:
    """The visit, whole, as the source now says it."""
    identity: dict[str, str | None] = {**state["identity"], "visit_number": visit_number}
    lines, fields, evn = state["diagnoses"], state["fields"], message.first("EVN")
    recorded, corrected = millis(evn, 2), to_the_second(evn, 2)
    status: Status = state["status"]
    return Document(
        kind="encounter",
        natural_key=(visit_number,),
        visit_number=visit_number,
        patient_number=identity.get("patient_number"),
        status=status,
        partial=not state["opened"],
        occurred_at=fields.get("admitted_at"),
        recorded_at=recorded if recorded is not None else millis(message.header, 7),
        corrected_at=corrected if corrected is not None else to_the_second(message.header, 7),
        sensitivity=diagnoses.sensitivity([diagnosis["code"] for diagnosis in lines]),
        body={
            **fields,
            **person.clear(identity),
            "departments": state["departments"],
            "insured": bool(identity.get("cards")),
            "main_diagnosis": diagnoses.main_code(lines),
            "diagnoses": [{k: v for k, v in diagnosis.items() if k != "left"} for diagnosis in lines],
        },
        identity=identity,
        narrative=_narrative(state),
        marks=("M03",) if any(name in state["extra"] for name in _UNREADABLE) else (),
    )


def _narrative(state: State) -> dict[str, str]:
    found = {f"extra.{name}": text for name, text in state["extra"].items()}
    if "PV2-3" in state["extra"]:
        found["visit_reason"] = found.pop("extra.PV2-3")
    for name, lines in state["segments"].items():
        found |= {f"extra.{name}[{i}]": text for i, text in enumerate(lines, 1)}
    for i, diagnosis in enumerate(state["diagnoses"], 1):
        found |= {f"diagnoses[{i}].extra.{name}": text for name, text in diagnosis["left"].items()}
    return found


def rows(message: Message) -> Rows:
    """Segments read, used and kept sealed without being understood."""
    unmapped: dict[str, int] = {}
    for segment in message:
        if segment.name not in _FOLDED:
            unmapped[segment.name] = unmapped.get(segment.name, 0) + 1
    return Rows(len(message), len(message) - sum(unmapped.values()), unmapped)
