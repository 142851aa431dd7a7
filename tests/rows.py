"""Rows for tests: datums with every required field filled, encoded by the real codecs."""

from typing import Any, Final

from schemas import codec, registry

NOW: Final = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""

TODAY: Final = NOW // 86_400_000

_HEADER: Final[dict[str, Any]] = {
    "adapter_id": "01001.his",
    "incarnation": "a" * 16,
    "sequence": 1,
    "part": 1,
    "parts": 1,
    "document_id": "d" * 32,
    "version": NOW << 20,
    "content_hash": "c" * 32,
    "status": "active",
    "partial": False,
    "facility": "01001",
    "source_system": "HIS",
    "source_format": "hl7v2",
    "occurred_at": NOW,
    "captured_at": NOW,
    "patient_key": "p" * 32,
    "visit_key": "e" * 32,
    "sensitivity": "normal",
    "purpose": "care",
    "legal_basis": "law",
    "trace_id": "t" * 32,
    "marks": [],
}
_ENRICHMENT: Final[dict[str, Any]] = {
    "outcome": "accepted",
    "superseded": False,
    "citizen_key": None,
    "identity_tier": "unmatched",
    "identity_rule": "none.1",
    "identity_score": 0,
    "quality": [],
    "mapped_codes": [],
    "document_date": TODAY,
    "processed_at": NOW,
}
_LEDGER: Final[dict[str, dict[str, Any]]] = {
    "rejected": {
        **{name: _HEADER[name] for name in ("adapter_id", "incarnation", "sequence", "part", "parts", "facility")},
        "source_system": "HIS",
        "source_format": "hl7v2",
        "stage": "adapter",
        "reason": "charset",
        "rules": [],
        "place": "",
        "detail": "",
        "captured_at": NOW,
        "rejected_at": NOW,
        "original_size": 1,
        "original_hash": "",
    },
    "outcomes": {
        "worker": "worker-1",
        "topic": "received.encounter",
        "source_partition": 0,
        "first_offset": 0,
        "last_offset": 0,
        "processed_at": NOW,
        "feeds": [],
        "numbers": [],
    },
    "heartbeats": {
        **{name: _HEADER[name] for name in ("adapter_id", "incarnation", "facility", "source_system", "source_format")},
        "at": NOW,
        "taken": 0,
        "acknowledged": 0,
        "outbox_depth": 0,
        "outbox_age": 0,
        "documents": 0,
        "rejected": 0,
        "without_document": 0,
        "retransmissions": 0,
        "ended": False,
        "silent": [],
    },
    "identity.links": {
        "patient_key": "p" * 32,
        "action": "link",
        "citizen_key": "z" * 32,
        "facility": "01001",
        "version": 1,
        "rule": "late.1",
        "decided_by": "a person",
        "linked_at": NOW,
        **dict.fromkeys(("adapter_id", "incarnation"), ""),
        **dict.fromkeys(("sequence", "part", "parts"), 0),
    },
}


def accepted_datum(kind: str, **overrides: Any) -> dict[str, Any]:
    return _HEADER | {"kind": kind} | _ENRICHMENT | overrides


def accepted_row(kind: str, **overrides: Any) -> tuple[int, bytes]:
    """(schema id, framed value) of an accepted document; any field of header, body and enrichment may be overridden."""
    schema_id, made = registry.latest(f"accepted.{kind}")
    known = {field["name"] for field in made.schema["fields"]}
    assert set() == set(overrides) - known
    return schema_id, codec.frame(schema_id, made.encode(accepted_datum(kind, **overrides)))


def ledger_row(topic: str, **overrides: Any) -> tuple[int, bytes]:
    """(schema id, framed value) of a record of `rejected`, `outcomes`, `heartbeats` or `identity.links`."""
    return _ledger_row(topic, overrides)


def _ledger_row(topic: str, overrides: dict[str, Any]) -> tuple[int, bytes]:
    schema_id, made = registry.latest(topic)
    return schema_id, codec.frame(schema_id, made.encode(_LEDGER[topic] | overrides))


def outcome_row(*numbers: dict[str, Any], kind: str = "encounter", **overrides: Any) -> tuple[int, bytes]:
    """A chunk's outcomes for one feed, the default one; each number a dict of what differs from the default."""
    feed = {name: overrides.pop(name, _HEADER[name]) for name in ("adapter_id", "incarnation", "facility")}
    base = {"feed": 0, "sequence": 1, "part": 1, "parts": 1, "captured_at": NOW, "outcome": "accepted"}
    rows = [base | number for number in numbers]
    chunk = {"topic": f"received.{kind}", "feeds": [feed], "numbers": rows} | overrides
    return _ledger_row("outcomes", chunk)
