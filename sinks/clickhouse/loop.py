"""The sink's loop: read, insert, then commit. At least once; the tables' shape makes a repeat harmless.

ClickHouse being away costs lag, nothing else: partitions are paused, polling goes on so that the group keeps its
member, and the batch is tried again. What is revoked is flushed once or forgotten; its next owner reads it again.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, Protocol

from confluent_kafka import KafkaException, TopicPartition

from runtime import logs, telemetry
from runtime.clock import now_ms
from runtime.settings import SinkSettings
from schemas import registry, topics
from schemas.codec import FRAME_BYTES, NotOneDatum
from sinks.clickhouse import sift, spread
from sinks.clickhouse.batch import Batch, Group, Rejection
from sinks.clickhouse.client import Away
from sinks.clickhouse.merges import Merges
from sinks.clickhouse.reject import NotDelivered

TICK_SECONDS: Final = 0.05
MOST_AT_ONCE: Final = 2_000
QUIET_SECONDS: Final = 20.0
"""Longest time between polls while inserting."""
BACK_OFF: Final = (0.2, 10.0)
GRACE_SECONDS: Final = 10.0
"""How long the last flush may take when the role ends; the rest is uncommitted and read again."""

log = logs.get("sink")


class Revoked(Exception):
    """Partitions of the batch in hand went to another member while it was being inserted."""


class Consumer(Protocol):
    """What is asked of a Kafka consumer (`confluent_kafka.Consumer`, or a fake)."""

    def subscribe(self, topics: list[str], *, on_revoke: Any, on_lost: Any) -> None: ...
    def consume(self, num_messages: int, timeout: float) -> list[Any]: ...
    def assignment(self) -> list[Any]: ...
    def pause(self, partitions: list[Any]) -> None: ...
    def resume(self, partitions: list[Any]) -> None: ...
    def commit(self, *, offsets: list[Any], asynchronous: bool) -> list[Any]: ...
    def close(self) -> None: ...


class Sink:
    """One consumer, one ClickHouse, one thread; inserts may have threads of their own."""

    def __init__(
        self,
        consumer: Consumer,
        store: sift.Store,
        reject: Callable[[Sequence[Rejection]], None],
        settings: SinkSettings,
        clock: Callable[[], float] = time.monotonic,
        on_ready: Callable[[], None] | None = None,
        merges: Merges | None = None,
    ) -> None:
        self._consumer, self._store, self._reject, self._settings = consumer, store, reject, settings
        self._clock, self._on_ready, self._merges = clock, on_ready, merges
        self._batch, self._next = Batch(), Batch()
        self._since = self._polled = clock()
        self._uncommitted: dict[tuple[str, int], int] = {}
        self._flushing = self._revoked = self._paused = self._rebalancing = False
        self._told: set[str] = set()
        self._pool = ThreadPoolExecutor(settings.inserts_at_once, "insert") if settings.inserts_at_once > 1 else None

    def run(self, stop: threading.Event) -> None:
        """Until `stop`; then what is held is inserted and committed, within GRACE_SECONDS."""
        self._consumer.subscribe(list(topics.SINK_TOPICS), on_revoke=self._on_revoke, on_lost=self._on_lost)
        try:
            while not stop.is_set():
                self._step(stop)
            self._flush(self._clock() + GRACE_SECONDS)
        finally:
            self._batch, self._next = Batch(), Batch()
            self._consumer.close()
            if self._pool is not None:
                self._pool.shutdown()

    def _step(self, stop: threading.Event) -> None:
        due_in = self._since + self._settings.flush_ms / 1000 - self._clock()
        held = self._batch.rows
        timeout = max(0.0, min(TICK_SECONDS, due_in)) if held else TICK_SECONDS
        self._take(min(MOST_AT_ONCE, max(1, self._settings.flush_rows - held)), timeout)
        if self._on_ready is not None and self._consumer.assignment():
            self._on_ready()
            self._on_ready = None
        if not held:
            self._since = self._clock()
        if self._due():
            self._flush(None, stop)
        elif not self._batch.rows:
            self._commit()
            if self._merges is not None:
                with suppress(Away):  # nothing waits for it: the next step asks again
                    self._merges.settle()
            telemetry.PROGRESS.labels("sink").set(now_ms() / 1000)

    def _take(self, most: int, timeout: float) -> None:
        messages = self._consumer.consume(most, timeout)  # may call `_on_revoke`, which may replace the batch
        self._polled = self._clock()
        batch = self._next if self._flushing else self._batch
        batch.add(message for message in messages if not self._is_error(message))

    def _is_error(self, message: Any) -> bool:
        error = message.error()
        if error is None:
            return False
        if error.fatal():
            raise KafkaException(error)
        if error.name() not in self._told:
            self._told.add(error.name())
            log.warning("consumer", code=error.name(), topic=message.topic())
        return True

    def _due(self) -> bool:
        batch, settings = self._batch, self._settings
        return batch.rows > 0 and (
            batch.rows >= settings.flush_rows
            or batch.bytes >= settings.flush_bytes
            or self._clock() - self._since >= settings.flush_ms / 1000
        )

    def _flush(self, deadline: float | None, stop: threading.Event | None = None) -> None:
        """Insert all that is held, then commit. Tries until it is in, until `deadline` or `stop`; then it stays held."""
        delay = BACK_OFF[0]
        while True:
            try:
                self._insert_all()
                break
            except Revoked:
                continue
            except (Away, NotDelivered) as trouble:
                log.warning("store_away", rows=self._batch.rows, trouble=str(trouble), again_in_seconds=delay)
                self._wait(delay, stop)
                if (stop and stop.is_set()) or (deadline is not None and self._clock() >= deadline):
                    return
                delay = min(delay * 2, BACK_OFF[1])
        self._settled()
        self._resume()

    def _flush_once(self) -> None:
        """One attempt, without polling: called from within a poll, by a rebalance."""
        self._rebalancing = True
        try:
            self._insert_all()
        except (Away, NotDelivered) as trouble:
            log.warning("revoked_unflushed", rows=self._batch.rows, trouble=str(trouble))
        else:
            self._settled()
        finally:
            self._rebalancing = False

    def _settled(self) -> None:
        self._commit()
        self._batch, self._next = self._next, Batch()
        self._since = self._clock()
        telemetry.PROGRESS.labels("sink").set(now_ms() / 1000)

    def _insert_all(self) -> None:
        batch = self._batch
        self._flushing, self._revoked = True, False
        try:
            at_once = self._settings.inserts_at_once
            for key, rejections in spread.insert(self._pool, at_once, self._store, batch.groups, self._alive):
                batch.rejections += rejections
                if self._merges is not None and key[0] == topics.LINKS:
                    self._merges.told()
                _observe_age(batch.groups.pop(key))
            if batch.rejections:
                self._reject(batch.rejections)
                batch.rejections = []
            if self._merges is not None:
                self._merges.settle()
        finally:
            self._flushing = False
        self._uncommitted |= batch.positions

    def _alive(self) -> None:
        """Keep the place in the group during long inserts."""
        if not self._rebalancing and self._clock() - self._polled >= QUIET_SECONDS:
            self._poll(0)

    def _poll(self, timeout: float) -> None:
        """Poll without taking more: what comes all the same is kept for the next batch. Raises Revoked."""
        self._consumer.pause(self._consumer.assignment())
        self._paused = True
        self._take(1, timeout)
        if self._revoked:
            self._revoked = False
            raise Revoked

    def _wait(self, seconds: float, stop: threading.Event | None) -> None:
        until = self._clock() + seconds
        while self._clock() < until and not (stop is not None and stop.is_set()):
            try:
                self._flushing = True
                self._poll(min(0.1, seconds))
            except Revoked:
                return
            finally:
                self._flushing = False

    def _resume(self) -> None:
        if self._paused:
            self._consumer.resume(self._consumer.assignment())
            self._paused = False

    def _commit(self) -> None:
        """Positions the broker did not take stay; they go with the next flush, or at the next idle moment."""
        if not self._uncommitted:
            return
        offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in self._uncommitted.items()]
        try:
            answers = self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            log.warning("commit_failed", code=error.args[0].name())
            return
        for answer in answers:
            if answer.error is None:
                self._uncommitted.pop((answer.topic, answer.partition), None)

    def _on_revoke(self, _consumer: Any, partitions: list[Any]) -> None:
        """Outside a flush: one attempt to insert and commit. Whatever then is left of these partitions is forgotten."""
        if not self._flushing and self._batch.rows:
            self._flush_once()
        self._forget(partitions)

    def _on_lost(self, _consumer: Any, partitions: list[Any]) -> None:
        self._forget(partitions)

    def _forget(self, partitions: list[Any]) -> None:
        places = {(partition.topic, partition.partition) for partition in partitions}
        for batch in (self._batch, self._next):
            batch.drop(places)
        for place in places:
            self._uncommitted.pop(place, None)
        self._revoked = True


def _observe_age(group: Group) -> None:
    """Capture to stored, of one row of the insert: decoding each would cost more than the insert."""
    codec = registry.codec(group.target.schema_id)
    if group.rows and codec is not None and group.target.topic in topics.ACCEPTED_TOPICS:
        with suppress(NotOneDatum):  # it was rejected
            event = codec.decode(group.rows[-1][2][FRAME_BYTES:])
            telemetry.AGE.observe((now_ms() - event["captured_at"]) / 1000)
