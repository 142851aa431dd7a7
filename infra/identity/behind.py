"""The document behind a doubt, opened for a person: from Kafka, where its seal still is. ClickHouse holds no seal."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.workbench.originals import received_of
from runtime.keyring import Keyring
from schemas import topics
from stream_processors import identify
from stream_processors.receive import Opened, Source, receive
from stream_processors.stores import Store

_ANY_SIZE = 1 << 31


@dataclass(frozen=True, slots=True)
class Seen:
    """What a document says of its patient, and the citizen (key) whose number it gives, where the registry has it."""

    identity: Mapping[str, str | None] = field(repr=False)
    candidate: str | None


def opened(row: Mapping[str, Any], fetch: Callable[[str, int, int], Source | None], ring: Keyring) -> Opened | str:
    """Of a row of `queue.documents`: the document, or `gone` (Kafka has forgotten it) or the worker's own reason."""
    accepted = fetch(topics.accepted(row["kind"]), row["kafka_partition"], row["kafka_offset"])
    source = received_of(accepted) if accepted is not None else None
    if source is None:
        return "gone"
    read = receive(source, ring, _ANY_SIZE)
    return read if isinstance(read, Opened) else read.reason


def candidate(redis: str, key: bytes, identity: Mapping[str, str | None]) -> str | None:
    """The citizen key of whose number it is, None where the registry does not know the number."""
    asked = identify.ask(key, identity)
    if asked.number is None:
        return None
    number = asked.number

    async def find() -> bytes | None:
        store = Store(redis, 1)
        try:
            return (await store.find([number]))[number]
        finally:
            await store.close()

    packed = asyncio.run(find())
    return packed[:16].hex() if packed else None
