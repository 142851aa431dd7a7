"""What the city sends, and what it expects to become of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from infra.city.care import Order
from infra.city.identity import Identity
from infra.city.visits import Visit

ACCEPTED: Final = "accepted"
AMENDED: Final = "amended"
DUPLICATE: Final = "duplicate"
REJECTED: Final = "rejected"


@dataclass(frozen=True, slots=True)
class Said:
    """What a source now says of one of its documents: what must stand of it once the part has come through.

    `document` names it within (facility, system, visit). `diagnoses` are its codes, the main one first; `ended` is when
    the visit ended as this source knows it; `order` what a result answers, with `place` where only one index of it does
    (from 1); `pending` the row of XML4 that has no value yet (0 for none).
    """

    system: str
    document: str = field(repr=False)
    visit: Visit = field(repr=False)
    identity: Identity = field(repr=False)
    active: bool = True
    diagnoses: tuple[str, ...] = ()
    ended: datetime | None = None
    order: Order | None = field(default=None, repr=False)
    place: int = 0
    pending: int = 0


@dataclass(frozen=True, slots=True)
class Expected:
    """What must become of one part. `tier` for accepted and amended documents; `kind` None where nothing was read.
    `said` where the part tells of a document; a duplicate says again what stands."""

    kind: str | None
    outcome: str
    tier: str | None = None
    said: Said | None = field(default=None, compare=False, repr=False)


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
