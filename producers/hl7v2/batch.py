"""A file of HL7 v2: one message, several, or batches (FHS, BHS, BTS, FTS; v2.9 chapter 2.10.3).

Every byte but blank lines and the batch segments ends in a message or, as `original`, in a `Problem`.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from producers.hl7v2 import charset
from producers.hl7v2.bounds import DEFAULT, Limits, Problem

_BLANK: Final = b" \t\r\n\x0b\x1c\x1a\0"
_FRAMING: Final = bytes.maketrans(b"\x0b\x1c", b"\r\r")
_START: Final = re.compile(rb"(?:\A|(?<=[\r\n]))(MSH|FHS|BHS|BTS|FTS)(?![A-Za-z0-9])")
_BREAK: Final = re.compile(rb"[\r\n]+")
_NUMBER: Final = re.compile(rb"[ ]*([0-9]{1,9})[ ]*")
_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class _Books:
    """How many messages and batches have been seen, against what the trailers say."""

    __slots__ = ("batches", "heads", "messages", "total")

    def __init__(self) -> None:
        self.messages = 0
        """Since the last BHS or BTS."""
        self.total = 0
        self.batches = 0
        self.heads = 0

    def message(self) -> None:
        self.messages += 1
        self.total += 1

    def check(self, name: bytes, line: bytes, place: str) -> Problem | None:
        """BTS-1 counts the messages of its batch, FTS-1 the batches. An empty count promises nothing."""
        found = line.split(line[3:4], 2) if line[3:4] else []
        said = found[1] if len(found) > 1 else b""
        if name == b"BTS":
            actual, allowed = self.messages, {self.messages}
            self.messages = 0
            self.batches += 1
        else:
            # Without BHS the file is one batch; some senders count the messages there.
            actual = max(self.batches, self.heads)
            allowed = {actual} if actual else {0, 1, self.total}
        if not said.strip():
            return None
        number = _NUMBER.fullmatch(said)
        if number and int(number[1]) in allowed:
            return None
        promised = int(number[1]) if number else "no number"
        return Problem("hl7_batch_count", place, f"{name.decode()}-1 says {promised}, found {actual}")


def split(raw: bytes, limits: Limits = DEFAULT) -> Iterator[bytes | Problem]:
    """The messages in order, and what is wrong where it is wrong. A file in UTF-16 yields messages in UTF-8.

    MLLP bytes left in the file end lines. Places are bytes of the file, from 1.
    """
    if len(raw) > limits.file:
        yield Problem("too_large", "", f"{len(raw)} bytes, at most {limits.file}")
        return
    data = _narrow(raw)
    if isinstance(data, Problem):
        yield data
        return
    data = data.translate(_FRAMING)
    starts = list(_START.finditer(data))
    loose = data[: starts[0].start() if starts else len(data)]
    if loose.strip(_BLANK):
        yield _loose(loose, 0, "hl7_no_msh", "before the first MSH")
    books = _Books()
    ends = [*(start.start() for start in starts[1:]), *([len(data)] if starts else ())]
    for start, end in zip(starts, ends, strict=True):
        chunk = data[start.start() : end]
        if start[1] == b"MSH":
            books.message()
            yield _message(chunk, start.start(), limits)
        else:
            yield from _batch_line(start[1], chunk, start.start(), books)


def _message(chunk: bytes, at: int, limits: Limits) -> bytes | Problem:
    message = chunk.strip(_BLANK)
    if len(message) > limits.message:
        return Problem("too_large", f"byte {at + 1}", f"{len(message)} bytes, at most {limits.message}", message)
    return message


def _batch_line(name: bytes, chunk: bytes, at: int, books: _Books) -> Iterator[Problem]:
    line, *_ = _BREAK.split(chunk, maxsplit=1)
    if name == b"BHS":
        books.heads += 1
        books.messages = 0
    elif name != b"FHS":
        wrong = books.check(name, line, f"byte {at + 1}")
        if wrong:
            yield replace(wrong, original=line)
    rest = chunk[len(line) :]
    if rest.strip(_BLANK):
        yield _loose(rest, at + len(line), "hl7_segment_name", f"after {name.decode()}")


def _loose(lines: bytes, at: int, reason: str, where: str) -> Problem:
    content = lines.strip(_BLANK)
    first = at + len(lines) - len(lines.lstrip(_BLANK)) + 1
    return Problem(reason, f"byte {first}", f"{len(content)} bytes {where}", content)


def _narrow(raw: bytes) -> bytes | Problem:
    """Without byte-order mark; two-byte text as UTF-8, for only there a line break is one byte."""
    if not raw.startswith(_WIDE) and raw[:2].count(0) != 1:
        return raw.removeprefix(codecs.BOM_UTF8)
    read = charset.decode(raw, None)
    if isinstance(read, Problem):
        return Problem(read.reason, read.place, read.detail, raw)
    return read.encode("utf-8", "replace")
