"""Reading single records from Kafka again: what the store refused, and originals too large for `rejected`."""

import time
from typing import Any, Final

from confluent_kafka import KafkaException, TopicPartition

from runtime import kafka
from stream_processors.receive import Source

GROUP: Final = "livingdata-replay"
WAIT_SECONDS: Final = 10.0


class Fetcher:
    """One reader, commits nothing."""

    def __init__(self, bootstrap: str) -> None:
        self._reader: Any = kafka.consumer(bootstrap, GROUP, "replay")

    def __call__(self, topic: str, partition: int, offset: int) -> Source | None:
        """The record, or None where Kafka has forgotten it or does not answer in time."""
        place = TopicPartition(topic, partition, offset)
        try:
            low, high = self._reader.get_watermark_offsets(place, timeout=WAIT_SECONDS)
            if not low <= offset < high:
                return None
            self._reader.assign([place])
            deadline = time.monotonic() + WAIT_SECONDS
            while time.monotonic() < deadline:
                message = self._reader.poll(0.2)
                if message is None or message.error() is not None:
                    continue
                if message.offset() != offset:
                    return None
                return Source(topic, partition, offset, message.key(), message.value(), message.headers() or ())
        except KafkaException:
            return None
        return None

    def close(self) -> None:
        self._reader.close()
