"""The national population service as it is seen from here: one question, one of three answers.

Its real wire format is in no source at hand (direct connection is for state bodies with level-3 systems, others go
through licensed authentication providers; NĐ 69/2024 articles 18-19), so all else is behind this. What may be kept of an
answer is the verdict alone: results may not be re-shared.
"""

from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

Verdict = Literal["same", "differs", "unknown"]
"""The number is this person's; it is somebody else's; the service does not know it."""
VERDICTS: Final[tuple[Verdict, ...]] = ("same", "differs", "unknown")


@dataclass(frozen=True, slots=True)
class Person:
    """What is asked about. `birth` is `yyyymmdd` or the part of it that is known."""

    number: str = field(repr=False)
    full_name: str = field(repr=False)
    birth: str = field(repr=False)


class Unavailable(RuntimeError):
    """No answer now; ask again. `after` is how many seconds the service wants to be left alone. Holds no value."""

    def __init__(self, why: str, after: float = 0.0) -> None:
        super().__init__(why)
        self.after = after


class Refused(RuntimeError):
    """The service will not answer this question, now or later. Holds no value."""


class Population(Protocol):
    """Who answers."""

    async def check(self, person: Person) -> Verdict:
        """Whether the number is this person's. Raises Unavailable or Refused."""
