"""Originals opened: what a source sent, or what a worker was given. Needs the key that sealed them.

An adapter seals a source's bytes with the facility's key, bound to the part's number; a worker seals value and seal
with the workers' key, bound to the place on Kafka. A large one lies in the adapter's archive, or is still on Kafka only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from producers.archive import archived
from producers.event import Number, purpose
from runtime.keyring import Keyring
from runtime.seal import HEADER as SEAL_HEADER
from runtime.seal import SealBroken, datum_length, key_id, unseal_at_rest
from schemas import codec, registry, topics
from stream_processors.receive import Source

ARCHIVE: Final = "archive/"
KAFKA: Final = "kafka:"


@dataclass(frozen=True, slots=True)
class Message:
    """A source's own bytes."""

    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unopened:
    """Why it cannot be opened here: `no_key`, `seal_broken`, `not_kept`, `in_archive`, `on_kafka`, `gone`."""

    why: str


Original = Message | Source | Unopened


def opened(row: Mapping[str, Any], sealed: bytes | None, keyring: Keyring, archive: Path | None = None) -> Original:
    """The original of a row of `rejected_parts`. What a worker was given comes as the record it read, its Kafka key made
    anew. `archive` is the folder where the adapter keeps large ones. Total: bad bytes give Unopened."""
    place = row["original_place"] or ""
    if sealed is None and place.startswith(ARCHIVE):
        if archive is None:
            return Unopened("in_archive")
        try:
            sealed = archived(archive, place)
        except OSError:
            return Unopened("gone")
    if sealed is None:
        return Unopened("on_kafka" if row["stage"] == "sink" or place.startswith(KAFKA) else "not_kept")
    try:
        key = keyring.seal.get(key_id(sealed))
        if key is None:
            return Unopened("no_key")
        inside = unseal_at_rest(key, _bound_to(row), sealed)
    except SealBroken:
        return Unopened("seal_broken")
    if row["stage"] == "adapter":
        return Message(inside)
    size = int.from_bytes(inside[:4])
    return source(row["topic"], row["source_partition"], row["source_offset"], inside[4 : 4 + size], inside[4 + size :])


def _bound_to(row: Mapping[str, Any]) -> bytes:
    if row["stage"] == "adapter":
        return purpose(Number(row["adapter_id"], row["incarnation"], row["sequence"], row["part"], row["parts"]))
    return f"{row['topic']}/{row['source_partition']}/{row['source_offset']}".encode()


def source(topic: str, partition: int, offset: int, value: bytes, sealed: bytes) -> Source:
    """A record on `received` as it was read, with the Kafka key that its header asks for."""
    headers = ((SEAL_HEADER, sealed),) if sealed else ()
    return Source(topic, partition, offset, _key(value), value, headers)


def _key(value: bytes) -> bytes | None:
    """None where the value is no document that is known here; the worker's door tells why."""
    event = decoded(value)
    return f"{event['facility']}:{event['visit_key'] or event['document_id']}".encode() if event else None


def decoded(value: bytes) -> dict[str, Any] | None:
    """Header and body of a received document, where its schema is known and it is exactly one datum."""
    framed = codec.unframe(value)
    if framed is None or not registry.names().get(framed[0], "").startswith("received."):
        return None
    made = registry.codec(framed[0])
    try:
        return made.decode(framed[1]) if made else None
    except codec.NotOneDatum:
        return None


def received_of(accepted: Source) -> Source | None:
    """What a worker was given, out of what it wrote: the first bytes of the datum, up to the length its seal names."""
    framed = codec.unframe(accepted.value)
    sealed = dict(accepted.headers).get(SEAL_HEADER, b"")
    if framed is None:
        return None
    stage, _, rest = registry.names().get(framed[0], "").partition(".")
    schema_id = registry.ids().get(f"received.{rest.rpartition('-')[0]}")
    try:
        key_id(sealed)
    except SealBroken:
        return None
    if stage != "accepted" or schema_id is None:
        return None
    value = codec.frame(schema_id, framed[1][: datum_length(sealed)])
    topic = topics.received(rest.partition(".")[0])  # of history too: a person asks for it now
    return source(topic, accepted.partition, accepted.offset, value, sealed)
