"""What the city sends, and what it expects to become of it."""

from dataclasses import dataclass, field
from typing import Final

ACCEPTED: Final = "accepted"
AMENDED: Final = "amended"
DUPLICATE: Final = "duplicate"
REJECTED: Final = "rejected"


@dataclass(frozen=True, slots=True)
class Expected:
    """What must become of one part. `tier` for accepted and amended documents; `kind` None where nothing was read."""

    kind: str | None
    outcome: str
    tier: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `name` is the file's name or MSH-10; `expected` has one entry per part, none for a retransmission.

    `answer` is the expected MSA-1 (HL7 v2 only). `visit` and `stands` say what this source now tells of a visit:
    True that it stands, False that it is cancelled, None nothing.
    """

    facility: str
    dialect: str
    name: str = field(repr=False)
    payload: bytes = field(repr=False)
    expected: tuple[Expected, ...]
    answer: str | None = None
    retransmission: bool = False
    visit: str = field(default="", repr=False)
    stands: bool | None = None


REFUSED: Final = (Expected(None, REJECTED),)
"""A message of which nothing could be read: one part."""
