"""REF folded: what a source has said of a referral (giấy chuyển tuyến), and the document that follows from it. Pure.

HL7 names the two sides as providers (PRD): `RP` refers, `RT` is referred to; their facility codes are read where PRD-10
carries an identifier. No circular says how MACSKCB stands in a REF message.
"""

from typing import Final

from producers.adapter import Document, Feed, Rows, State
from producers.hl7v2 import folding, person
from producers.hl7v2.clear import code, left, millis, to_the_second
from producers.hl7v2.folding import fold_time, put
from producers.hl7v2.message import Message

KIND: Final = "referral"
_MAPPED: Final = folding.BASE | {"RF1", "PRD"}
_USED: Final = frozenset((6,))
_USED_PRD: Final = frozenset((1,))
_SIDES: Final = {"RP": "referred_from", "RT": "referred_to"}


def number(message: Message) -> str:
    """RF1-6 of who refers, else the external RF1-11; empty without."""
    rf1 = message.first("RF1")
    return (rf1.text(6) or rf1.text(11)) if rf1 else ""


def fold(state: State | None, message: Message, feed: Feed) -> State:
    new = folding.start(state)
    new["made"] = state["made"] if state else None
    new["opened"] = message.trigger == "I12" or bool(state and state["opened"])
    if message.trigger in ("I12", "I14"):
        new["status"] = "cancelled" if message.trigger == "I14" else "active"
    folding.fold(new, message, feed, _MAPPED)
    for pv1 in message.segments("PV1")[:1]:
        fold_time(new, pv1, 44, "admitted_at")
        fold_time(new, pv1, 45, "discharged_at")
        put(new["identity"], {"visit_number": pv1.text(19) or new["identity"].get("visit_number")})
    for rf1 in message.segments("RF1")[:1]:
        put(new["extra"], dict(left(rf1, _USED)))
        said = rf1.said(10)
        if said is not None:
            put(new["fields"], {"reason": code(said)})
        made = [found for n in (9, 7) if (found := millis(rf1, n)) is not None]
        new["made"] = made[0] if made else new["made"]
    for prd in message.segments("PRD"):
        side = _SIDES.get(prd.text(1))
        place = code(prd.text(10, 0, 10) or prd.text(10, 0, 3))
        if side and place:
            new["fields"][side] = place
        put(new["extra"], {f"{prd.text(1)}.{name}": value for name, value in left(prd, _USED_PRD)})
    return new


def document(state: State, message: Message, number_: str) -> Document:
    """The referral, whole, as the source now says it."""
    identity: dict[str, str | None] = dict(state["identity"])
    return Document(
        kind=KIND,
        natural_key=(number_,),
        visit_number=identity.get("visit_number"),
        patient_number=identity.get("patient_number"),
        status=state["status"],
        partial=not state["opened"],
        occurred_at=state["made"],
        recorded_at=millis(message.header, 7),
        corrected_at=to_the_second(message.header, 7),
        sensitivity=folding.sensitivity(state),
        body={**state["fields"], **person.clear(identity), **folding.diagnosed(state)},
        identity=identity,
        narrative={**folding.narrative(state), "register_number": number_},
        marks=folding.marks(state),
    )


def rows(message: Message) -> Rows:
    return folding.rows(message, _MAPPED)
