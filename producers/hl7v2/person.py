"""PID as identity (`schemas.sealed`), as it is said: what is empty is unchanged, what is `""` is deleted."""

import re
from collections.abc import Iterator
from typing import Final

from producers.hl7v2.clear import left
from producers.hl7v2.datatypes import Identifier, full_name, identifiers
from producers.hl7v2.message import NULL, Segment

_SEX: Final = {
    "M": "1", "F": "2", "U": "3", "O": "3", "A": "3", "N": "3", "X": "3", "C": "3", "1": "1", "2": "2", "3": "3",
}  # fmt: skip
"""HL7 table 0001 to GIOI_TINH; senders that write GIOI_TINH itself are read too."""
_CITIZEN: Final = ("NI", "NNVNM", "PPN")
"""HL7 table 0203: national identifier, of Vietnam, passport."""
_CITIZEN_AUTHORITIES: Final = frozenset(("CCCD", "CMND"))
_CARD: Final = "HC"
_PATIENT: Final = ("MR", "PI", "PT", "MRN", "")
_BIRTH: Final = re.compile(r"([0-9]{4}(?:[0-9]{2}){0,4})(?:[0-9]{2}(?:\.[0-9]+)?)?(?:[+-][0-9]{4})?")
_USED: Final = frozenset((1, 3, 5, 7, 8, 11, 13, 33))
"""PID-33 says when the record was touched last: it changes without anything being said."""


def patient_number(pid: Segment | None, facility: str) -> str | None:
    """The hospital's own number of the patient: MR of this facility, else any MR, else what comes next to it. PID-2
    and PID-4 stand in for senders of v2.2 and before."""
    if pid is None:
        return None
    found = _numbers(pid, facility)
    return _patient(found, facility) if found else None


def prior_number(mrg: Segment, facility: str) -> str | None:
    """The number that a merge does away with: MRG-1, else MRG-4 of senders before v2.3."""
    found = next((found for n in (1, 4) if (found := identifiers(mrg, n))), ())
    return _patient(found, facility) if found else None


def _numbers(pid: Segment, facility: str) -> tuple[Identifier, ...]:
    """Where there is no facility (other people's files), the account number may stand in too."""
    fields = (3, 2, 4) if facility else (3, 2, 4, 18)
    return next((found for n in fields if (found := identifiers(pid, n))), ())


def _patient(found: tuple[Identifier, ...], facility: str) -> str:
    for kind in _PATIENT:
        same = [identifier for identifier in found if identifier.type_code == kind]
        if same:
            return next((i.value for i in same if i.authority == facility), same[0].value)
    return found[0].value


def said(pid: Segment, facility: str) -> dict[str, str]:
    """Field of `schemas.sealed.IDENTITY` -> text, an empty one where it is deleted; what was not said is not there."""
    return dict(_said(pid, facility))


def _said(pid: Segment, facility: str) -> Iterator[tuple[str, str]]:
    found = _numbers(pid, facility)
    if found:  # a list is replaced whole (2.10.4)
        yield "patient_number", _patient(found, facility)
        yield "citizen_id", next(iter(_citizen(found)), "")
        yield "cards", ";".join(i.value for i in found if i.type_code == _CARD)
    if pid.field(5):
        yield "full_name", "" if pid.field(5) == NULL else full_name(pid, 5)
    birth = pid.said(7)
    if birth is not None:
        digits = _BIRTH.fullmatch(birth)
        yield "birth", digits[1] if digits else ""
    sex = pid.said(8)
    if sex is not None:
        yield "sex", _SEX.get(sex.upper(), "")
    if pid.field(11):
        yield "address", _address(pid)
    if pid.field(13):
        yield "phone", _phone(pid)


def _citizen(found: tuple[Identifier, ...]) -> Iterator[str]:
    for kind in _CITIZEN:
        yield from (i.value for i in found if i.type_code == kind)
    yield from (i.value for i in found if i.authority in _CITIZEN_AUTHORITIES)


def _address(pid: Segment) -> str:
    """XAD (2A.3.83): street, other designation, city, state, country; the street may have parts of its own."""
    _, other, city, state, _, country, *_ = (*pid.texts(11), "", "", "", "", "", "")
    street = " ".join(pid.text(11, 0, 1, sub) for sub in (1, 2, 3)).strip()
    return ", ".join(part for part in (street, other, city, state, country) if part)


def _phone(pid: Segment) -> str:
    """XTN (2A.3.87): as one text, unformatted, or as area code and number."""
    for raw in pid.repetitions(13):
        parts = (*pid.split(raw), *[""] * 12)
        written = parts[0] or parts[11] or parts[5] + parts[6]
        if written:
            return written
    return ""


def extras(pid: Segment) -> Iterator[tuple[str, str]]:
    """What identity has no place for, to be sealed as it stands: other fields, further numbers, names, addresses; and
    a birth or sex that cannot be read (then `PID-7`, `PID-8`), which is deleted again when it is sent well."""
    yield from left(pid, _USED)
    for n in (5, 11, 13):
        if pid.field(n):
            yield f"PID-{n}", pid.field(n) if len(pid.repetitions(n)) > 1 else ""
    if pid.field(3):
        more = any(not i.type_code.startswith((*_CITIZEN, _CARD, "MR")) for i in identifiers(pid, 3)[1:])
        yield "PID-3", pid.field(3) if more else ""
    birth, sex = pid.said(7), pid.said(8)
    if birth is not None:
        yield "PID-7", pid.field(7) if birth and not _BIRTH.fullmatch(birth) else ""
    if sex is not None:
        yield "PID-8", pid.field(8) if sex and sex.upper() not in _SEX else ""


def clear(identity: dict[str, str | None]) -> dict[str, str | int | None]:
    """What of the person may stand in clear on every kind (`schemas.kinds.common.PERSON`)."""
    birth = identity.get("birth") or ""
    return {"sex": identity.get("sex") or None, "birth_year": int(birth[:4]) if birth else None}
