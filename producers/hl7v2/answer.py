"""The acknowledgement (v2.9 chapter 2.9, 2.14): MSH, MSA and, where something is wrong, ERR in its form since v2.5."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal

from producers.adapter import Receipt, Refusal
from producers.hl7v2.datatypes import VIETNAM
from producers.hl7v2.message import Message
from producers.hl7v2.separators import Separators
from schemas.reasons import REASONS

Code = Literal["AA", "AE", "AR", "CA", "CE", "CR"]

CONDITIONS: Final = {
    "0": "Message accepted",
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application internal error",
}
"""HL7 table 0357."""

_OF_REASONS: Final = {
    "hl7_no_msh": "100",
    "hl7_segment_name": "100",
    "hl7_bad_separators": "102",
    "charset": "102",
    "hl7_no_type": "101",
    "hl7_no_control_id": "101",
    "hl7_no_patient": "101",
    "hl7_no_visit": "101",
    "hl7_no_order": "101",
    "hl7_no_number": "101",
    "hl7_unsupported_event": "201",
    "hl7_processing_id": "202",
    "hl7_version": "203",
    "hl7_facility": "204",
}
_PLACE: Final = re.compile(r"([A-Z][A-Z0-9]{2})\[([0-9]+)\](?:-([0-9]+)(?:\[([0-9]+)\])?(?:\.([0-9]+))?)?")
_OTHER: Final = "102"
"""Never 207 for what is the message's own fault: senders take 207 as `try again` and would do so for ever."""
_REJECTS: Final = frozenset(
    (
        "hl7_no_msh",
        "hl7_bad_separators",
        "hl7_no_type",
        "hl7_no_control_id",
        "hl7_unsupported_event",
        "hl7_processing_id",
        "hl7_version",
        "hl7_facility",
    )
)
"""Faults of the header: the message is rejected (AR) rather than in error (AE)."""
_MOST_FAULTS: Final = 20
_WANTED: Final = {"AL": (True, False), "ER": (False,), "SU": (True,)}
"""HL7 table 0155: always, on error, on success; NE and nothing: never."""
_WITHOUT_MSA3: Final = ("2.7", "2.8", "2.9")
_MAX_TEXT: Final = 250
"""ERR-8 and MSA-3 in characters; old receivers allow no more."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: a reason of `schemas.reasons` or a condition of table 0357, and a place such as `PID[1]-5.1`."""

    error: str
    place: str = ""
    text_vi: str = ""
    text_en: str = ""


def faults(refusals: Sequence[Refusal]) -> tuple[Fault, ...]:
    """What is wrong and how to mend it, in both languages. Holds no value of the message."""
    found = []
    for refusal in refusals[:_MOST_FAULTS]:
        reason = REASONS[refusal.reason]
        found.append(
            Fault(refusal.reason, refusal.place, f"{reason.vi}. {reason.mend_vi}", f"{reason.en}. {reason.mend_en}")
        )
    return tuple(found)


BUSY: Final = Fault("207", "", "Tạm thời chưa nhận được, hãy gửi lại", "Cannot be taken now, send it again")
"""Nothing was taken: the outbox is full. The sender keeps the message and repeats it."""


def answers(
    message: Message | None, receipt: Receipt, *, now: datetime, control_id: str, enhanced: bool = True
) -> tuple[bytes, ...]:
    """The replies to a message by what became of it, in order; none to what is itself a reply.

    Original mode (2.9.2): AA taken, AE something in it is wrong or it cannot be taken now, AR its header is such that
    it is not looked into. Enhanced mode (2.9.3), where MSH-15 or MSH-16 say so and `enhanced` allows: CA, CE, CR tell
    whether it is safely kept, then AA what was made of it, each if it is asked for. What was not accepted gets no
    second reply. `control_id` is the first reply's; the second one's has an `A` behind it.
    """
    if message is not None and message.first("MSA") and not receipt.refusals:
        return ()
    asked = (message.header.text(15), message.header.text(16)) if message and enhanced else ("", "")
    if not any(asked):
        return (_reply(message, _code("A", receipt), receipt, now, control_id),)
    made = []
    if receipt.accepted in _WANTED.get(asked[0], ()):
        made.append(_reply(message, _code("C", receipt), receipt, now, control_id))
    if receipt.accepted in _WANTED.get(asked[1], ()) and (receipt.accepted or not made):
        made.append(_reply(message, _code("A", receipt), receipt, now, control_id + ("A" if made else "")))
    return tuple(made)


def _code(mode: Literal["A", "C"], receipt: Receipt) -> Code:
    if receipt.accepted:
        return "AA" if mode == "A" else "CA"
    if any(refusal.reason in _REJECTS for refusal in receipt.refusals):
        return "AR" if mode == "A" else "CR"
    return "AE" if mode == "A" else "CE"


def _reply(message: Message | None, code: Code, receipt: Receipt, now: datetime, control_id: str) -> bytes:
    wrong = (BUSY,) if receipt.full else faults(receipt.refusals)
    return acknowledge(message, code, wrong, now=now, control_id=control_id)


@lru_cache(maxsize=1)
def _moment(now: datetime) -> str:
    """Many answers a second share it."""
    return now.astimezone(VIETNAM).strftime("%Y%m%d%H%M%S%z")


def acknowledge(
    message: Message | None, code: Code, wrong: Sequence[Fault] = (), *, now: datetime, control_id: str
) -> bytes:
    """The answer to `message` (its MSH is enough, see `message.header_of`) in its own separators and version, in UTF-8.

    `wrong` are its ERR segments; the first goes to MSA-3 too where the version still has it. `now` carries its zone; it
    is written in Vietnam's. `control_id` is this answer's. Without a message the separators are the usual ones and
    MSA-2 is empty.
    """
    if message is None:
        signs, header = Separators(), [""] * 13
    else:
        signs, header = message.separators, [message.header.field(n) for n in range(13)]
    trigger = message.header.piece(9, comp=2) if message else ""
    version = header[12] or "2.5"
    kind = signs.component.join(("ACK", trigger, "ACK") if trigger else ("ACK",))
    moment = _moment(now.replace(microsecond=0))
    # The sender's application and facility (3, 4) become the receiver's and the other way round; raw, escapes and all.
    msh = ["MSH", signs.encoding, *header[5:7], *header[3:5], moment, "", kind, signs.escaped(control_id)]
    msh += [header[11] or "P", version, "", "", "", "", "", "UNICODE UTF-8"]
    msa = ["MSA", code, header[10]]
    if wrong and not version.startswith(_WITHOUT_MSA3):
        msa.append(signs.escaped(_both(wrong[0])))
    lines = [msh, msa, *(_error(signs, fault) for fault in wrong)]
    return "".join(signs.field.join(line) + "\r" for line in lines).encode("utf-8", "replace")


def _both(fault: Fault) -> str:
    return " / ".join(text for text in (fault.text_vi.strip(), fault.text_en.strip()) if text)[:_MAX_TEXT]


def _error(signs: Separators, fault: Fault) -> list[str]:
    """ERR-2 where, ERR-3 condition, ERR-4 severity, ERR-5 our reason, ERR-7 for the engineer, ERR-8 for the user."""
    error = fault.error
    condition = error if error in CONDITIONS else _OF_REASONS.get(error, _OTHER)
    code = signs.component.join((condition, CONDITIONS[condition], "HL70357"))
    own = "" if error in CONDITIONS else signs.escaped(error)
    user = signs.escaped(_both(fault))
    return ["ERR", "", _location(signs, fault.place), code, "E", own, "", signs.escaped(fault.place), user]


def _location(signs: Separators, place: str) -> str:
    """ERL (2A.3.28): segment, its occurrence, field, repetition, component."""
    found = _PLACE.fullmatch(place)
    if not found:
        return ""
    segment, occurrence, field, repetition, component = found.groups()
    parts = [segment, occurrence]
    if field:
        parts += [field, repetition or "1", *([component] if component else [])]
    return signs.component.join(parts)
