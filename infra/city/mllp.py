"""An MLLP client (HL7 v2 minimal lower layer protocol): one message out, one answer in."""

import asyncio
from typing import Final

from infra.city.line import Answer
from infra.city.message import Message

_START: Final = b"\x0b"
_END: Final = b"\x1c\r"
_LIMIT: Final = 1 << 20
_TRANSIENT: Final = "207"
"""HL7 table 0357: application internal error. Receivers that cannot take a message now answer with it."""


class Connection:
    """A connection opened when it is first needed. OSError, EOFError or TimeoutError where it breaks."""

    def __init__(self, host: str, port: int, timeout: float) -> None:
        self._address = (host, port)
        self._timeout = timeout
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, message: Message) -> Answer:
        """MSA-1 must be the expected one and MSA-2 name the message (where it could be read: not without MSH)."""
        code, control_id, not_now = acknowledgement(await self._exchange(message.payload))
        named = control_id in ("", message.name) if code == "AR" else control_id == message.name
        return Answer(message.answer or "", code, code == message.answer and named, not_now)

    async def _exchange(self, payload: bytes) -> bytes:
        """Send and wait for the answer, without its frame."""
        async with asyncio.timeout(self._timeout):
            if self._streams is None:
                self._streams = await asyncio.open_connection(*self._address, limit=_LIMIT)
            reader, writer = self._streams
            writer.write(_START + payload + _END)
            await writer.drain()
            answer = await reader.readuntil(_END)
        return answer[answer.find(_START) + 1 : -len(_END)]

    async def close(self) -> None:
        if self._streams is None:
            return
        _, writer = self._streams
        self._streams = None
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            return


def acknowledgement(answer: bytes) -> tuple[str, str, bool]:
    """(MSA-1, MSA-2, whether it says: not now). Empty where the answer has no MSA."""
    code = control_id = ""
    transient = False
    for segment in answer.decode("utf-8", "replace").split("\r"):
        fields = segment.split("|")
        if fields[0] == "MSA":
            code = fields[1] if len(fields) > 1 else ""
            control_id = fields[2] if len(fields) > 2 else ""
        elif fields[0] == "ERR":
            transient = transient or (len(fields) > 3 and fields[3].split("^")[0] == _TRANSIENT)
    return code, control_id, transient and code in ("AE", "AR")
