"""Rejections of the sink, written to `rejected` and awaited before anything is committed."""

import time
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from runtime import logs, telemetry
from runtime.clock import now_ms
from schemas import codec, registry, topics
from sinks.clickhouse.batch import Rejection

STAGE: Final = "sink"
WAIT_SECONDS: Final = 30.0
MOST_LOGGED: Final = 20
_NUMBER: Final = (
    "adapter_id",
    "incarnation",
    "sequence",
    "part",
    "parts",
    "facility",
    "source_system",
    "source_format",
)

log = logs.get("sink")


class NotDelivered(RuntimeError):
    """The broker has not taken a rejection; nothing may be committed. Holds the error's code only."""


class Producer(Protocol):
    """What is asked of a Kafka producer (`confluent_kafka.Producer`, or a fake)."""

    def produce(self, topic: str, value: bytes, key: bytes, *, on_delivery: Callable[[Any, Any], None]) -> None: ...
    def poll(self, timeout: float) -> int: ...


def record(rejection: Rejection, now: int) -> dict[str, Any]:
    """The fields of schemas.ledger.REJECTED. Where no number could be read, Kafka's coordinates stand for it under an
    empty `adapter_id`, which the ledger leaves out."""
    event = rejection.event or {}
    if all(name in event for name in _NUMBER):
        number = {name: event[name] for name in _NUMBER}
    else:
        place = f"{rejection.topic}/{rejection.partition}"
        number = dict(zip(_NUMBER, ("", place, rejection.offset, 1, 1, event.get("facility", ""), "", ""), strict=True))
    return number | {
        "kind": event.get("kind") or _kind(rejection.topic),
        "document_id": event.get("document_id"),
        "source_message_id": event.get("source_message_id"),
        "stage": STAGE,
        "reason": rejection.reason,
        "rules": [],
        "place": rejection.place,
        "detail": rejection.detail,
        "captured_at": event.get("captured_at", now),
        "rejected_at": now,
        "topic": rejection.topic,
        "source_partition": rejection.partition,
        "source_offset": rejection.offset,
        "original_size": rejection.size,
        "original_hash": "",
        "original_place": None,
        "original": None,
        "replay_of": event.get("replay_of"),
        "replay_count": event.get("replay_count"),
    }


def _tell(rejection: Rejection) -> None:
    log.error(
        "row_rejected",
        topic=rejection.topic,
        partition=rejection.partition,
        offset=rejection.offset,
        reason=rejection.reason,
        place=rejection.place,
        detail=rejection.detail,
    )


def _kind(topic: str) -> str | None:
    return topic.partition(".")[2] if topic in topics.ACCEPTED_TOPICS else None


class Rejector:
    """Writes rejections and waits until the broker has them."""

    def __init__(self, producer: Producer, clock: Callable[[], int] = now_ms) -> None:
        self._producer, self._clock = producer, clock

    def __call__(self, rejections: Iterable[Rejection]) -> None:
        """Raises NotDelivered; then all of them are to be written again (a repeat collapses)."""
        schema_id, made = registry.latest(topics.REJECTED)
        waiting: set[int] = set()
        failed: list[str] = []
        for number, rejection in enumerate(rejections):
            if number < MOST_LOGGED:
                _tell(rejection)
            if (rejection.event or {}).get("stage") == STAGE:
                continue  # our own rejection was refused: a rejection of it would go round for ever; the log has it
            telemetry.REJECTIONS.labels(STAGE, rejection.reason).inc()
            fields = record(rejection, self._clock())
            value = codec.frame(schema_id, made.encode(fields))
            waiting.add(number)
            self._produce(value, fields["facility"].encode(), _report(number, waiting, failed))
        if len(waiting) > MOST_LOGGED:
            log.error("rows_rejected", rows=len(waiting), logged=MOST_LOGGED)
        self._wait(waiting, failed)

    def _produce(self, value: bytes, key: bytes, report: Callable[[Any, Any], None]) -> None:
        while True:
            try:
                self._producer.produce(topics.REJECTED, value, key, on_delivery=report)
            except BufferError:
                self._producer.poll(0.1)
            else:
                return

    def _wait(self, waiting: set[int], failed: list[str]) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while waiting and not failed and time.monotonic() < deadline:
            self._producer.poll(0.1)
        if waiting or failed:
            raise NotDelivered(failed[0] if failed else "timed out")


def _report(number: int, waiting: set[int], failed: list[str]) -> Callable[[Any, Any], None]:
    def report(error: Any, _message: Any) -> None:
        waiting.discard(number)
        if error is not None:
            failed.append(error.name())

    return report
