"""One part of a HOSO (a table, XML0 to XML15): its bytes -> rows. Pure; never raises on any bytes.

Rows are found by what they hold, not by the names around them: those are spelled in several ways, and QĐ 4210 had no
outer root (QĐ 130/4750/3176, inner documents).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, Protocol, TypeAlias

from lxml import etree

from producers.insurance_xml import charset, shapes
from producers.insurance_xml.bounds import Limits, Problem, not_well_formed
from producers.insurance_xml.tables import FIELDS
from producers.insurance_xml.text import clean

Row: TypeAlias = Mapping[str, str]
"""Field -> text (NFC, trimmed; "" where the element is empty). A field that was not sent is not there."""

_BEFORE_ROOT: Final = rb"(?>\s|<\?.*?\?>|<!--.*?-->)*+"
_DOCTYPE: Final = re.compile(_BEFORE_ROOT + rb"<!DOCTYPE", re.DOTALL | re.IGNORECASE)
_SIGNATURES: Final = frozenset(("CHUKYDONVI", "Signature"))
_WRAPPING: Final = re.compile(r"DSACH_|CHI_?TIEU_|CHI_?TIET_|TONG_HOP\Z|TRANG_THAI_KCB\Z|DU_LIEU_|HO_SO_")
_ELEMENTS: Final[Any] = etree.XPath("count(descendant-or-self::*)")


@dataclass(frozen=True, slots=True)
class Part:
    """One table of one HOSO. `unknown_elements` counts what the standard does not name, and repeats within a row;

    unknown fields are in the rows all the same. A part may have no rows.
    """

    table: str
    rows: tuple[Row, ...] = field(repr=False)
    unknown_elements: Mapping[str, int] = field(default_factory=dict, repr=False)


class _Node(Protocol):
    """An lxml element as it is after parsing bytes without comments: names and texts are str."""

    tag: str

    @property
    def text(self) -> str | None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> "_Node": ...
    def __iter__(self) -> Iterator["_Node"]: ...
    def itertext(self) -> Iterator[str]: ...
    def iter(self) -> Iterator["_Node"]: ...
    def iterdescendants(self) -> Iterator["_Node"]: ...


def read_part(table: str, raw: bytes, limits: Limits, place: str) -> Part | Problem:
    """`table` is a key of `tables.FIELDS`; `raw` the inner document, decoded from base64."""
    if len(raw) > limits.part:
        return Problem("too_large", place, f"{len(raw)} bytes")
    data = charset.to_utf8(raw)
    if data is None:
        return Problem("xml_not_well_formed", place, "not of its character set")
    if len(data) > limits.markup and data.count(b"<") + data.count(b"=") > limits.markup:
        return Problem("xml_too_many", place, f"more than {limits.markup} tags and attributes")
    rows = shapes.rows(table, data, limits)
    return read_tree(table, data, limits, place) if rows is None else Part(table, rows)


def read_tree(table: str, data: bytes, limits: Limits, place: str) -> Part | Problem:
    """The same for any markup; `data` is UTF-8 without mark and leading blanks, of bounded size and markup."""
    if _DOCTYPE.match(data):
        return Problem("xml_entities", place)
    try:
        root: Any = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        return not_well_formed(error, place)
    if root.getroottree().docinfo.doctype:
        return Problem("xml_entities", place)
    reading = _Reading(table, limits, place, b"&" not in data, len(data) > limits.field)
    part = reading.read(root)
    if isinstance(part, Part) and any(name.startswith("{") for name in part.unknown_elements):
        _drop_namespaces(root)
        part = reading.read(root)
    return part


def _parser() -> etree.XMLParser:
    # libxml2's own bounds (256 levels, 10 MB a text) stay on; a parser is cheap and must not be shared by threads.
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        remove_blank_text=True,
        collect_ids=False,
    )


def _drop_namespaces(root: _Node) -> None:
    for element in root.iter():
        tag = element.tag
        if tag.startswith("{"):
            element.tag = tag.rpartition("}")[2]


class _Refused(Exception):
    """Carries the problem out of the walk."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class _Reading:
    """The walk over one part. `deep` is the second, slower walk, for a part in which a field holds elements."""

    def __init__(self, table: str, limits: Limits, place: str, plain: bool, long: bool) -> None:
        self._table, self._limits, self._place = table, limits, place
        self._known = FIELDS[table]
        self._plain, self._long = plain, long
        self._begin(deep=False)

    def _begin(self, deep: bool) -> None:
        self._deep = deep
        self._rows: list[Row] = []
        self._unknown: Counter[str] = Counter()
        self._seen = 0

    def read(self, root: _Node) -> Part | Problem:
        try:
            self._begin(deep=False)
            self._walk(root, 1)
            if int(_ELEMENTS(root)) != self._seen:
                self._begin(deep=True)
                self._walk(root, 1)
        except _Refused as refused:
            return refused.problem
        return Part(self._table, tuple(self._rows), dict(self._unknown))

    def _refuse(self, reason: str, detail: str = "") -> NoReturn:
        raise _Refused(Problem(reason, self._place, detail))

    def _walk(self, element: _Node, depth: int) -> None:
        """A row is the outermost element that holds a field of its table; failing that, one that holds only leaves."""
        if depth >= self._limits.depth and len(element):
            self._refuse("xml_too_deep")
        self._seen += 1
        if self._is_row(element):
            self._row(element, depth)
            return
        for child in element:
            if child.tag in _SIGNATURES:
                self._seen += int(_ELEMENTS(child))
            elif len(child):
                self._walk(child, depth + 1)
            else:
                self._seen += 1
                self._count_unknown(child.tag)

    def _is_row(self, element: _Node) -> bool:
        if not len(element):
            return False
        known = self._known
        if element[0].tag in known or any(child.tag in known for child in element):
            return not self._deep or not any(self._holds_fields(child) for child in element if len(child))
        return all(not len(child) and not _WRAPPING.match(child.tag) for child in element)

    def _holds_fields(self, child: _Node) -> bool:
        return child.tag not in _SIGNATURES and any(e.tag in self._known for e in child.iterdescendants())

    def _row(self, element: _Node, depth: int) -> None:
        count = len(element)
        if count > self._limits.fields:
            self._refuse("xml_too_many", f"row {len(self._rows) + 1}: {count} fields")
        self._seen += count
        if len(self._rows) == self._limits.rows:
            self._refuse("xml_too_many", f"more than {self._limits.rows} rows")
        row: dict[str, str]
        if self._deep:
            row = self._deep_row(element, depth + 1)
        elif self._plain:
            # The common case, spelled out: this line is most of the time spent in Python.
            row = {
                e.tag: (text.strip() if text.isascii() else clean(text)) if (text := e.text) else "" for e in element
            }
        else:
            row = {e.tag: clean(text) if (text := e.text) else "" for e in element}
        if len(row) != count or not row.keys() <= self._known:
            row = self._strange(element)
        if self._long and any(len(text.encode()) > self._limits.field for text in row.values()):
            self._refuse("too_large", f"row {len(self._rows) + 1}: a field of more than {self._limits.field} bytes")
        self._rows.append(row)

    def _deep_row(self, element: _Node, depth: int) -> dict[str, str]:
        """As any row, but a field that holds elements has all the text in them, and they are counted as unknown."""
        row = {}
        for child in element:
            row[child.tag] = clean("".join(child.itertext()))
            if len(child) and child.tag not in _SIGNATURES:
                self._count_beneath(child, depth)
        return row

    def _count_beneath(self, element: _Node, depth: int) -> None:
        if depth >= self._limits.depth:
            self._refuse("xml_too_deep")
        for child in element:
            self._count_unknown(child.tag)
            self._count_beneath(child, depth + 1)

    def _strange(self, element: _Node) -> dict[str, str]:
        """A row with unknown or repeated fields. Of a repeated one the first that says something stands."""
        first: dict[str, str] = {}
        for child in element:
            tag = child.tag
            if tag in _SIGNATURES:
                continue
            if tag not in self._known or tag in first:
                self._count_unknown(tag)
            if not first.get(tag):
                first[tag] = clean("".join(child.itertext()))
        return first

    def _count_unknown(self, name: str) -> None:
        self._unknown[name] += 1
        if len(self._unknown) > self._limits.fields:
            self._refuse("xml_too_many", f"more than {self._limits.fields} unknown elements")
