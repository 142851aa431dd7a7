"""What the store refused is forgotten: the worker reads `rejected` and clears the content of those claims.

Without this a hospital that sends the same document again after the store was mended would be told "duplicate", and the
document would never be stored. A small consumer group of its own, beside the chunks and never in their way: what it
does late or twice is harmless.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from confluent_kafka import KafkaException

from runtime import kafka, logs
from schemas import codec, registry, topics
from stream_processors import claims

GROUP: Final = "livingdata-forget"
STAGE: Final = "sink"
_BATCH: Final = 500
_POLL_SECONDS: Final = 0.5
_PAUSE_SECONDS: Final = 1.0

log = logs.get("forget")

Refused = tuple[bytes, bytes]
"""(claim key, number)."""


class Forgets(Protocol):
    """What is asked of Redis (`stores.Store`, or a fake)."""

    async def forget_content(self, refused: Sequence[Refused]) -> int: ...


def consumer(bootstrap: str) -> Any:
    """A reader of `rejected`, subscribed."""
    made = kafka.consumer(bootstrap, GROUP, "forget")
    made.subscribe([topics.REJECTED])
    return made


def refused(value: bytes | None) -> Refused | None:
    """The claim and the number of a document that the store refused; None for any other record. Pure and total."""
    framed = codec.unframe(value)
    if framed is None or not registry.names().get(framed[0], "").startswith(f"{topics.REJECTED}."):
        return None
    made = registry.codec(framed[0])
    try:
        said = made.decode(framed[1]) if made else {}
        if said.get("stage") != STAGE or not said.get("document_id"):
            return None
        return claims.key(said), claims.number(said)
    except ValueError:  # no datum, or an id that is no hex
        return None


async def forget(reader: Any, store: Forgets, stopped: Callable[[], bool]) -> None:
    """Read, forget, then commit, until `stopped`; closes the reader."""
    try:
        while not stopped():
            messages = await asyncio.to_thread(reader.consume, _BATCH, _POLL_SECONDS)
            found = [place for m in messages if m.error() is None and (place := refused(m.value())) is not None]
            if found:
                log.info("forgotten", claims=await store.forget_content(found), refused=len(found))
            if any(message.error() is None for message in messages):
                await asyncio.to_thread(_commit, reader, messages)
            elif messages:
                await asyncio.sleep(_PAUSE_SECONDS)  # errors only: the client says so itself and mends itself
    finally:
        await asyncio.to_thread(reader.close)


def _commit(reader: Any, messages: Sequence[Any]) -> None:
    """The position after these messages. Where the group has moved on, another reads them again: harmless."""
    last = {(m.topic(), m.partition()): m for m in messages if m.error() is None}
    for message in last.values():
        try:
            reader.commit(message=message, asynchronous=False)
        except KafkaException as trouble:
            log.warning("not_committed", error=trouble.args[0].name())
