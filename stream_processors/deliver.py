"""Producing a chunk's records and waiting until the broker has them all. Runs in a thread, never on the loop."""

from collections.abc import Sequence
from typing import Any

from runtime import kafka
from runtime.window import Window
from stream_processors.account import Produced


class DeliveryError(RuntimeError):
    """The broker refused a record for good; the chunk is not committed. Holds the error's code only."""


class Deliverer:
    """One producer, used by one thread at a time."""

    def __init__(self, bootstrap: str, name: str, window: Window | None) -> None:
        # Of a record that was delivered nothing needs to be said, but to a window: a report each is a tenth of the
        # time that goes into producing.
        self._producer = kafka.producer(
            bootstrap, name, **{"linger.ms": 1, "delivery.report.only.error": window is None}
        )
        self._window = window

    def __call__(self, produced: Sequence[Produced]) -> None:
        """Returns when every record is acknowledged; raises DeliveryError where one will not be."""
        failed: list[str] = []

        def report(error: Any, message: Any) -> None:
            if error is not None:
                failed.append(error.name())
            elif self._window is not None:
                self._window.delivered(message.topic(), message.partition(), message.offset(), len(message))

        produce = self._producer.produce
        for topic, key, value, headers in produced:
            while True:
                try:
                    produce(topic, value, key, headers=headers, on_delivery=report)
                    break
                except BufferError:
                    self._producer.poll(0.1)
        while not failed and self._producer.flush(0.1):
            pass
        if failed:
            raise DeliveryError(failed[0])

    @property
    def holds_back(self) -> bool:
        """Whether `wait_for_room` may have to wait at all."""
        return self._window is not None

    def wait_for_room(self) -> None:
        """Hold back while the reader is far behind on a broker that forgets."""
        while self._window is not None and not self._window.open():
            self._producer.poll(0.05)

    def close(self) -> None:
        self._producer.flush(5)
