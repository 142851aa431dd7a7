"""What the FHIR reader allows, and how it says that something is wrong."""

from dataclasses import dataclass
from typing import Final

from producers.adapter import MAX_PARTS


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds, each inclusive; sizes in bytes. What exceeds one becomes a `Problem` `too_large`."""

    message: int = 16 << 20
    """A request's body, a .json file, a line of NDJSON. A patient's whole record with documents inside reaches 10 MB."""
    values: int = 600_000
    """Values of one message, told by its commas: it is the time they take that is bounded. FHIR without
    blanks has one in 30 bytes or fewer."""
    lines: int = 5_000_000
    """Lines of one NDJSON file; read one by one."""
    entries: int = MAX_PARTS
    """Entries of a Bundle."""
    problems: int = 20
    """Told of one resource; more would hide the first ones."""


DEFAULT: Final = Limits()

DEPTH: Final = 201
"""Objects and lists inside one another: the parser itself goes no deeper (`fhir_too_deep`)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong. `reason` is of `schemas.reasons`; `place` a FHIRPath such as `Bundle.entry[3].resource.status`.

    `detail` holds positions, counts and words of the standard, never a value of the message.
    """

    reason: str
    place: str = ""
    detail: str = ""
