"""Every topic: one row says what it is, who writes, who reads, its key and how long it is kept."""

from dataclasses import dataclass
from typing import Final

from schemas.kinds import KINDS

DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic. `retention_ms` is a promise the law relies on (erasure ends by retention)."""

    name: str
    description: str
    writer: str
    reader: str
    key: str
    partitions: int
    retention_ms: int


def received(kind: str) -> str:
    return f"received.{kind}"


def backfill(kind: str) -> str:
    return f"backfill.{kind}"


def accepted(kind: str) -> str:
    return f"accepted.{kind}"


def kind_of(topic: str) -> str:
    """The kind that a topic of documents is of: what follows `received.`, `backfill.` or `accepted.`."""
    return topic.partition(".")[2]


REJECTED: Final = "rejected"
OUTCOMES: Final = "outcomes"
HEARTBEATS: Final = "heartbeats"
LINKS: Final = "identity.links"

_VISIT_KEY: Final = "facility + visit_key, without a visit number facility + document_id"

TOPICS: Final[dict[str, Topic]] = {
    row.name: row
    for row in (
        *(
            Topic(received(k), f"{k} as adapters send it", "adapters", "workers", _VISIT_KEY, 12, 7 * DAY_MS)
            for k in KINDS
        ),
        *(
            Topic(
                backfill(k), f"{k} of history, as adapters send it", "adapters", "backfill", _VISIT_KEY, 6, 7 * DAY_MS
            )
            for k in KINDS
        ),
        *(
            Topic(accepted(k), f"{k}, enriched", "workers", "sinks, resolver", _VISIT_KEY, 12, 14 * DAY_MS)
            for k in KINDS
        ),
        Topic(
            REJECTED, "what was refused and why, original sealed", "all", "sinks, workers", "facility", 6, 30 * DAY_MS
        ),
        Topic(OUTCOMES, "one record per chunk: the ledger", "workers", "sinks", "worker", 6, 14 * DAY_MS),
        Topic(HEARTBEATS, "each feed every 10 s", "adapters", "sinks", "adapter_id", 6, 14 * DAY_MS),
        Topic(LINKS, "who is who, told late", "adapters, resolver, people", "sinks", "patient_key", 6, 14 * DAY_MS),
    )
}

RECEIVED_TOPICS: Final = tuple(received(kind) for kind in KINDS)
BACKFILL_TOPICS: Final = tuple(backfill(kind) for kind in KINDS)
"""History: records as on `received`, in every byte. Read by workers that give way to those of `received`."""
ACCEPTED_TOPICS: Final = tuple(accepted(kind) for kind in KINDS)
SINK_TOPICS: Final = (*ACCEPTED_TOPICS, REJECTED, OUTCOMES, HEARTBEATS, LINKS)

MAX_MESSAGE_BYTES: Final = 1_000_000
"""What topics take and producers send."""

SEGMENT_MS: Final = DAY_MS
"""Kafka deletes whole closed segments, and by default closes one after 7 days: a record would outlive its retention by
a week. So a record lies at most `retention_ms` + this, and erasure's date counts with it."""

SETTINGS: Final = ("cleanup.policy", "max.message.bytes", "min.insync.replicas", "retention.ms", "segment.ms")


def settings(topic: Topic, replication: int) -> dict[str, str]:
    """The values of `SETTINGS` for a topic with so many replicas: with three, a write needs two."""
    values = ("delete", MAX_MESSAGE_BYTES, 2 if replication > 2 else 1, topic.retention_ms, SEGMENT_MS)
    return dict(zip(SETTINGS, map(str, values), strict=True))


MAX_EVENT_BYTES: Final = 900_000
"""Record headers and room for enrichment included (`MAX_MESSAGE_BYTES` is the limit of the topics)."""

MAX_EVENT_BYTES_EMBEDDED: Final = 262_144
"""The in-process cluster keeps 5 MiB a partition."""

ENRICHMENT_ROOM: Final = 16_384
"""What the worker and the sink may append."""
