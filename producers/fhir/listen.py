"""The I/O of FHIR: HTTP servers, files, watched folders; and the dialect's entry in the table of adapters."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from producers import receipt
from producers.adapter import Dialect, Feed, Listener, Read, Refusal, Taker
from producers.fhir.bounds import DEFAULT, Limits
from producers.fhir.check import prepare
from producers.fhir.options import Options
from producers.fhir.server import FhirServer
from producers.fhir.translate import TRANSLATOR
from producers.folder import Folder

_HEAD: Final = 64 << 10
_SHARED: Final = ("max_bytes", "max_requests", "read_seconds", "tls_certificate", "tls_key", "tls_client_ca")
"""Settings of an address: feeds that share it must agree."""


def read(path: Path, feed: Feed, limits: Limits = DEFAULT) -> Iterator[Read]:
    """The messages of a file: a .json file is one, each line of an .ndjson file that is not blank is one."""
    with path.open("rb") as file:
        if path.suffix.lower() == ".json":
            yield _read(file.read(limits.message + 1), feed, limits)
            return
        for number in range(1, limits.lines + 2):
            line = file.readline(limits.message + 1)
            if not line:
                return
            if number > limits.lines:
                yield Read(b"", Refusal("too_large", f"line {number}", f"at most {limits.lines} lines"))
                return
            if line.strip():
                yield _read(line, feed, limits)
            while line and not line.endswith(b"\n"):
                line = file.readline(1 << 20)


def _read(raw: bytes, feed: Feed, limits: Limits) -> Read:
    kept = raw[:_HEAD] if len(raw) > limits.message else raw
    return Read(kept, TRANSLATOR.parse(raw, feed, limits=limits))


def listen(feeds: Sequence[Feed], taker: Taker) -> Sequence[Listener]:
    """An HTTP server per address and a folder per feed that has one. ValueError where the options contradict."""
    listeners: list[Listener] = []
    shared: dict[str, list[tuple[Feed, Options]]] = {}
    for feed in feeds:
        options = Options.model_validate(dict(feed.options))
        if options.listen is None and options.folder is None:
            raise ValueError(f"{feed.adapter_id}: listen or folder is needed")
        prepare(options.release, options.profile)
        if options.listen is not None:
            shared.setdefault(options.listen, []).append((feed, options))
        if options.folder is not None:
            listeners.append(Folder(feed, DIALECT, options, taker))
    for at, members in shared.items():
        _agree(at, members)
        listeners.append(FhirServer(members, taker))
    return listeners


def _agree(at: str, members: Sequence[tuple[Feed, Options]]) -> None:
    first = members[0][1]
    if len({options.base for _, options in members}) < len(members):
        raise ValueError(f"{at}: feeds that share an address need a base each")
    for _, other in members:
        for name in _SHARED:
            if getattr(first, name) != getattr(other, name):
                raise ValueError(f"{at}: feeds that share an address need the same {name}")


DIALECT: Final = Dialect(
    name="fhir",
    translator=TRANSLATOR,
    options=Options,
    read=read,
    answer=receipt.render,
    listen=listen,
    suffixes=(".json", ".ndjson"),
)
