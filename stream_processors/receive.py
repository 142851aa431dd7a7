"""From a record on `received` to an opened document, or a rejection. Pure.

Frame, schema id, exactly one datum, header against topic and key, seal against facility: a facility cannot write in
another's name or change a byte.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from runtime.clock import YEAR_2000_MS
from runtime.keyring import Keyring, may_speak
from runtime.seal import HEADER as SEAL_HEADER
from runtime.seal import SealBroken, key_id, unseal
from schemas import codec, registry, topics
from schemas.numbers import MOST_REPLAYS, is_replay

STATUSES: Final = frozenset({"active", "cancelled", "entered_in_error"})
_HEX_32: Final = re.compile(r"[0-9a-f]{32}")
_CAPTURED: Final = range(YEAR_2000_MS, 4_102_444_800_000)
"""2000 to 2100: days outside fit neither the claim nor ClickHouse's `Date`."""
_REPLAYS: Final = range(1, MOST_REPLAYS + 1)


@dataclass(frozen=True, slots=True)
class Source:
    """A Kafka record as it was read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None = field(repr=False)
    value: bytes | None = field(repr=False)
    headers: Sequence[tuple[str, bytes]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A received document, whole. `datum` is what follows the frame; `event` its decoded fields (header and body)."""

    source: Source
    accepted_id: int
    datum: bytes = field(repr=False)
    seal: bytes = field(repr=False)
    event: dict[str, Any] = field(repr=False)
    identity: dict[str, str | None] = field(repr=False)
    narrative: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that goes no further. `event` holds the header where one could be read."""

    source: Source
    reason: str
    place: str = ""
    detail: str = ""
    rules: tuple[str, ...] = ()
    event: dict[str, Any] | None = field(default=None, repr=False)


def receive(source: Source, keyring: Keyring, limit: int) -> Opened | Rejected:
    """Total: any bytes give one or the other."""
    framed = codec.unframe(source.value)
    if framed is None:
        return Rejected(source, "frame")
    schema_id, datum = framed
    kind = topics.kind_of(source.topic)
    name = registry.names().get(schema_id)
    if name is not None and name.rpartition(".")[0] != topics.received(kind):
        return Rejected(source, "wrong_topic", "schema_id", name)
    accepted_id = registry.accepted_id(schema_id)
    made = registry.codec(schema_id)
    if made is None or accepted_id is None:
        return Rejected(source, "schema_unknown", "schema_id", str(schema_id))
    try:
        event = made.decode(datum)
    except codec.NotOneDatum as error:
        return Rejected(source, "not_one_datum", "value", str(error))
    fault = _header_fault(event, kind, source.key)
    if fault is not None:
        return Rejected(source, fault[0], fault[1], event=event)
    sealed = dict(source.headers).get(SEAL_HEADER)
    if sealed is None:
        return Rejected(source, "seal_missing", event=event)
    if len(datum) + len(sealed) + topics.ENRICHMENT_ROOM > limit:
        return Rejected(source, "too_large", "value", f"{len(datum) + len(sealed)} bytes", event=event)
    return _open(source, accepted_id, datum, sealed, event, keyring)


def _header_fault(event: dict[str, Any], kind: str, key: bytes | None) -> tuple[str, str] | None:
    """(reason, field) of the first thing in the header that is not so."""
    if event["kind"] != kind:
        return "wrong_topic", "kind"
    if key != f"{event['facility']}:{event['visit_key'] or event['document_id']}".encode():
        return "wrong_key", "key"
    if event["status"] not in STATUSES:
        return "header", "status"
    if event["sequence"] < 1 or not 1 <= event["part"] <= event["parts"]:
        return "header", "sequence"
    if event["version"] < 1:
        return "header", "version"
    if event["captured_at"] not in _CAPTURED:
        return "header", "captured_at"
    if is_replay(event["adapter_id"]) != (event["replay_of"] is not None):
        return "header", "replay_of"
    if event["replay_of"] is not None and event["replay_count"] not in _REPLAYS:
        return "header", "replay_count"
    for name in ("document_id", "content_hash"):
        if _HEX_32.fullmatch(event[name]) is None:
            return "header", name
    return None


def _open(
    source: Source, accepted_id: int, datum: bytes, sealed: bytes, event: dict[str, Any], keyring: Keyring
) -> Opened | Rejected:
    try:
        key = keyring.seal.get(key_id(sealed))
        if key is None or not may_speak(key, event["facility"], event["adapter_id"]):
            return Rejected(source, "seal_key", "seal", event=event)
        inside = registry.SEALED.decode(unseal(key, sealed, datum))
    except SealBroken as error:
        return Rejected(source, "seal_broken", "seal", str(error), event=event)
    except codec.NotOneDatum:
        return Rejected(source, "seal_broken", "seal", "content", event=event)
    return Opened(source, accepted_id, datum, sealed, event, inside["identity"], inside["narrative"])
