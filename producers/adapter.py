"""The adapter plug: what a dialect must give so that the serving loop can take, number, fold, seal and answer.

A dialect is a folder with the same files: `translate.py` (pure: parse, fold, translate), `answer.py` (pure: the
protocol's reply), `listen.py` (the only I/O). Bad data is a value (`Refusal`), a broken world an exception.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from pydantic import BaseModel

from runtime.keyring import Keyring

Status = Literal["active", "cancelled", "entered_in_error"]
State = dict[str, Any]
"""What a source last said of one visit, study or file: JSON values. Sealed at rest."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a listener keeps things of its own with between starts: a folder, and the facility's keys to seal them."""

    folder: Path
    keyring: Keyring = field(repr=False)


@dataclass(frozen=True, slots=True)
class Feed:
    """One source system of one facility, as configured. `adapter_id` names it in the ledger.

    `options` are the dialect's own, checked against `Dialect.options` when the role starts. `desk` is None where
    nothing is served (files are checked).
    """

    adapter_id: str
    facility: str
    source_system: str
    dialect: str
    purpose: str = "treatment"
    legal_basis: str = "luat-kcb-15-2023"
    options: Mapping[str, Any] = field(default_factory=dict)
    desk: Desk | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A part that cannot become a document. `reason` is of `schemas.reasons`; `place` and `detail` hold no value."""

    reason: str
    place: str = ""
    detail: str = ""
    kind: str | None = None
    original: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Document:
    """One clinical document, whole, as the source now says it. Times are epoch milliseconds UTC.

    `natural_key` is the source's own number(s); the event adds facility, source system and kind. `corrected_at` is set
    only where the source gives a correction time to the second. `body` holds clear and masked fields (not yet masked);
    `identity` the fields of `schemas.sealed.IDENTITY`; `narrative` path -> text.
    """

    kind: str
    natural_key: tuple[str, ...] = field(repr=False)
    visit_number: str | None = field(default=None, repr=False)
    patient_number: str | None = field(default=None, repr=False)
    status: Status = "active"
    partial: bool = False
    occurred_at: int | None = None
    recorded_at: int | None = None
    corrected_at: int | None = None
    sensitivity: str = "normal"
    body: dict[str, Any] = field(default_factory=dict, repr=False)
    identity: dict[str, str | None] = field(default_factory=dict, repr=False)
    narrative: dict[str, str] = field(default_factory=dict, repr=False)
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """Two patients of the facility are one person (`merge`), or are not, or no more (`unmerge`).

    `into_number` is the patient who stays. `rule` names what said so: `hl7.A40`, `fhir.replaced-by`. `corrected_at` as
    a document's.
    """

    patient_number: str = field(repr=False)
    into_number: str = field(repr=False)
    rule: str
    action: Literal["merge", "unmerge"] = "merge"
    corrected_at: int | None = None


Outcome = Document | Refusal | Link


@dataclass(frozen=True, slots=True)
class Rows:
    """Source rows or segments: read, used, and what was not mapped (name -> count)."""

    read: int = 0
    used: int = 0
    unmapped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A message read but not yet folded.

    `message_id` is the source's own id of the message (MSH-10; file and HOSO). `state_key` names what it says
    something about (a visit), or is None where nothing is folded. `content` belongs to the dialect.
    """

    message_id: str = field(repr=False)
    state_key: str | None = field(repr=False)
    content: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Translation:
    """The outcomes of one message, its parts in order, and the new state (None: what is kept stays as it is).

    No outcomes means that the message yields no document and no link; `silence` then says why.
    """

    outcomes: tuple[Outcome, ...]
    state: State | None = field(default=None, repr=False)
    rows: Rows = Rows()
    silence: str = "no_document"


class Translator(Protocol):
    """The pure half of a dialect."""

    def parse(self, raw: bytes, feed: Feed) -> Parsed | Refusal:
        """Never raises on any bytes."""

    def translate(self, state: State | None, parsed: Parsed, feed: Feed) -> Translation:
        """Fold what is said now into what was said before."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one message, for the protocol's answer. Given only after the durable write.

    `sequence` is None where nothing was taken (the outbox is full). A retransmission carries the first receipt.
    """

    sequence: int | None
    refusals: tuple[Refusal, ...] = ()
    documents: tuple[str, ...] = ()
    silence: str | None = None
    retransmission: bool = False
    full: bool = False

    @property
    def accepted(self) -> bool:
        return self.sequence is not None and not self.refusals


@dataclass(frozen=True, slots=True)
class Replay:
    """What a mended message keeps of the rejected part that it mends.

    `of` is that part's number as text, `count` how often it has been replayed with this one, `sequence` the number that
    its version was made with. `kept` are fields of the header that stand as they were said, where that is known.
    """

    of: str
    count: int
    sequence: int
    kept: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message as a listener hands it over. `origin` tells a retransmission: (sender, MSH-10) or (path, index);
    the bytes themselves are added to it. `replay` is set for what is mended and sent again only."""

    feed: Feed
    parsed: Parsed | Refusal = field(repr=False)
    raw: bytes = field(repr=False)
    origin: tuple[str, ...] = field(repr=False)
    captured_at: int
    replay: Replay | None = None


class Taker(Protocol):
    """What a listener hands messages to (`serve.Server`, or a fake)."""

    async def take(self, incoming: Incoming) -> Receipt:
        """The receipt, when the message is durable; calls made one after another keep their order."""


class Listener(Protocol):
    """The I/O half of a dialect. `start` returns when senders can be served, `stop` when none is served any more."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Read:
    """One message of a file: its bytes, and what reading made of them."""

    raw: bytes = field(repr=False)
    parsed: Parsed | Refusal = field(repr=False)


@dataclass(frozen=True, slots=True)
class Dialect:
    """What `producers.adapters` lists.

    `read` gives the messages of a file one by one, in bounded memory; it raises OSError only. `answer` is what a file's
    sender is told. `listen` makes the listeners of all feeds of this dialect in one process (several feeds may share a
    port or a folder). `suffixes` are the files it takes from a folder, lower case. `history` marks a dialect that tells
    of the past only: its feeds never stand in the way of live ones.
    """

    name: str
    translator: Translator = field(repr=False)
    options: type[BaseModel]
    read: Callable[[Path, Feed], Iterator[Read]] = field(repr=False)
    answer: Callable[[Sequence[Receipt]], str] = field(repr=False)
    listen: Callable[[Sequence[Feed], Taker], Sequence[Listener]] = field(repr=False)
    suffixes: tuple[str, ...]
    history: bool = False


MAX_PARTS: Final = 5_000
"""Parts of one message; above this it is refused as `too_large`."""
