"""MLLP framing (HL7 Transport Specification: MLLP, Release 1): VT, the message, FS, CR.

The content may hold no byte below 0x20 but CR (so no UTF-16): a start byte inside a frame means that the one before it
was cut, and the two must not become one message.
"""

from dataclasses import dataclass, field
from typing import Final

START: Final = b"\x0b"
END: Final = b"\x1c\r"
HEAD: Final = 2048
"""Bytes kept of a frame above the limit: its MSH, so that the sender can be told which message it was."""


@dataclass(frozen=True, slots=True)
class Oversize:
    """A frame above the limit: its length in bytes and its beginning. The rest was dropped while it was read."""

    size: int
    head: bytes = field(repr=False)


def frame(payload: bytes) -> bytes:
    return START + payload + END


class FrameDecoder:
    """Bytes in as they arrive, whole frames out. Holds at most `limit` bytes and what was fed last.

    `stray_bytes` counts what stood outside frames, frames that were cut by the next start byte included.
    """

    __slots__ = ("_buffer", "_inside", "_limit", "_size", "stray_bytes")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._inside = False
        self._size = 0
        """Bytes of the frame so far; above the limit the buffer holds only the head and a last FS."""
        self.stray_bytes = 0

    @property
    def waiting(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._inside

    @property
    def ended(self) -> bool:
        """Whether only the last CR is missing: after a short silence it will not come any more."""
        return self._inside and self._buffer.endswith(END[:1])

    def feed(self, data: bytes) -> list[bytes | Oversize]:
        """The frames that end in `data`, in order."""
        out: list[bytes | Oversize] = []
        at = 0
        while at < len(data):
            at = self._read(data, at, out) if self._inside else self._seek(data, at)
        return out

    def finish(self) -> list[bytes | Oversize]:
        """At the end of the stream, or after a silence: a frame whose sender forgot the last CR. Drops the rest."""
        out: list[bytes | Oversize] = []
        if self._inside:
            if self._buffer.endswith(END[:1]):
                self._close(1, out)
            else:
                self._cut()
        return out

    def _seek(self, data: bytes, at: int) -> int:
        start = data.find(START, at)
        self.stray_bytes += (len(data) if start < 0 else start) - at
        if start < 0:
            return len(data)
        self._inside = True
        return start + 1

    def _read(self, data: bytes, at: int, out: list[bytes | Oversize]) -> int:
        if data[at] == END[1] and self._buffer.endswith(END[:1]):
            self._close(1, out)
            return at + 1
        again = data.find(START, at)
        end = data.find(END, at, again if again >= 0 else len(data))
        if end < 0 <= again:
            self._take(data, at, again)
            if self._buffer.endswith(END[:1]):
                self._close(1, out)  # FS without CR, and the next frame at once
            else:
                self._cut()
            self._inside = True
            return again + 1
        if end >= 0:
            self._take(data, at, end)
            self._close(0, out)
            return end + len(END)
        self._take(data, at, len(data))
        return len(data)

    def _take(self, data: bytes, at: int, end: int) -> None:
        if at == end:
            return
        self._size += end - at
        if self._size <= self._limit + 1:  # one more, which may be the FS of a frame that just fits
            self._buffer += data[at:end]
            return
        head = min(HEAD, self._limit)
        self._buffer += data[at : min(end, at + HEAD)]
        del self._buffer[head:]
        self._buffer += data[end - 1 : end]

    def _close(self, trailing: int, out: list[bytes | Oversize]) -> None:
        size = self._size - trailing
        if size > self._limit:
            out.append(Oversize(size, bytes(self._buffer[: min(HEAD, self._limit)])))
        else:
            out.append(bytes(self._buffer[:size]))
        self._reset()

    def _cut(self) -> None:
        self.stray_bytes += self._size + 1
        self._reset()

    def _reset(self) -> None:
        self._buffer = bytearray()
        self._size = 0
        self._inside = False
