"""The common part, read without a tree: rows of plain fields. Pure but for what it learns.

One expression tells that a row holds plain fields and nothing else, a second one takes them out, whichever fields it
leaves out. A sender who writes most rows of a table with the same elements in the same order is read faster still: an
order met WORTH times becomes an expression of its own (to compile one costs as much as reading 100 rows). Whatever does not fit to the letter (attributes, comments, entities, a field
unknown or twice, a character XML forbids) is left to the tree in `part`, which finds the same rows where both can read,
and says what is wrong where nobody can. Only names of elements are remembered.
"""

import re
from collections import Counter
from typing import Final

from producers.insurance_xml.bounds import Limits
from producers.insurance_xml.tables import FIELDS
from producers.insurance_xml.text import clean

_FORBIDDEN: Final = r"\x00-\x08\x0b-\x1f\ufffe\uffff"
"""No characters of XML, and the carriage return, which a parser turns into a line feed."""
_TEXT: Final = rf"[^<>&{_FORBIDDEN}]*+"
_CDATA: Final = rf"<!\[CDATA\[[^\]{_FORBIDDEN}]*+(?:\](?!\]>)[^\]{_FORBIDDEN}]*+)*+\]\]>"
_BLANKS: Final = r"[ \t\r\n]*+"
_NAME: Final = r"[A-Z][A-Z0-9_]*+"
_DECLARATION: Final = re.compile(
    r"""(?:<\?xml version=(["'])1\.0\1(?: encoding=(["'])[A-Za-z][A-Za-z0-9._-]*\2)?(?: standalone=(["'])(?:yes|no)\3)? ?\?>)?"""
    + _BLANKS
)
_OPENING: Final = re.compile(rf'<({_NAME})((?: xmlns:[a-z]{{1,9}}="[^"<&{_FORBIDDEN}]*")*)>{_BLANKS}')
_ROW: Final = re.compile(
    rf"<({_NAME})>{_BLANKS}((?:<({_NAME})(?:>(?:{_TEXT}|{_CDATA})</\3>| ?/>){_BLANKS})++)</\1>{_BLANKS}"
).match
_FIELDS: Final = re.compile(rf"<({_NAME})(?:>({_TEXT}|{_CDATA})</| ?/>)").findall
"""To be used inside what `_ROW` has found only: there each match begins where the one before it and blanks end."""
_SIMPLE: Final = re.compile(rf"<({_NAME})>([^<]*+)</").findall
"""The same where there is no CDATA and no empty element, in two thirds of the time."""
_SPACE: Final = re.compile(_BLANKS)
_DEEPEST: Final = 4
"""Elements around a field."""
_SIGNATURE: Final = "CHUKYDONVI"


def _cleaned(value: str) -> str:
    if value[0] == "<":
        return clean(value[9:-3])
    return value.strip() if value.isascii() else clean(value)


WORTH: Final = 50
"""Rows of one order, until it is learned."""
_LEARNED: Final = 4
"""Orders of a table learned in all."""
_COUNTED: Final = 500
"""Orders of a table counted; with more than that they are counted anew."""


class _Shape:
    """The fields of a row in their order."""

    __slots__ = ("_match", "_names")

    def __init__(self, names: tuple[str, ...]) -> None:
        fields = "".join(rf"<{name}(?:>({_TEXT}|{_CDATA})</{name}>| ?/>){_BLANKS}" for name in names)
        self._match = re.compile(rf"<({_NAME})>{_BLANKS}{fields}</\1>{_BLANKS}").match
        self._names = names

    def read(self, tag: str, text: str, at: int) -> tuple[dict[str, str], int] | None:
        """(row, where it ends)."""
        found = self._match(text, at)
        if found is None or found[1] != tag:
            return None
        values = found.groups()[1:]
        row = {name: _cleaned(value) if value else "" for name, value in zip(self._names, values, strict=True)}
        return row, found.end()


_shapes: Final[dict[str, tuple[_Shape, ...]]] = dict.fromkeys(FIELDS, ())
_met: Final[dict[str, Counter[tuple[str, ...]]]] = {table: Counter() for table in FIELDS}


def _learn(table: str, row: dict[str, str]) -> None:
    if len(_shapes[table]) >= _LEARNED:
        return
    met, names = _met[table], tuple(row)
    if len(met) >= _COUNTED:
        met.clear()
    met[names] += 1
    if met[names] == WORTH:
        _shapes[table] = (*_shapes[table], _Shape(names))


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
    simple = "<!" not in text and "/>" not in text
    while len(made) < limits.rows:
        read = _by_shape(table, tag, text, at) or _row(table, tag, text, at, simple)
        if read is None:
            break
        if len(read[0]) > limits.fields:
            return None
        row, at = read
        made.append(row)
    if not made or (not around and len(made) > 1) or not _closes(text, at, around):
        return None
    if len(data) > limits.field and any(len(value.encode()) > limits.field for row in made for value in row.values()):
        return None
    return tuple(made)


def _by_shape(table: str, tag: str, text: str, at: int) -> tuple[dict[str, str], int] | None:
    for shape in _shapes[table]:
        if (read := shape.read(tag, text, at)) is not None:
            return read
    return None


def _row(table: str, tag: str, text: str, at: int, simple: bool) -> tuple[dict[str, str], int] | None:
    """(the row that begins here, where it ends), None where there is none. `simple`: no CDATA, no empty element."""
    found = _ROW(text, at)
    if found is None or found[1] != tag:
        return None
    fields = (_SIMPLE if simple else _FIELDS)(text, found.start(2), found.end(2))
    row = {name: _cleaned(value) if value else "" for name, value in fields}
    if len(row) < len(fields) or not FIELDS[table].issuperset(row):
        return None
    _learn(table, row)
    return row, found.end()


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
    if not attributes:
        return True
    prefixes = re.findall(r" xmlns:([a-z]+)=", attributes)
    return first and len(prefixes) == len(set(prefixes)) and "xml" not in attributes.replace("xmlns", "")


def _closes(text: str, at: int, around: list[str]) -> bool:
    """Whether the elements around the rows end here, and the document with them."""
    for name in reversed(around):
        closing = f"</{name}>"
        if not text.startswith(closing, at):
            return False
        blanks = _SPACE.match(text, at + len(closing))
        at = blanks.end() if blanks else at
    return at == len(text)
