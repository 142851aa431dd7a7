"""What the worker writes beside the documents: rejections and the outcomes of a chunk. Pure but for the nonce."""

from collections.abc import Sequence
from typing import Any

from runtime.keyring import WORKER, Keyring
from runtime.pseudonyms import digest
from runtime.seal import HEADER as SEAL_HEADER
from runtime.seal import seal
from schemas import codec, registry, topics
from stream_processors.receive import Rejected, Source

Produced = tuple[str, bytes, bytes, list[tuple[str, bytes]]]
"""(topic, key, value, headers)."""


def _number(rejected: Rejected) -> dict[str, Any]:
    """The part's number; where no header could be read, Kafka's coordinates, which the ledger leaves out."""
    event, source = rejected.event, rejected.source
    names = ("adapter_id", "incarnation", "sequence", "part", "parts", "facility", "source_system", "source_format")
    if event is not None:
        return {name: event[name] for name in names}
    place = f"{source.topic}/{source.partition}"
    facility = (source.key or b"").partition(b":")[0][:5].decode("ascii", "replace")
    return dict(zip(names, ("", place, source.offset, 1, 1, facility, "", ""), strict=True))


def rejection(rejected: Rejected, keyring: Keyring, limit: int, now: int) -> Produced:
    """The record on `rejected`. What came is sealed with the workers' key: value, then its seal. What would not fit
    into a record again (a compressed batch may hold it) stays where it was read, for as long as Kafka keeps it."""
    source, event = rejected.source, rejected.event or {}
    key = keyring.sealing(WORKER)
    original = source.value or b""
    inside = len(original).to_bytes(4) + original + dict(source.headers).get(SEAL_HEADER, b"")
    place = f"{source.topic}/{source.partition}/{source.offset}"
    fits = len(inside) + topics.ENRICHMENT_ROOM <= limit
    schema_id, made = registry.latest(topics.REJECTED)
    fields = _number(rejected) | {
        "kind": topics.kind_of(source.topic),
        "document_id": event.get("document_id"),
        "source_message_id": event.get("source_message_id"),
        "stage": "worker",
        "reason": rejected.reason,
        "rules": list(rejected.rules),
        "place": rejected.place,
        "detail": rejected.detail,
        "captured_at": event.get("captured_at", now),
        "rejected_at": now,
        "topic": source.topic,
        "source_partition": source.partition,
        "source_offset": source.offset,
        "original_size": len(original),
        "original_hash": digest(key.secret, "original", original),
        "original_place": None if fits else f"kafka:{place}",
        "original": seal(key, place.encode(), inside) if fits else None,
        "replay_of": event.get("replay_of"),
        "replay_count": event.get("replay_count"),
    }
    return topics.REJECTED, fields["facility"].encode(), codec.frame(schema_id, made.encode(fields)), []


def outcomes(worker: str, run: Sequence[tuple[Source, dict[str, Any] | None, str]], now: int) -> Produced:
    """One compact record for a run of one partition's records: (source, event where readable, outcome) each."""
    feeds: dict[tuple[str, str, str], int] = {}
    numbers = []
    for _, event, outcome in run:
        if event is None:
            continue
        feed = (event["adapter_id"], event["incarnation"], event["facility"])
        numbers.append(
            {
                "feed": feeds.setdefault(feed, len(feeds)),
                "sequence": event["sequence"],
                "part": event["part"],
                "parts": event["parts"],
                "captured_at": event["captured_at"],
                "outcome": outcome,
            }
        )
    first, last = run[0][0], run[-1][0]
    schema_id, made = registry.latest(topics.OUTCOMES)
    datum = {
        "worker": worker,
        "topic": first.topic,
        "source_partition": first.partition,
        "first_offset": first.offset,
        "last_offset": last.offset,
        "processed_at": now,
        "feeds": [{"adapter_id": a, "incarnation": i, "facility": f} for a, i, f in feeds],
        "numbers": numbers,
    }
    return topics.OUTCOMES, worker.encode(), codec.frame(schema_id, made.encode(datum)), []
