"""An HL7 v2 message as segments, fields and pieces of fields, split no further than asked (v2.9 chapter 2).

A field that is empty was not said; a field that is `""` was said to be deleted (2.5.3). `Segment.said` tells them apart.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from producers.hl7v2 import charset
from producers.hl7v2.bounds import DEFAULT, Limits, Problem
from producers.hl7v2.events import DEFAULT_TRIGGERS
from producers.hl7v2.separators import Separators, declared

__all__ = ["NULL", "Limits", "Message", "Problem", "Segment", "check_envelope", "header_of", "parse"]

NULL: Final = '""'
"""As it stands on the wire: delete what you hold."""

VERSIONS: Final = frozenset("2.1 2.2 2.3 2.3.1 2.4 2.5 2.5.1 2.6 2.7 2.7.1 2.8 2.8.1 2.8.2 2.9 2.9.1".split())
_HEADERS: Final = frozenset(("MSH", "FHS", "BHS"))
_EDGE: Final = "\x0b\x1c\r\n\t \0\x1a\ufeff"
"""What files and senders leave around a message."""
_EDGE_BYTES: Final = b"\x0b\x1c\r\n\t "
_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{2}")
_MAX_CONTROL_ID: Final = 199
_HEAD_BYTES: Final = 4096


class Segment:
    """One line of a message. Numbers are the standard's: fields, components and sub-components from 1, and MSH-1 is the
    field separator itself. `rep` counts repetitions from 0. What is not there is an empty text, never an error.
    """

    __slots__ = ("_fields", "index", "line", "memo", "name", "occurrence", "separators")

    def __init__(self, line: str, index: int, occurrence: int, separators: Separators) -> None:
        self.name = line[:3]
        self.index = index
        """In the message, from 1."""
        self.occurrence = occurrence
        """Among the segments of this name, from 1."""
        self.separators = separators
        self.line = line
        """As it stands."""
        self._fields: list[str] | None = None
        self.memo: dict[int, Any] = {}
        """What a reader of data types made of a field, to be asked for again."""

    def __repr__(self) -> str:
        return f"Segment({self.index})"

    def __getitem__(self, n: int) -> str:
        return self.field(n)

    @property
    def fields(self) -> list[str]:
        """All raw fields; `fields[n]` is field n, `fields[0]` the name."""
        if self._fields is None:
            self._fields = self.line.split(self.separators.field)
            if self.name in _HEADERS:
                self._fields.insert(1, self.separators.field)
        return self._fields

    def field(self, n: int) -> str:
        """Field n as it stands, with its repetitions, components and escapes."""
        fields = self._fields or self.fields
        return fields[n] if 0 <= n < len(fields) else ""

    def repetitions(self, n: int) -> list[str]:
        """Raw repetitions; none for an empty field."""
        value = self.field(n)
        if not value:
            return []
        return (
            [value]
            if self.separators.repetition not in value or self._whole(n)
            else value.split(self.separators.repetition)
        )

    def components(self, n: int, rep: int = 0) -> list[str]:
        """Raw components of one repetition."""
        value = self.piece(n, rep, 0, 0)
        return [value] if self._whole(n) else value.split(self.separators.component) if value else []

    def piece(self, n: int, rep: int = 0, comp: int = 1, sub: int = 1) -> str:
        """A piece as it stands. `comp` 0 is the whole repetition, `sub` 0 the whole component."""
        fields = self._fields or self.fields
        value = fields[n] if 0 <= n < len(fields) else ""
        if not value or (n <= 2 and self._whole(n)):
            return value
        signs = self.separators
        value = _part(value, signs.repetition, rep)
        if comp:
            value = _part(value, signs.component, comp - 1)
            if sub:
                value = _part(value, signs.subcomponent, sub - 1)
        return value

    def text(self, n: int, rep: int = 0, comp: int = 1, sub: int = 1) -> str:
        """A piece unescaped and stripped; empty where it is absent, empty or deleted (`""`)."""
        fields = self._fields or self.fields
        value = fields[n] if 0 <= n < len(fields) else ""
        if not value or value.isalnum() or not self.separators.special(value):  # most fields
            return value.strip() if not rep and comp <= 1 and sub <= 1 else ""
        value = self.piece(n, rep, comp, sub)
        return "" if value == NULL else self.separators.unescaped(value).strip()

    def texts(self, n: int, rep: int = 0) -> list[str]:
        """`text` of each component of a repetition, at once; empty for an empty field."""
        return self.split(self.piece(n, rep, 0))

    def split(self, repetition: str) -> list[str]:
        """`text` of each component of a raw repetition: for going through `repetitions` without splitting again."""
        if not repetition:
            return []
        signs = self.separators
        parts = repetition.split(signs.component)
        if signs.subcomponent and signs.subcomponent in repetition:
            parts = [part.split(signs.subcomponent, 1)[0] for part in parts]
        return ["" if part == NULL else signs.unescaped(part).strip() for part in parts]

    def said(self, n: int, rep: int = 0, comp: int = 1, sub: int = 1) -> str | None:
        """For folding updates: None unchanged (nothing was sent), an empty text deleted (`""`), else the new text.

        A whole repetition of `""` deletes all its components.
        """
        value = self.piece(n, rep, comp, sub)
        if value == NULL or (not value and self.piece(n, rep, 0) == NULL):
            return ""
        return self.separators.unescaped(value).strip() or None

    def place(self, n: int = 0, comp: int = 0, rep: int = 0) -> str:
        """For messages to people: `PID[1]`, `PID[1]-5`, `PID[1]-5.1`; a later repetition as `PID[1]-3[2].1`."""
        if not _NAME.fullmatch(self.name):
            return f"segment[{self.index}]"
        where = f"{self.name}[{self.occurrence}]"
        if n:
            where += f"-{n}" + (f"[{rep + 1}]" if rep else "") + (f".{comp}" if comp else "")
        return where

    def _whole(self, n: int) -> bool:
        """MSH-1 and MSH-2 are separators, not separated."""
        return n <= 2 and self.name in _HEADERS

    def _named(self) -> bool:
        """A valid name, and the separator (or the end) after it."""
        return self.line[3:4] in ("", self.separators.field) and _NAME.fullmatch(self.name) is not None


class Message:
    """Segments in order. `header` is the MSH."""

    __slots__ = ("_by_name", "_segments", "header", "separators")

    def __init__(self, lines: Sequence[str], separators: Separators) -> None:
        self.separators = separators
        self._segments: list[Segment] = []
        self._by_name: dict[str, list[Segment]] = {}
        by_name = self._by_name
        for index, line in enumerate(lines, 1):
            same = by_name.setdefault(line[:3], [])
            segment = Segment(line, index, len(same) + 1, separators)
            same.append(segment)
            self._segments.append(segment)
        self.header = self._segments[0]

    def __repr__(self) -> str:
        return f"Message({len(self._segments)} segments)"

    def __iter__(self) -> Iterator[Segment]:
        return iter(self._segments)

    def __len__(self) -> int:
        return len(self._segments)

    def segments(self, name: str) -> Sequence[Segment]:
        return self._by_name.get(name, ())

    def first(self, name: str) -> Segment | None:
        found = self._by_name.get(name)
        return found[0] if found else None

    @property
    def code(self) -> str:
        """MSH-9.1, such as `ADT`."""
        return self.header.text(9)

    @property
    def trigger(self) -> str:
        """MSH-9.2, such as `A01`; where v2.1 and v2.2 leave it out, EVN-1 or the only event the code had."""
        said = self.header.text(9, comp=2)
        if said:
            return said
        evn = self.first("EVN")
        return (evn.text(1) if evn else "") or DEFAULT_TRIGGERS.get(self.code, "")

    @property
    def control_id(self) -> str:
        """MSH-10, which the sender waits to see again in MSA-2."""
        return self.header.text(10, comp=0)

    @property
    def version(self) -> str:
        return self.header.text(12)


def _part(value: str, separator: str, n: int) -> str:
    if not separator or separator not in value:
        return value if n == 0 else ""
    parts = value.split(separator)
    return parts[n] if 0 <= n < len(parts) else ""


def parse(raw: str | bytes, *, limits: Limits = DEFAULT, default_charset: str = "utf-8") -> Message | Problem:
    """One message, with or without its MLLP bytes; segments end with CR, LF or both. Never raises.

    `default_charset` is the feed's setting, see `charset.decode`. Only what keeps a message from being read is a problem
    here; `check_envelope` says whether it can be taken.
    """
    if len(raw) > limits.message:
        return Problem("too_large", "", f"{len(raw)} bytes, at most {limits.message}")
    text = raw
    if isinstance(text, bytes):
        text = text.lstrip(_EDGE_BYTES)
        read = charset.decode(text, _charset_of(text), default_charset)
        if isinstance(read, Problem):
            return read
        text = read
    text = text.strip(_EDGE)
    if not text.startswith("MSH"):
        return Problem("hl7_no_msh", "segment[1]", "the first segment is not MSH")
    lines = _lines(text)
    separators = declared(lines[0])
    if separators is None:
        return Problem("hl7_bad_separators", "MSH[1]-2", "MSH-1 and MSH-2 need 3 to 6 distinct signs")
    if len(lines) > limits.segments:
        return Problem("too_large", "", f"{len(lines)} segments, at most {limits.segments}")
    return _crowded(lines, separators, limits) or Message(lines, separators)


def header_of(raw: bytes) -> Message | None:
    """Only the MSH of bytes that could not be parsed, so that the answer can name the message; None without one."""
    head = raw[:_HEAD_BYTES].lstrip(_EDGE_BYTES)
    read = charset.decode(head, None)
    text = head.decode("utf-8", "replace") if isinstance(read, Problem) else read
    lines = _lines(text.strip(_EDGE))
    if not lines or not lines[0].startswith("MSH"):
        return None
    separators = declared(lines[0])
    return Message(lines[:1], separators) if separators else None


def _lines(text: str) -> list[str]:
    if "\n" in text:
        text = text.replace("\n", "\r")
    return [line for line in text.split("\r") if line and not line.isspace()]


def _charset_of(raw: bytes) -> str | None:
    """MSH-18, first repetition. A header in UTF-16 needs none: its zero bytes say it."""
    fields = re.split(rb"[\r\n]", raw[:_HEAD_BYTES], maxsplit=1)[0].split(raw[3:4] or b"|", 18)
    return fields[17].split(raw[5:6] or b"~")[0].decode("ascii", "replace") if len(fields) > 17 else None


def _crowded(lines: list[str], separators: Separators, limits: Limits) -> Problem | None:
    """More pieces than any real segment has would cost memory when they are split."""
    small = separators.repetition, separators.component, separators.subcomponent
    for index, line in enumerate(lines, 1):
        if len(line) < limits.fields:
            continue
        if line.count(separators.field) > limits.fields:
            return Problem("too_large", f"segment[{index}]", f"more than {limits.fields} fields")
        if any(line.count(sign) > limits.pieces for sign in small if sign):
            return Problem("too_large", f"segment[{index}]", f"more than {limits.pieces} pieces")
    return None


def check_envelope(message: Message) -> Problem | None:
    """Whether the message can be answered and taken: type, control id, processing id, version, names of segments.

    A missing MSH-11 is tolerated, as engines do: older devices leave it out. A wrong one is not.
    """
    header = message.header
    code, trigger = message.code, message.trigger
    if not _NAME.fullmatch(code) or not _NAME.fullmatch(trigger):
        return Problem("hl7_no_type", header.place(9), "message code and trigger event, such as ADT^A01")
    control_id = message.control_id
    if not 0 < len(control_id) <= _MAX_CONTROL_ID:
        return Problem("hl7_no_control_id", header.place(10), f"1 to {_MAX_CONTROL_ID} characters")
    if header.text(11) not in ("", "P", "T", "D"):
        return Problem("hl7_processing_id", header.place(11, 1), "P, T or D")
    if message.version not in VERSIONS:
        return Problem("hl7_version", header.place(12, 1), "2.1 to 2.9")
    for segment in message:
        if not segment._named():
            return Problem("hl7_segment_name", f"segment[{segment.index}]", "not a segment name and a separator")
    if len(message.segments("MSH")) > 1:
        return Problem("hl7_segment_name", "MSH[2]", "a second message begins here")
    return None
