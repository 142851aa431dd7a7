"""What the HL7 v2 reader allows, and how it says that something is wrong."""

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds, each inclusive. What exceeds one becomes a `Problem` `too_large`."""

    file: int = 100 << 20
    """Bytes of one file of messages."""
    message: int = 1 << 20
    """Bytes of one message (characters where it is given as text). Real ones with documents inside reach 800 kB."""
    segments: int = 20_000
    fields: int = 1_000
    """Fields of one segment."""
    pieces: int = 20_000
    """Repetitions, components and sub-components of one segment, each counted by its own separator."""


DEFAULT: Final = Limits()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong. `reason` is of `schemas.reasons`; `place` such as `PID[1]-5.1`, `segment[7]` or `byte 120`.

    `detail` holds positions and counts, never a word of the message. `original` are the bytes concerned where they
    belong to no message (a file's loose lines), so that they can be sealed and kept.
    """

    reason: str
    place: str = ""
    detail: str = ""
    original: bytes | None = field(default=None, repr=False)
