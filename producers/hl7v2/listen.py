"""The I/O of HL7 v2: MLLP servers, files, watched folders; and the dialect's entry in the table of adapters."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from producers import receipt
from producers.adapter import Dialect, Feed, Incoming, Listener, Parsed, Read, Refusal, Taker
from producers.folder import Folder
from producers.hl7v2 import batch
from producers.hl7v2.answer import answers
from producers.hl7v2.bounds import DEFAULT, Problem
from producers.hl7v2.message import Message, header_of
from producers.hl7v2.mllp import HEAD, Oversize
from producers.hl7v2.options import Options, route
from producers.hl7v2.server import Handle, MllpServer
from producers.hl7v2.translate import TRANSLATOR, refusal
from runtime.clock import now_ms

_SHARED: Final = ("idle_seconds", "frame_seconds", "max_connections", "max_bytes", "tls_certificate", "tls_key",
                  "tls_client_ca")  # fmt: skip
"""Settings of an address: feeds that share it must agree."""


def read(path: Path, feed: Feed) -> Iterator[Read]:
    """The messages of a file: one, several, or batches. Lines that belong to none are refusals with their bytes."""
    size = path.stat().st_size
    with path.open("rb") as file:
        raw = file.read(DEFAULT.file + 1) if size <= DEFAULT.file else file.read(HEAD)
    if max(size, len(raw)) > DEFAULT.file:
        yield Read(raw[:HEAD], Refusal("too_large", "", f"{size} bytes, at most {DEFAULT.file}"))
        return
    empty = True
    for found in batch.split(raw):
        empty = False
        if isinstance(found, Problem):
            yield Read(found.original or b"", refusal(found))
        else:
            yield Read(found, TRANSLATOR.parse(found, feed))
    if empty:
        yield Read(raw, Refusal("hl7_no_msh", "", "the file holds no message"))


def listen(feeds: Sequence[Feed], taker: Taker) -> Sequence[Listener]:
    """An MLLP server per address and a folder per feed that has one. ValueError where the options contradict."""
    listeners: list[Listener] = []
    shared: dict[str, list[tuple[Feed, Options]]] = {}
    for feed in feeds:
        options = Options.model_validate(dict(feed.options))
        if options.listen is None and options.folder is None:
            raise ValueError(f"{feed.adapter_id}: listen or folder is needed")
        if options.listen is not None:
            shared.setdefault(options.listen, []).append((feed, options))
        if options.folder is not None:
            listeners.append(Folder(feed, DIALECT, options, taker))
    for address, members in shared.items():
        first = members[0][1]
        for _, other in members:
            for name in _SHARED:
                if getattr(first, name) != getattr(other, name):
                    raise ValueError(f"{address}: feeds that share an address need the same {name}")
        listeners.append(MllpServer(first, handler([feed for feed, _ in members], taker)))
    return listeners


def handler(feeds: Sequence[Feed], taker: Taker) -> Handle:
    """Frame in, replies out; in between the message is taken by its feed."""
    numbers = itertools.count(1)

    async def handle(found: bytes | Oversize) -> Sequence[bytes]:
        now = now_ms()
        raw = found if isinstance(found, bytes) else found.head
        header = header_of(raw) if len(feeds) > 1 or isinstance(found, Oversize) else None
        feed = route(feeds, header)
        parsed: Parsed | Refusal
        if isinstance(found, Oversize):
            parsed = Refusal("too_large", "", f"{found.size} bytes")
        else:
            parsed = TRANSLATOR.parse(raw, feed)
        message = parsed.content[0] if isinstance(parsed, Parsed) else header or header_of(raw)
        taken = await taker.take(Incoming(feed, parsed, raw, _origin(message), now))
        at = datetime.fromtimestamp(now / 1000, UTC)
        enhanced = feed.options.get("acknowledgement") != "original"
        own = f"LD{now}{next(numbers) % 1_000:03d}"
        return answers(message, taken, now=at, control_id=own, enhanced=enhanced)

    return handle


def _origin(message: Message | None) -> tuple[str, str, str]:
    """What makes a retransmission, beside the bytes: sender and control id."""
    if message is None:
        return ("", "", "")
    header = message.header
    return header.field(3), header.field(4), header.field(10)


DIALECT: Final = Dialect(
    name="hl7v2",
    translator=TRANSLATOR,
    options=Options,
    read=read,
    answer=receipt.render,
    listen=listen,
    suffixes=(".hl7", ".txt", ".msg"),
)
