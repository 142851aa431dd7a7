"""Which messages are taken, and what they become: MSH-9 code and trigger event -> route.

A known message that tells of no document here is taken and acknowledged, without a document; what HL7 does not know
(`ADT^A99`, `ZZZ^Z01`) is refused.
"""

from collections.abc import Iterable
from typing import Final, Literal

Route = Literal["visit", "results", "silent"]
"""`visit` folds into an encounter; `results` gives an observation per order; `silent` yields no document."""

OPENING: Final = frozenset(("A01", "A04"))
"""After these the state of a visit is whole: nothing was said before."""


def _range(letter: str, first: int, last: int, width: int = 2) -> Iterable[str]:
    return (f"{letter}{number:0{width}d}" for number in range(first, last + 1))


_VISIT: Final = ("A01", "A03", "A04", "A08", "A11", "A13")

_ROUTES: Final[dict[tuple[str, str], Route]] = {
    **{("ADT", trigger): "visit" for trigger in _VISIT},
    ("ORU", "R01"): "results",
}


def route(code: str, trigger: str) -> Route | None:
    """None where the message is not of HL7 or of none that is taken."""
    return _ROUTES.get((code, trigger))
