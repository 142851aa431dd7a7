"""What a sender and a listener have between them: one message out, its answer in, whatever the protocol."""

from dataclasses import dataclass
from typing import Protocol

from infra.city.message import Message


@dataclass(frozen=True, slots=True)
class Answer:
    """Codes of the protocol: MSA-1, an HTTP status, a DIMSE status. `good` where the answer is the expected one."""

    wanted: str
    given: str
    good: bool
    not_now: bool = False


class Line(Protocol):
    """Opened when it is first needed, and again after `close`."""

    async def ask(self, message: Message) -> Answer:
        """OSError, EOFError, TimeoutError or asyncio.LimitOverrunError where it breaks: nobody knows what was taken."""
        ...

    async def close(self) -> None: ...
