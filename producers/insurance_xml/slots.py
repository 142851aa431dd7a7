"""Which table goes into which document of a visit. A slot is named after the table that leads it."""

from typing import Final

CHECK_IN: Final = "XML0"
SUMMARY: Final = "XML1"
HIV: Final = "XML6"
DISCHARGE: Final = "XML7"
BIRTH: Final = "XML9"
TUBERCULOSIS: Final = "XML15"

KIND_OF: Final[dict[str, str]] = {
    CHECK_IN: "encounter",
    SUMMARY: "encounter",
    "XML2": "prescription",
    "XML3": "service",
    "XML4": "observation",
    HIV: "hiv_care",
    DISCHARGE: "discharge",
    "XML13": "referral",
    "XML14": "appointment",
    BIRTH: "birth",
    "XML10": "leave",
    "XML11": "leave",
    TUBERCULOSIS: "tuberculosis",
}
"""Slot -> kind of its document, in the order of the parts of a message."""

SLOT_OF: Final[dict[str, str]] = {table: table for table in KIND_OF} | {"XML5": SUMMARY, "XML8": DISCHARGE}
"""Table -> slot: clinical notes are part of the encounter, the record summary of the discharge."""

NAMED: Final = frozenset((CHECK_IN, "XML10", "XML11"))
"""Slots whose table is part of the natural key: another has the same kind."""

PAPERS: Final = frozenset((DISCHARGE, "XML13", "XML14", BIRTH, "XML10", "XML11"))
"""Slots of papers that are written when the visit ends."""

WITHDRAWN: Final = frozenset(KIND_OF) - {CHECK_IN, SUMMARY}
"""Slots that are cancelled when a whole dossier leaves them out. A check-in is told once, before the dossier."""


def kind_of(table: str) -> str | None:
    """The kind a table's document is of, None where it has none of its own."""
    slot = SLOT_OF.get(table)
    return KIND_OF[slot] if slot else None
