"""The publisher: outbox -> Kafka, in order; what the broker has acknowledged leaves the outbox.

A record is read again until its delivery report came: publishing twice is harmless (same number, same outcome), losing
is not. The broker being away costs waiting, nothing else. A feed that has more to send than its pace allows is passed
over and read again behind the others: its own order stays.
"""

import math
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from producers.outbox import Outbox, unpack
from producers.pace import Pace
from runtime import kafka, logs, telemetry
from runtime.clock import now_ms
from runtime.window import Window
from schemas import codec, registry, topics

BATCH: Final = 1_000
IN_FLIGHT: Final = 20_000

_COLUMNS: Final = "id, adapter_id, topic, key, value, headers"

Row = tuple[int, str, str, bytes, bytes, bytes]

log = logs.get("publisher")


class Publisher:
    """A thread of its own. `delivered` is given the ids of records that the broker has, `failed` what ended the thread."""

    def __init__(
        self,
        outbox: Outbox,
        bootstrap: str,
        name: str,
        delivered: Callable[[list[int]], None],
        failed: Callable[[BaseException], None],
        window: Window | None,
        pace: Pace | None = None,
    ) -> None:
        self._outbox, self._bootstrap, self._name = outbox, bootstrap, name
        self._report, self._broken, self._window, self._pace = delivered, failed, window, pace or Pace(0)
        self._held: dict[str, int] = {}
        """Feed that is passed over -> the last of its records that was sent."""
        self._until = math.inf
        """When to end whatever still waits; infinite until `stop`."""
        self._failed = False
        self._in_flight = 0
        self._acked: list[int] = []
        self._producer = kafka.producer(bootstrap, name)
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Send what waits and may go, and let it arrive, within `timeout` seconds. What the broker did not take in that
        time, or what a closed window or a pace holds back, stays in the outbox for the next start. Heartbeats still go."""
        self._until = time.monotonic() + timeout
        self._outbox.stored.set()
        self._thread.join(timeout + 5)
        self.flush(max(0.0, self._until - time.monotonic()))

    def flush(self, timeout: float) -> None:
        self._producer.flush(timeout)
        self._hand_over()

    def heartbeat(self, pulse: Mapping[str, Any], delivered: Callable[[], None]) -> None:
        """One heartbeat; `delivered` is called when the broker has it."""
        schema_id, made = registry.latest(topics.HEARTBEATS)

        def report(error: object, _message: object) -> None:
            if error is None:
                delivered()

        try:
            self._producer.produce(
                topics.HEARTBEATS,
                codec.frame(schema_id, made.encode(pulse)),
                pulse["adapter_id"].encode(),
                on_delivery=report,
            )
        except BufferError:
            log.warning("heartbeat_skipped", reason="the producer's queue is full")

    def _run(self) -> None:
        try:
            self._publish()
        except BaseException as error:
            self._broken(error)

    def _publish(self) -> None:
        reader = sqlite3.connect(f"{self._outbox.path.resolve().as_uri()}?mode=ro", uri=True)
        position = 0
        while time.monotonic() < self._until:
            ending = self._until < math.inf  # asked before the outbox: what was stored by then is read
            if self._failed:
                self._renew()
                position = 0
            held = self._of_held(reader, position)
            rows = self._waiting(reader, position)
            for row in rows:
                self._send_or_hold(row)
                position = row[0]
            self._producer.poll(0 if rows else 0.01)
            self._hand_over()
            if rows or held:
                continue
            if ending and not self._in_flight and not self._failed:
                break
            self._outbox.stored.wait(0.05)
            self._outbox.stored.clear()
        reader.close()

    def _waiting(self, reader: sqlite3.Connection, position: int) -> list[Row]:
        if not self._may_send():
            time.sleep(0.01)
            return []
        sql = f"SELECT {_COLUMNS} FROM record WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608 our own names
        return reader.execute(sql, (position, BATCH)).fetchall()

    def _may_send(self) -> bool:
        return self._in_flight < IN_FLIGHT and (self._window is None or self._window.open())

    def _send_or_hold(self, row: Row) -> None:
        id_, feed, *_ = row
        if feed in self._held:
            return
        if self._pace.room(feed) < 1:
            self._held[feed] = id_ - 1
            return
        self._pace.take(feed)
        self._produce(*row)

    def _of_held(self, reader: sqlite3.Connection, position: int) -> int:
        """As many records of the feeds that were passed over as may go now; their count. One that has no more up to
        `position` goes with the others again."""
        sql = (
            f"SELECT {_COLUMNS} FROM record WHERE adapter_id = ? AND id > ? AND id <= ? "  # noqa: S608 our own names
            "ORDER BY id LIMIT ?"
        )
        count = 0
        for feed, last in list(self._held.items()):
            room = min(self._pace.room(feed), BATCH)
            if room < 1 or not self._may_send():
                continue
            rows = reader.execute(sql, (feed, last, position, room)).fetchall()
            for row in rows:
                self._produce(*row)
                self._held[feed] = row[0]
            self._pace.take(feed, len(rows))
            count += len(rows)
            if len(rows) < room:
                del self._held[feed]
        return count

    def _produce(self, id_: int, _feed: str, topic: str, key: bytes, value: bytes, headers: bytes) -> None:
        def report(error: Any, message: Any) -> None:
            self._in_flight -= 1
            if error is not None:
                self._failed = True
                log.error("delivery_failed", code=error.name())
                return
            self._acked.append(id_)
            if self._window is not None:
                self._window.delivered(topic, message.partition(), message.offset(), len(value) + len(headers))

        while time.monotonic() < self._until:
            try:
                self._producer.produce(topic, value, key, headers=unpack(headers), on_delivery=report)
            except BufferError:
                self._producer.poll(0.1)
                self._hand_over()
            else:
                self._in_flight += 1
                return

    def _renew(self) -> None:
        """After a failed delivery: a new producer, from the oldest record that is still in the outbox."""
        self._producer.purge()
        self._producer.flush(1)
        self._hand_over()
        time.sleep(0.5)
        self._producer = kafka.producer(self._bootstrap, self._name)
        self._in_flight, self._failed = 0, False
        self._held.clear()

    def _hand_over(self) -> None:
        if self._acked:
            acked, self._acked = self._acked, []
            self._report(acked)
            telemetry.PROGRESS.labels("publisher").set(now_ms() / 1000)
