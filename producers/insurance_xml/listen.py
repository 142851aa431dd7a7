"""Insurance XML from folders: a file is read HOSO by HOSO; a file that is cut or not this feed's is refused whole.

A file that ends early is known only at its end, so nothing of it may be taken before. A small file is held until then;
a large one is read twice, the first time only for its end and its facility.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, Literal

from pydantic import Field

from producers.adapter import Dialect, Feed, Listener, Read, Refusal, Taker
from producers.folder import Folder, FolderOptions
from producers.insurance_xml import signature
from producers.insurance_xml.answer import answer
from producers.insurance_xml.bounds import Problem
from producers.insurance_xml.envelope import DEFAULT, Sheet, Splitter, open_sheet
from producers.insurance_xml.split import BITE
from producers.insurance_xml.translate import FACILITY, TRANSLATOR, parse_dossier
from runtime.settings import SettingsError

UNVERIFIED: Final = "M04"
UNSIGNED: Final = "M05"

HELD: Final = 4 << 20
"""Files up to this size (bytes) are split once and held, and kept whole where they are refused."""


class Options(FolderOptions):
    """Of a feed of insurance XML."""

    signatures: Literal["check", "require", "ignore"] = Field(
        default="check",
        description="check: mark files whose signature does not verify; require: mark unsigned ones too",
    )
    trusted: Path | None = Field(default=None, description="PEM file: certificates of the signer or of authorities")


def read(path: Path, feed: Feed) -> Iterator[Read]:
    """Each HOSO of a file, then what is wrong with the file as a whole. Raises OSError only.

    A fatal fault is the only message of its file; its `raw` is the file, above `HELD` only digest and size (the file
    itself then lies in refused/). A fault that leaves the HOSO standing (SOLUONGHOSO) is a message after them.
    """
    splitter = Splitter(DEFAULT)
    with path.open("rb") as file:
        size = file.seek(0, 2)
        held = list(_sheets(splitter, file)) if size <= HELD else None
        if held is None:
            for _ in _sheets(splitter, file):
                pass  # only its end and its heading are wanted
    fault = _fault(splitter, feed)
    if fault is not None:
        yield Read(_original(path, size), fault)
        return
    marks = _marks(path, size, splitter, feed)
    if held is not None:
        for sheet in held:
            yield _opened(sheet, path, feed, marks)
    else:
        yield from _again(path, feed, marks)
    for problem in splitter.remarks():
        yield Read(_heading(splitter), _refusal(problem))


def _again(path: Path, feed: Feed, marks: tuple[str, ...]) -> Iterator[Read]:
    """The second reading of a large file, one HOSO in memory at a time."""
    splitter = Splitter(DEFAULT)
    with path.open("rb") as file:
        for sheet in _sheets(splitter, file):
            yield _opened(sheet, path, feed, marks)
    fault = _fault(splitter, feed)
    if fault is not None:  # it was written to meanwhile: what came before stands, the sender is told
        yield Read(_heading(splitter), fault)


def _sheets(splitter: Splitter, file: BinaryIO) -> Iterator[Sheet]:
    file.seek(0)
    while splitter.problem is None and (chunk := file.read(BITE)):
        yield from splitter.feed(chunk)
    yield from splitter.close()


def _fault(splitter: Splitter, feed: Feed) -> Refusal | None:
    """Why nothing of the file may be taken."""
    if splitter.problem is not None:
        return _refusal(splitter.problem)
    if not splitter.facility:
        return Refusal("xml_no_facility", FACILITY)
    if feed.facility and splitter.facility != feed.facility:
        return Refusal("xml_facility", FACILITY)
    return None


def _refusal(problem: Problem) -> Refusal:
    return Refusal(problem.reason, problem.place, problem.detail)


def _marks(path: Path, size: int, splitter: Splitter, feed: Feed) -> tuple[str, ...]:
    """What the signature is worth. Above `HELD` it is not checked: that needs the whole file as a tree, several times."""
    wanted = Options.model_validate(feed.options)
    if wanted.signatures == "ignore":
        return ()
    if not splitter.signature_present:
        return (UNSIGNED,) if wanted.signatures == "require" else ()
    if size > HELD or signature.verifies(_original(path, size), splitter.created, wanted.trusted):
        return ()
    return (UNVERIFIED,)


def _opened(sheet: Sheet, path: Path, feed: Feed, marks: tuple[str, ...]) -> Read:
    return Read(sheet.raw, parse_dossier(open_sheet(sheet), feed, f"{path.name}\x1f{sheet.index}", marks))


def _original(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        if size <= HELD:
            return file.read(HELD)
        digest, left = sha256(), DEFAULT.file
        while left > 0 and (chunk := file.read(min(BITE, left))):
            digest.update(chunk)
            left -= len(chunk)
    return f"sha256 {digest.hexdigest()} of a file of {size} bytes".encode()


def _heading(splitter: Splitter) -> bytes:
    """What a fault of the whole file is about, without the HOSO, which have records of their own."""
    return f"{splitter.facility} {splitter.created or '-'} {splitter.declared_count} HOSO".encode()


def listen(feeds: Sequence[Feed], taker: Taker) -> Sequence[Listener]:
    """A folder per feed. Raises SettingsError naming every feed without a folder or with another's."""
    options = {feed.adapter_id: Options.model_validate(feed.options) for feed in feeds}
    used = Counter(one.folder.resolve() for one in options.values() if one.folder is not None)
    wrong = [f"  {name}: options.folder is needed" for name, one in options.items() if one.folder is None]
    wrong += [
        f"  {name}: options.folder is another feed's too"
        for name, one in options.items()
        if one.folder is not None and used[one.folder.resolve()] > 1
    ]
    if wrong:
        raise SettingsError("settings are wrong or missing:\n" + "\n".join(wrong))
    return [Folder(feed, DIALECT, options[feed.adapter_id], taker) for feed in feeds]


DIALECT: Final = Dialect(
    name="insurance_xml",
    translator=TRANSLATOR,
    options=Options,
    read=read,
    answer=answer,
    listen=listen,
    suffixes=(".xml",),
)
