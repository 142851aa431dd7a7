"""The acknowledgement (v2.9 chapter 2.9, 2.14): MSH, MSA and, where something is wrong, ERR in its form since v2.5."""

import re
from datetime import datetime
from typing import Final, Literal

from producers.hl7v2.datatypes import VIETNAM
from producers.hl7v2.message import Message
from producers.hl7v2.separators import Separators

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
    "hl7_unsupported_event": "201",
    "hl7_processing_id": "202",
    "hl7_version": "203",
    "hl7_facility": "204",
}
_PLACE: Final = re.compile(r"([A-Z][A-Z0-9]{2})\[([0-9]+)\](?:-([0-9]+)(?:\[([0-9]+)\])?(?:\.([0-9]+))?)?")
_WITHOUT_MSA3: Final = ("2.7", "2.8", "2.9")
_MAX_TEXT: Final = 250
"""ERR-8 and MSA-3 in characters; old receivers allow no more."""


def acknowledge(
    message: Message | None,
    code: Code,
    *,
    text_vi: str = "",
    text_en: str = "",
    error_location: str = "",
    error_code: str = "",
    now: datetime,
    control_id: str,
) -> bytes:
    """The answer to `message` (its MSH is enough, see `message.header_of`) in its own separators and version, in UTF-8.

    `error_location` is a place such as `PID[1]-5.1`; `error_code` a reason (it goes to ERR-5, and its HL70357 condition
    to ERR-3) or a condition itself. `now` carries its zone; it is written in Vietnam's. `control_id` is this answer's.
    Without a message the separators are the usual ones and MSA-2 is empty.
    """
    if message is None:
        signs, header = Separators(), [""] * 13
    else:
        signs, header = message.separators, [message.header.field(n) for n in range(13)]
    trigger = message.header.piece(9, comp=2) if message else ""
    failed = code not in ("AA", "CA")
    user = signs.escaped(_both(text_vi, text_en))
    version = header[12] or "2.5"
    kind = signs.component.join(("ACK", trigger, "ACK") if trigger else ("ACK",))
    moment = now.astimezone(VIETNAM).strftime("%Y%m%d%H%M%S%z")
    # The sender's application and facility (3, 4) become the receiver's and the other way round; raw, escapes and all.
    msh = ["MSH", signs.encoding, *header[5:7], *header[3:5], moment, "", kind, signs.escaped(control_id)]
    msh += [header[11] or "P", version, "", "", "", "", "", "UNICODE UTF-8"]
    lines = [msh, ["MSA", code, header[10]]]
    if failed:
        if user and not version.startswith(_WITHOUT_MSA3):
            lines[1].append(user)
        lines.append(_error(signs, error_location, error_code, user))
    return "".join(signs.field.join(line) + "\r" for line in lines).encode("utf-8", "replace")


def _both(text_vi: str, text_en: str) -> str:
    return " / ".join(text for text in (text_vi.strip(), text_en.strip()) if text)[:_MAX_TEXT]


def _error(signs: Separators, place: str, error: str, user: str) -> list[str]:
    """ERR-2 where, ERR-3 condition, ERR-4 severity, ERR-5 our reason, ERR-7 for the engineer, ERR-8 for the user."""
    condition = error if error in CONDITIONS else _OF_REASONS.get(error, "207")
    code = signs.component.join((condition, CONDITIONS[condition], "HL70357"))
    own = "" if error in CONDITIONS else signs.escaped(error)
    location = _location(signs, place)
    return ["ERR", "", location, code, "E", own, "", signs.escaped(place), user]


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
