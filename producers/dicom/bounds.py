"""What the reader of DICOM allows. Whoever exceeds a bound gets a refusal, never a slow or a large process."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds, each inclusive; sizes in bytes."""

    elements: int = 100_000
    """Elements of one data set that are looked at, those inside sequences included."""
    depth: int = 32
    """Sequences inside sequences."""
    items: int = 100
    """Items of one sequence that are kept."""
    value: int = 16 << 10
    """One text. LO has 64 characters, LT 10,240; a longer one is left out, and the document is marked."""
    window: int = 32 << 10
    """Bytes read at once; what is larger is skipped, not read."""
    reads: int = 1_000
    """Windows of one file."""
    inflated: int = 16 << 20
    """A deflated data set, packed and unpacked."""
    series: int = 2_000
    instances: int = 100_000
    """Of one study."""


LIMITS: Final = Limits()
