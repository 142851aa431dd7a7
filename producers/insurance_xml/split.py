"""A file in chunks -> its HOSO elements, each as canonical bytes and undecoded parts. Pure; never raises on any bytes.

No tree is built: a file of 100 MB that is all one comment, or all empty elements, costs no more than its HOSO.
"""

import codecs
from typing import Any, Final

from lxml import etree

from producers.insurance_xml import charset
from producers.insurance_xml.bounds import Limits, Problem, not_well_formed
from producers.insurance_xml.target import Sheet, Stop, Target

_PATIENCE: Final = 4_096
"""Bytes after which the character set is decided, even if they are all blanks."""

BITE: Final = 256 << 10
"""Bytes given to the parser at once; it holds what it is given."""

_SILENCE: Final = 10_000_000


class Splitter:
    """Feed it chunks of any size, then close it; each call gives the HOSO that are complete by now.

    `facility`, `created` and the others are filled as they are met (MACSKCB comes before the first HOSO in a regular
    file). Once `problem` is set nothing more is read: what was given before stands, the caller decides about it.
    """

    def __init__(self, limits: Limits, root: str = "GIAMDINHHS", index: int = 1) -> None:
        self._limits = limits
        self._target = Target(limits, root, index)
        calls: Any = self._target  # the stubs ask for all methods a target may have
        self._parser = etree.XMLParser(
            target=calls,
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            # libxml2's own bounds stay on. They hold a tag, a comment or a CDATA section to 10 MB; a text without
            # markup, as base64 is, may be longer, because it comes in pieces and no tree is built.
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        self._head = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._begun = False
        self._size = 0
        self._silent = 0
        self.problem: Problem | None = None

    @property
    def facility(self) -> str:
        """MACSKCB, "" until it is met."""
        return self._target.heading.get("MACSKCB", "")

    @property
    def created(self) -> str | None:
        """NGAYLAP as written."""
        return self._target.heading.get("NGAYLAP")

    @property
    def declared_count(self) -> int | None:
        """SOLUONGHOSO, None where it is no number."""
        text = self._target.heading.get("SOLUONGHOSO", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None

    @property
    def signature_present(self) -> bool:
        """Whether CHUKYDONVI holds anything. The signature itself is not checked."""
        return self._target.signed

    def feed(self, chunk: bytes) -> tuple[Sheet, ...]:
        """The HOSO completed by this chunk."""
        if self.problem is not None:
            return ()
        self._size += len(chunk)
        if self._size > self._limits.file:
            self.problem = Problem("too_large", "", f"more than {self._limits.file} bytes")
            return ()
        if not self._begun:
            self._head += chunk
            if len(self._head.lstrip()) < charset.HEAD and len(self._head) < _PATIENCE:
                return ()
            chunk = self._begin()
        return self._parse(chunk, final=False)

    def close(self) -> tuple[Sheet, ...]:
        """The rest, at the end of the file."""
        if self.problem is not None:
            return ()
        return self._parse(b"" if self._begun else self._begin(), final=True)

    def remarks(self) -> tuple[Problem, ...]:
        """What is wrong with the file as a whole without making its HOSO unreadable. Ask after `close`."""
        found, declared = self._target.found, self.declared_count
        if not found:
            return (Problem("xml_no_dossier", "GIAMDINHHS/THONGTINHOSO/DANHSACHHOSO"),)
        if declared is not None and declared != found:
            return (Problem("xml_count", "GIAMDINHHS/THONGTINHOSO/SOLUONGHOSO", f"{declared} declared, {found} found"),)
        return ()

    def _begin(self) -> bytes:
        head, self._head, self._begun = self._head, b"", True
        codec = charset.of(head)
        if codec == "utf-8":
            return head.removeprefix(codecs.BOM_UTF8).lstrip()
        self._decoder = codecs.getincrementaldecoder(codec)()
        return head

    def _bite(self, bite: bytes) -> None:
        """Feed the parser, unless it has been waiting for the end of one tag for too long: it may hold anything."""
        before = self._target.calls
        self._parser.feed(bite)
        self._silent = self._silent + len(bite) if self._target.calls == before else 0
        if self._silent > _SILENCE:
            raise Stop("too_large", "", f"more than {_SILENCE} bytes without an element or text")

    def _parse(self, chunk: bytes, final: bool) -> tuple[Sheet, ...]:
        try:
            if self._decoder is not None:
                chunk = self._decoder.decode(chunk, final).encode()
            for start in range(0, len(chunk), BITE):
                self._bite(chunk[start : start + BITE])
            if final:
                self._parser.close()
        except Stop as stop:
            self.problem = stop.problem
        except etree.XMLSyntaxError as error:
            self.problem = not_well_formed(error, "")
        except UnicodeError:
            self.problem = Problem("xml_not_well_formed", "", "not of its character set")
        done, self._target.done = tuple(self._target.done), []
        return done
