"""From a document to the bytes of an event: pseudonyms, hash, version, masking, seal, size. Pure but for the nonce."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from producers.adapter import Document, Feed, Link, Refusal, Replay, Rows
from producers.mask import Masker, mask, masked_paths
from runtime import pseudonyms
from runtime.clock import YEAR_2000_MS
from runtime.keyring import Keyring
from runtime.seal import HEADER as SEAL_HEADER
from runtime.seal import SealKey, seal
from schemas import codec, registry, topics
from schemas.header import HASHED_HEADER
from schemas.kinds import KINDS
from schemas.numbers import is_history
from schemas.sealed import IDENTITY

SEQUENCE_BITS: Final = 20
FUTURE_MS: Final = 600_000
_MASKED: Final = {kind: masked_paths(body) for kind, body in KINDS.items()}
_NO_IDENTITY: Final = dict.fromkeys(IDENTITY)
_NAMING: Final = tuple(name for name in IDENTITY if name not in ("sex", "birth"))
_masker: Final = lru_cache(maxsize=256)(Masker)
"""The documents of one message are of one person."""


@dataclass(frozen=True, slots=True)
class Number:
    """The number of one part."""

    adapter_id: str
    incarnation: str
    sequence: int
    part: int
    parts: int


@dataclass(frozen=True, slots=True)
class Record:
    """A record for the outbox and then for Kafka. Nothing in it is unsealed."""

    topic: str
    key: bytes
    value: bytes = field(repr=False)
    headers: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """What one feed writes with."""

    seal: SealKey
    pseudonym: bytes = field(repr=False)

    @classmethod
    def of(cls, keyring: Keyring, facility: str) -> "Keys":
        return cls(keyring.sealing(facility), keyring.pseudonym_key(facility))


def document_id(keys: Keys, feed: Feed, document: Document) -> str:
    return pseudonyms.pseudonym(
        keys.pseudonym, "document", feed.facility, feed.source_system, document.kind, *document.natural_key
    )


def version(said: Document | Link, captured_at: int, sequence: int, last: int) -> tuple[int, tuple[str, ...]]:
    """(version, marks). `last` is the highest version told of this document or link before, 0 if none.

    A source's correction time before 2000 counts as missing, one more than 10 minutes ahead is cut. Without one the
    capture time stands in, and then never at or below `last`.
    """
    marks: tuple[str, ...] = ()
    corrected = said.corrected_at
    if corrected is not None and corrected < YEAR_2000_MS:
        corrected, marks = None, ("M02",)
    if corrected is not None and corrected > captured_at + FUTURE_MS:
        corrected, marks = captured_at + FUTURE_MS, ("M01",)
    low = sequence & ((1 << SEQUENCE_BITS) - 1)
    if corrected is not None:
        return (corrected << SEQUENCE_BITS) | low, marks
    return max((captured_at << SEQUENCE_BITS) | low, last + 1), marks


def _optional_key(keys: Keys, purpose: str, feed: Feed, number: str | None) -> str | None:
    return pseudonyms.pseudonym(keys.pseudonym, purpose, feed.facility, number) if number else None


def compose(
    document: Document,
    number: Number,
    feed: Feed,
    keys: Keys,
    *,
    captured_at: int,
    last_version: int,
    message_id: str,
    rows: Rows,
    limit: int = topics.MAX_EVENT_BYTES,
    replay: Replay | None = None,
) -> tuple[Record, int] | Refusal:
    """The event and its version; a Refusal `too_large` where it would not fit with what is appended later.

    A replay's version is that of what it mends: `captured_at` is, and the low bits are of that message's number.
    """
    made_version, marks = version(document, captured_at, replay.sequence if replay else number.sequence, last_version)
    identity = _NO_IDENTITY | document.identity
    body = mask(document.body, _MASKED[document.kind], _masker(tuple(identity[name] for name in _NAMING)))
    occurred_at, recorded_at = _plausible(document.occurred_at), _plausible(document.recorded_at)
    if (occurred_at, recorded_at) != (document.occurred_at, document.recorded_at):
        marks = (*marks, "M02")
    first = number.part == 1
    header: dict[str, Any] = {
        "adapter_id": number.adapter_id,
        "incarnation": number.incarnation,
        "sequence": number.sequence,
        "part": number.part,
        "parts": number.parts,
        "kind": document.kind,
        "document_id": document_id(keys, feed, document),
        "version": made_version,
        "status": document.status,
        "partial": document.partial,
        "facility": feed.facility,
        "source_system": feed.source_system,
        "source_format": feed.dialect,
        "source_message_id": pseudonyms.pseudonym(keys.pseudonym, "message", message_id),
        "occurred_at": occurred_at,
        "recorded_at": recorded_at,
        "captured_at": captured_at,
        "patient_key": _optional_key(keys, "patient", feed, document.patient_number),
        "visit_key": _optional_key(keys, "visit", feed, document.visit_number),
        "sensitivity": document.sensitivity,
        "purpose": feed.purpose,
        "legal_basis": feed.legal_basis,
        "trace_id": f"{number.adapter_id}.{number.incarnation}.{number.sequence}.{number.part}",
        "rows_read": rows.read if first else None,
        "rows_used": rows.used if first else None,
        "rows_unmapped": sum(rows.unmapped.values()) if first else None,
        "marks": list(dict.fromkeys((*document.marks, *marks))),
        "replay_of": replay.of if replay else None,
        "replay_count": replay.count if replay else None,
    }
    if replay:
        header |= replay.kept
    said = {name: header[name] for name in HASHED_HEADER}
    header["content_hash"] = pseudonyms.content_hash(keys.pseudonym, (said, body, identity, document.narrative))
    schema_id, made = registry.latest(topics.received(document.kind))
    datum = made.encode(header | body)
    sealed = seal(keys.seal, datum, registry.SEALED.encode({"identity": identity, "narrative": document.narrative}))
    if len(datum) + len(sealed) + topics.ENRICHMENT_ROOM > limit:
        return Refusal("too_large", document.kind, f"{len(datum) + len(sealed)} bytes", document.kind)
    key = f"{feed.facility}:{header['visit_key'] or header['document_id']}".encode()
    to = topics.backfill if is_history(header["adapter_id"]) else topics.received
    record = Record(to(document.kind), key, codec.frame(schema_id, datum), ((SEAL_HEADER, sealed),))
    return record, header["version"]


def _plausible(ms: int | None) -> int | None:
    """Before 2000 a time is a typing error or a default, and counts as missing."""
    return ms if ms is not None and ms >= YEAR_2000_MS else None


def refuse(
    refusal: Refusal,
    number: Number,
    feed: Feed,
    keys: Keys,
    *,
    captured_at: int,
    message_id: str,
    original: bytes,
    original_place: str | None,
    replay: Replay | None = None,
) -> Record:
    """The record of a part that the adapter rejects. The original is sealed; a large one lies in the archive."""
    schema_id, made = registry.latest(topics.REJECTED)
    kept = None if original_place else seal(keys.seal, purpose(number), original)
    datum = made.encode(
        {
            "adapter_id": number.adapter_id,
            "incarnation": number.incarnation,
            "sequence": number.sequence,
            "part": number.part,
            "parts": number.parts,
            "facility": feed.facility,
            "kind": refusal.kind,
            "source_system": feed.source_system,
            "source_format": feed.dialect,
            "source_message_id": pseudonyms.pseudonym(keys.pseudonym, "message", message_id),
            "stage": "adapter",
            "reason": refusal.reason,
            "rules": [],
            "place": refusal.place,
            "detail": refusal.detail,
            "captured_at": captured_at,
            "rejected_at": captured_at,
            "original_size": len(original),
            "original_hash": pseudonyms.digest(keys.pseudonym, "original", original),
            "original_place": original_place,
            "original": kept,
            "replay_of": replay.of if replay else None,
            "replay_count": replay.count if replay else None,
        }
    )
    return Record(topics.REJECTED, feed.facility.encode(), codec.frame(schema_id, datum))


def purpose(number: Number) -> bytes:
    """What the seal of an original is bound to: its number."""
    return f"{number.adapter_id}.{number.incarnation}.{number.sequence}.{number.part}".encode()
