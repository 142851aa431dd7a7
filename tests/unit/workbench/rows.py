"""Rows of `rejected_parts` for tests, made by the house's own hands."""

from datetime import UTC, datetime
from typing import Any, Final

from producers.adapter import Feed, Refusal
from producers.event import Keys, Number, refuse
from runtime.keyring import WORKER, Keyring
from runtime.seal import SealKey
from schemas import codec, registry, topics
from schemas.numbers import REPLAY
from stream_processors import account
from stream_processors.receive import Rejected, Source
from tests.received import FACILITY, LIMIT, NOW, OTHER_FACILITY

KEYRING: Final = Keyring(
    {f"{name}-1": SealKey.make(f"{name}-1", name, name[:1].encode() * 32) for name in (FACILITY, WORKER, REPLAY)}
    | {f"{OTHER_FACILITY}-1": SealKey.make(f"{OTHER_FACILITY}-1", OTHER_FACILITY, b"o" * 32)},
    {FACILITY: b"p" * 32, OTHER_FACILITY: b"q" * 32},
    b"c" * 32,
)
FEED: Final = Feed(f"{FACILITY}.his", FACILITY, "HIS", "hl7v2")


def row_of(value: bytes, **more: Any) -> tuple[dict[str, Any], bytes | None]:
    """(row as the view has it, sealed original) of a record on `rejected`."""
    schema_id, made = registry.latest(topics.REJECTED)
    framed = codec.unframe(value)
    assert framed is not None
    assert schema_id == framed[0]
    said = made.decode(framed[1])
    sealed = said.pop("original")
    said |= {
        "number": "/".join(str(said[name]) for name in ("adapter_id", "incarnation", "sequence", "part")),
        "kind": said["kind"] or "",
        "replay_count": said["replay_count"] or 0,
        "captured_at": datetime.fromtimestamp(said["captured_at"] / 1000, UTC),
        "rejected_at": datetime.fromtimestamp(said["rejected_at"] / 1000, UTC),
        "has_original": sealed is not None,
        "state": "open",
    }
    return said | more, sealed


def by_adapter(
    raw: bytes, reason: str = "charset", *, place: str | None = None, parts: int = 1, **more: Any
) -> tuple[dict[str, Any], bytes | None]:
    """A part that an adapter refused."""
    number = Number(FEED.adapter_id, "a" * 16, 7, 1, parts)
    record = refuse(
        Refusal(reason, "MSH"), number, FEED, Keys.of(KEYRING, FACILITY),
        captured_at=NOW, message_id="m1", original=raw, original_place=place,
    )  # fmt: skip
    return row_of(record.value, **more)


def by_worker(
    source: Source, reason: str = "rule", event: dict[str, Any] | None = None, *, limit: int = LIMIT, **more: Any
) -> tuple[dict[str, Any], bytes | None]:
    """A part that a worker refused."""
    rejected = Rejected(source, reason, rules=("X01",) if reason == "rule" else (), event=event)
    return row_of(account.rejection(rejected, KEYRING, limit, NOW)[2], **more)
