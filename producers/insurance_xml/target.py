"""What the XML parser calls while it reads an envelope: keeps the heading, and each HOSO as canonical bytes and pieces."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from producers.insurance_xml.bounds import Limits, Problem

_HEADING: Final = frozenset(("MACSKCB", "NGAYLAP", "SOLUONGHOSO"))
_HEADING_TEXT: Final = 1_000
_ESCAPED: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;"))


@dataclass(frozen=True, slots=True)
class Piece:
    """One FILEHOSO: LOAIHOSO and NOIDUNGFILE as written (base64, or XML from CDATA or child elements).

    `content` is None where it is too large.
    """

    table: str = field(repr=False)
    content: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One HOSO, its parts not yet decoded. `index` counts from 1; `raw` are its canonical bytes."""

    index: int
    raw: bytes = field(repr=False)
    pieces: tuple[Piece, ...] = ()
    problems: tuple[Problem, ...] = ()


class Stop(Exception):
    """Raised inside the parser to end it; carries why."""

    def __init__(self, reason: str, place: str = "", detail: str = "") -> None:
        self.problem = Problem(reason, place, detail)


class Target:
    """What the parser calls. Outside a HOSO only the heading is kept."""

    def __init__(self, limits: Limits, root: str, index: int) -> None:
        self._limits, self._root = limits, root
        self._next = index
        self._largest_text = 2 * limits.part  # base64 is 4/3, and there may be blanks
        self.heading: dict[str, str] = {}
        self.signed = False
        self.calls = 0
        """Grows while the parser gets on."""
        self.found = 0
        self.done: list[Sheet] = []
        self._path: list[str] = []
        self._elements = 0
        self._text: list[str] | None = None
        self._length = 0
        self._hoso = 0
        """Depth of the open HOSO, 0 outside."""
        self._raw = bytearray()
        self._over = False
        """The open HOSO is too large: what follows of it is not kept."""
        self._pieces: list[Piece] = []
        self._problems: list[Problem] = []
        self._table = ""
        self._content: str | None = ""
        self._inner = 0
        """Where the children of the open NOIDUNGFILE begin in `_raw`, 0 if it has none (yet)."""

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise Stop("xml_entities")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.calls += 1
        path, name = self._path, tag.rpartition("}")[2]
        path.append(name)
        depth = len(path)
        if depth > self._limits.depth:
            raise Stop("xml_too_deep")
        self._elements += 1
        if self._elements > self._limits.elements:
            raise Stop("xml_too_many", "", f"more than {self._limits.elements} elements")
        if depth == 1 and name != self._root:
            raise Stop("xml_root")
        if self._hoso:
            self._start_inside(name, depth - self._hoso)
        elif name == "HOSO":
            self._open_hoso(depth)
        elif name in _HEADING:
            self._listen()
        elif "CHUKYDONVI" in path[:-1]:
            self.signed = True
        if self._hoso:
            self._keep(_start_tag(name, attributes))

    def data(self, text: str) -> None:
        self.calls += 1
        if self._hoso:
            self._keep(_escape(text))
        elif self._path[-1] == "CHUKYDONVI" and not text.isspace():
            self.signed = True
        if self._text is not None:
            self._length += len(text)
            if self._length <= self._largest_text:
                self._text.append(text)

    def end(self, _tag: str) -> None:
        path = self._path
        name, depth = path.pop(), len(path) + 1
        if not self._hoso:
            if name in _HEADING:
                self.heading.setdefault(name, (self._heard() or "").strip()[:_HEADING_TEXT])
            return
        self._keep(f"</{name}>")
        inside = depth - self._hoso
        if inside == 0:
            self._close_hoso()
        elif inside == 1 and name == "FILEHOSO":
            self._close_file()
        elif inside == 2 and name == "LOAIHOSO":
            self._table = self._heard() or ""
        elif inside == 2 and name == "NOIDUNGFILE":
            self._content = self._close_content()

    def close(self) -> None:
        pass

    def _keep(self, written: str) -> None:
        if self._over:
            self._text = None
            return
        self._raw += written.encode()
        if len(self._raw) > self._limits.dossier:
            self._over, self._text = True, None
            self._raw, self._pieces = bytearray(), []
            detail = f"more than {self._limits.dossier} bytes"
            self._problems = [Problem("too_large", f"HOSO[{self._next}]", detail)]

    def _open_hoso(self, depth: int) -> None:
        self.found += 1
        if self.found > self._limits.dossiers:
            raise Stop("xml_too_many", "GIAMDINHHS", f"more than {self._limits.dossiers} HOSO")
        self._hoso, self._over = depth, False
        self._raw, self._pieces, self._problems = bytearray(), [], []

    def _start_inside(self, name: str, inside: int) -> None:
        if inside == 1 and name == "FILEHOSO":
            self._table, self._content = "", ""
        elif inside == 2 and name in ("LOAIHOSO", "NOIDUNGFILE"):
            self._listen()
            self._inner = 0
        elif inside == 3 and self._path[-2] == "NOIDUNGFILE" and not self._inner:
            self._inner = len(self._raw)

    def _close_hoso(self) -> None:
        self.done.append(Sheet(self._next, bytes(self._raw), tuple(self._pieces), tuple(self._problems)))
        self._next += 1
        self._hoso = 0
        self._raw, self._pieces = bytearray(), []

    def _close_file(self) -> None:
        if self._over:
            return
        if len(self._pieces) < self._limits.parts:
            self._pieces.append(Piece(self._table, self._content))
        elif not self._problems:
            self._problems.append(
                Problem("xml_too_many", f"HOSO[{self._next}]", f"more than {self._limits.parts} parts")
            )

    def _close_content(self) -> str | None:
        """Text, or the children as XML under one root of ours: there may be several (QĐ 4210 lists)."""
        text = self._heard()
        if not self._inner:
            return text
        if len(self._raw) - self._inner > self._largest_text:
            return None
        return "<NOIDUNGFILE>" + self._raw[self._inner :].decode()

    def _listen(self) -> None:
        self._text, self._length = [], 0

    def _heard(self) -> str | None:
        """The text since `_listen`, None if it was too long."""
        text, self._text = self._text or [], None
        return "".join(text) if self._length <= self._largest_text else None


def _start_tag(name: str, attributes: Mapping[str, str]) -> str:
    """Without namespaces: the format has none, and senders who declare one mean nothing by it."""
    if not attributes:
        return f"<{name}>"
    local = {key.rpartition("}")[2]: attributes[key] for key in sorted(attributes, reverse=True)}
    return f"<{name}" + "".join(f' {key}="{_quote(local[key])}"' for key in sorted(local)) + ">"


def _escape(text: str) -> str:
    # Looking first is much faster than replacing nothing, in 60 kB of base64.
    for sign, written in _ESCAPED:
        if sign in text:
            text = text.replace(sign, written)
    return text


def _quote(text: str) -> str:
    return _escape(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
