"""The patient as a row tells it: the identity part of the seal, and what of it may stand in clear."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from producers.insurance_xml import values
from producers.insurance_xml.columns import MARK_UNREADABLE, Gathered
from producers.insurance_xml.part import Row

IDENTITY: Final[dict[str, str]] = {
    "full_name": "HO_TEN",
    "citizen_id": "SO_CCCD",
    "sex": "GIOI_TINH",
    "cards": "MA_THE_BHYT",
    "phone": "DIEN_THOAI",
    "address": "DIA_CHI",
    "patient_number": "MA_BN",
    "visit_number": "MA_LK",
}
"""Field of `schemas.sealed.IDENTITY` -> its source; the birth is read by `values.birth`."""

FIELDS: Final = frozenset((*IDENTITY.values(), "NGAY_SINH", "STT"))
"""What this module takes of a row that tells of the patient, and the row number, which says nothing there."""

_CARD_GROUP: Final = re.compile(r"[A-Z]{2}[1-5]")
_LONGEST_SEX: Final = 8
"""A code of one digit; more would be prose in a clear column."""


@dataclass(frozen=True, slots=True)
class Person:
    """`clear` are the fields `sex` and `birth_year` of a body. Both may be empty."""

    identity: dict[str, str | None] = field(default_factory=dict, repr=False)
    clear: dict[str, Any] = field(default_factory=dict, repr=False)

    def filled_from(self, other: "Person") -> "Person":
        """This one, with the other's where it says nothing."""
        return Person({**other.identity, **self.identity}, {**other.clear, **self.clear})


def read(row: Row, gathered: Gathered) -> Person:
    """The person of a row of XML0, XML1, XML6, XML13, XML14 or XML15. An unreadable birth is sealed as it was written.

    The birth is kept as it was written, but only its year where the day is unknown: `yyyymm00` is no date.
    """
    get = row.get
    identity: dict[str, str | None] = {name: text for name, source in IDENTITY.items() if (text := get(source))}
    clear: dict[str, Any] = {}
    if sex := get("GIOI_TINH"):
        if len(sex) <= _LONGEST_SEX:
            clear["sex"] = sex
        else:
            gathered.marks.add(MARK_UNREADABLE)
    if written := get("NGAY_SINH"):
        birth = values.birth(written)
        if birth is None:
            gathered.marks.add(MARK_UNREADABLE)
            gathered.narrative["extra.NGAY_SINH"] = written
        else:
            clear["birth_year"] = birth.year
            identity["birth"] = written if birth.date else f"{birth.year:04d}"
    return Person(identity, clear)


def insurance(row: Row) -> dict[str, Any]:
    """`insured` and `card_group` of XML1: the letters and the benefit digit of the first card of the old form."""
    cards = values.multi(row.get("MA_THE_BHYT", ""))
    group = next((found[0] for card in cards if (found := _CARD_GROUP.match(card)) is not None), None)
    return {"insured": bool(cards), "card_group": group}
