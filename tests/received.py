"""Records on `received` for tests: made by the real codecs and sealed with keys of a made-up city."""

from collections.abc import Mapping
from typing import Any, Final

from runtime.keyring import WORKER, Keyring
from runtime.seal import HEADER as SEAL_HEADER
from runtime.seal import SealKey, seal
from schemas import codec, registry, topics
from schemas.numbers import REPLAY
from schemas.sealed import IDENTITY
from stream_processors.receive import Source

NOW: Final = 1_780_000_000_000
"""2026-05-28, late afternoon in Hanoi."""
HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
FACILITY: Final = "01003"
OTHER_FACILITY: Final = "01004"
LIMIT: Final = topics.MAX_EVENT_BYTES

KEYRING: Final = Keyring(
    seal={f"{name}-1": SealKey.make(f"{name}-1", name, name[:1].encode() * 32) for name in (FACILITY, WORKER, REPLAY)}
    | {f"{OTHER_FACILITY}-1": SealKey.make(f"{OTHER_FACILITY}-1", OTHER_FACILITY, b"o" * 32)},
    pseudonym={FACILITY: b"p" * 32},
    citizen=b"c" * 32,
)

HEADER: Final[dict[str, Any]] = {
    "adapter_id": "01003.his",
    "incarnation": "a" * 16,
    "sequence": 1,
    "part": 1,
    "parts": 1,
    "document_id": "d0" * 16,
    "version": NOW << 20,
    "content_hash": "c0" * 16,
    "status": "active",
    "partial": False,
    "facility": FACILITY,
    "source_system": "HIS",
    "source_format": "hl7v2",
    "occurred_at": NOW,
    "captured_at": NOW,
    "patient_key": "b0" * 16,
    "visit_key": "e0" * 16,
    "sensitivity": "normal",
    "purpose": "treatment",
    "legal_basis": "law",
    "trace_id": "t",
    "marks": [],
}

PERSON: Final[dict[str, Any]] = {"sex": "1", "birth_year": 1980}
IDENTITY_OF: Final[dict[str, str | None]] = {
    "full_name": "Nguyễn Văn An",
    "citizen_id": "001080123456",
    "birth": "198002030000",
    "sex": "1",
}


def event(kind: str = "encounter", **overrides: Any) -> dict[str, Any]:
    """A decoded document, whole, with every field of the kind (as the worker sees it). Nothing in it is wrong."""
    made = registry.latest(topics.received(kind))[1]
    return made.decode(datum(kind, **overrides))


def datum(kind: str = "encounter", **overrides: Any) -> bytes:
    made = registry.latest(topics.received(kind))[1]
    fields = HEADER | PERSON | _BODY.get(kind, {}) | {"kind": kind} | overrides
    assert set() == set(fields) - {field["name"] for field in made.schema["fields"]}
    return made.encode(fields)


def sealed(
    datum_: bytes,
    identity: Mapping[str, str | None] | None = None,
    narrative: dict[str, str] | None = None,
    key: str = f"{FACILITY}-1",
) -> bytes:
    parts = {"identity": dict.fromkeys(IDENTITY) | dict(identity or {}), "narrative": narrative or {}}
    return seal(KEYRING.seal[key], datum_, registry.SEALED.encode(parts))


def source(
    kind: str = "encounter",
    *,
    identity: Mapping[str, str | None] | None = None,
    narrative: dict[str, str] | None = None,
    key_id: str = f"{FACILITY}-1",
    at: tuple[int, int] = (0, 0),
    **overrides: Any,
) -> Source:
    """A record as it is read from Kafka; `at` is (partition, offset)."""
    body = datum(kind, **overrides)
    said = HEADER | overrides
    key = f"{said['facility']}:{said['visit_key'] or said['document_id']}".encode()
    header = (SEAL_HEADER, sealed(body, IDENTITY_OF if identity is None else identity, narrative, key_id))
    value = codec.frame(registry.latest(topics.received(kind))[0], body)
    return Source(topics.received(kind), *at, key, value, (header,))


_BODY: Final[dict[str, dict[str, Any]]] = {
    "encounter": {
        "visit_type": "03",
        "patient_category": "1.1",
        "admitted_at": NOW - 3 * DAY,
        "inpatient_at": NOW - 3 * DAY + HOUR,
        "discharged_at": NOW - HOUR,
        "treatment_days": 4,
        "treatment_result": "1",
        "discharge_type": "1",
        "main_diagnosis": "J18.9",
        "diagnoses": [],
    },
}
