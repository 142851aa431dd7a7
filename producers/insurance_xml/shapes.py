"""The common part, read without a tree: rows of plain fields, written one like the other. Pure but for what it learns.

A sender writes each row of a table with the same elements in the same order. That order, once learned, is one regular
expression, and a row is one match: twice as fast as a tree. Whatever does not fit to the letter (attributes,
comments, entities, a field unknown or twice, a character XML forbids) is left to the tree in `part`, which finds the
same rows where both can read, and says what is wrong where nobody can. Only names of elements are remembered.
"""

import re
from typing import Final

from producers.insurance_xml.bounds import Limits
from producers.insurance_xml.tables import FIELDS
from producers.insurance_xml.text import clean

_FORBIDDEN: Final = r"\x00-\x08\x0b-\x1f\ufffe\uffff"
"""No characters of XML, and the carriage return, which a parser turns into a line feed."""
_TEXT: Final = rf"[^<>&{_FORBIDDEN}]*+"
_CDATA: Final = rf"<!\[CDATA\[[^\]{_FORBIDDEN}]*+(?:\](?!\]>)[^\]{_FORBIDDEN}]*+)*+\]\]>"
_BLANKS: Final = r"[ \t\r\n]*+"
_DECLARATION: Final = re.compile(
    r"""(?:<\?xml version=(["'])1\.0\1(?: encoding=(["'])[A-Za-z][A-Za-z0-9._-]*\2)?(?: standalone=(["'])(?:yes|no)\3)? ?\?>)?"""
    + _BLANKS
)
_OPENING: Final = re.compile(rf'<([A-Z][A-Z0-9_]*)((?: xmlns:[a-z]{{1,9}}="[^"<&{_FORBIDDEN}]*")*)>{_BLANKS}')
_LEAF: Final = re.compile(rf"<([A-Z][A-Z0-9_]*)(?:>(?:{_CDATA}|{_TEXT})</\1>| ?/>){_BLANKS}")
_SPACE: Final = re.compile(_BLANKS)
_DEEPEST: Final = 4
"""Elements around a field."""
_SIGNATURE: Final = "CHUKYDONVI"
_KNOWN: Final = 8
"""Shapes of a table held at once, the last used first."""
_LEARNED: Final = 100
"""Shapes of a table learned in all: somebody who writes no row like another is read by the tree."""


def _cleaned(value: str) -> str:
    if value[0] == "<":
        return clean(value[9:-3])
    return value.strip() if value.isascii() else clean(value)


class _Shape:
    """The fields of a row in their order."""

    __slots__ = ("_match", "_names")

    def __init__(self, tag: str, names: tuple[str, ...]) -> None:
        fields = "".join(rf"<{name}(?:>({_CDATA}|{_TEXT})</{name}>| ?/>){_BLANKS}" for name in names)
        self._match = re.compile(rf"<{tag}>{_BLANKS}{fields}</{tag}>{_BLANKS}").match
        self._names = names

    def read(self, text: str, at: int) -> tuple[dict[str, str], int] | None:
        """(row, where it ends)."""
        found = self._match(text, at)
        if found is None:
            return None
        row = {name: _cleaned(value) if value else "" for name, value in zip(self._names, found.groups(), strict=True)}
        return row, found.end()


_shapes: Final[dict[str, tuple[_Shape, ...]]] = dict.fromkeys(FIELDS, ())
_learned: Final[dict[str, int]] = dict.fromkeys(FIELDS, 0)


def rows(table: str, data: bytes, limits: Limits) -> tuple[dict[str, str], ...] | None:
    """The rows of a part, None where the tree has to look. `data` is UTF-8 without mark and leading blanks."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    opened = _openings(table, text)
    if opened is None or len(opened[0]) + 1 >= limits.depth:
        return None
    (*around, tag), at = opened
    made: list[dict[str, str]] = []
    while len(made) < limits.rows:
        read = _row(table, tag, text, at, limits)
        if read is None:
            break
        row, at = read
        made.append(row)
    if not made or (not around and len(made) > 1) or not _closes(text, at, around):
        return None
    if len(data) > limits.field and any(len(value.encode()) > limits.field for row in made for value in row.values()):
        return None
    return tuple(made)


def _openings(table: str, text: str) -> tuple[list[str], int] | None:
    """(the elements around the first field, where the innermost of them, the row, begins)."""
    declaration = _DECLARATION.match(text)
    at = declaration.end() if declaration else 0
    names: list[str] = []
    row_at = at
    while (found := _OPENING.match(text, at)) is not None and found[1] not in FIELDS[table]:
        names.append(found[1])
        if len(names) > _DEEPEST or found[1] == _SIGNATURE or not _plain(found[2], first=len(names) == 1):
            return None
        row_at, at = at, found.end()
    return (names, row_at) if names and not text.startswith(" ", row_at + 1 + len(names[-1])) else None


def _plain(attributes: str, first: bool) -> bool:
    """No attributes, or on the outermost element declarations of prefixes that nobody then uses."""
    prefixes = re.findall(r" xmlns:([a-z]+)=", attributes)
    return not attributes or (
        first and len(prefixes) == len(set(prefixes)) and "xml" not in attributes.replace("xmlns", "")
    )


def _row(table: str, tag: str, text: str, at: int, limits: Limits) -> tuple[dict[str, str], int] | None:
    known = _shapes[table]
    for shape in known:
        read = shape.read(text, at)
        if read is not None:
            if shape is not known[0]:
                _shapes[table] = (shape, *(other for other in known if other is not shape))
            return read
    if _learned[table] >= _LEARNED or not text.startswith(f"<{tag}>", at):
        return None
    names = _names(tag, text, at)
    if not names or len(names) > limits.fields or len(set(names)) < len(names) or not FIELDS[table].issuperset(names):
        return None
    _learned[table] += 1
    shape = _Shape(tag, names)
    _shapes[table] = (shape, *known[: _KNOWN - 1])
    return shape.read(text, at)


def _names(tag: str, text: str, at: int) -> tuple[str, ...]:
    """The fields of the row that begins here, none where it holds anything but plain fields."""
    blanks = _SPACE.match(text, at + len(tag) + 2)
    at = blanks.end() if blanks else at
    names = []
    while (found := _LEAF.match(text, at)) is not None:
        names.append(found[1])
        at = found.end()
    return tuple(names) if text.startswith(f"</{tag}>", at) else ()


def _closes(text: str, at: int, around: list[str]) -> bool:
    """Whether the elements around the rows end here, and the document with them."""
    for name in reversed(around):
        closing = f"</{name}>"
        if not text.startswith(closing, at):
            return False
        blanks = _SPACE.match(text, at + len(closing))
        at = blanks.end() if blanks else at
    return at == len(text)
