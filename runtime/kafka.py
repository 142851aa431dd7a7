"""Kafka clients: the only door to confluent-kafka. Producers are idempotent and place keys as Java does."""

from typing import Any, Final

from confluent_kafka import Consumer, Producer

from schemas import topics

METADATA_MS: Final = 15_000
"""How soon a consumer hears of added partitions; both libraries take five minutes by themselves."""

BACK_OFF: Final = {"reconnect.backoff.ms": 50, "reconnect.backoff.max.ms": 1000}


def producer(bootstrap: str, name: str, **more: Any) -> Producer:
    """Idempotent, acks=all. `murmur2_random`: without it aiokafka and librdkafka place one key in two partitions.

    `message.timeout.ms` 0: a record waits as long as the broker is away; its own durable copy is in the outbox, or its
    source offset is not committed.
    """
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "client.id": name,
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "compression.type": "lz4",
            "message.timeout.ms": 0,
            "message.max.bytes": topics.MAX_MESSAGE_BYTES,
            "queue.buffering.max.kbytes": 65_536,
            "socket.keepalive.enable": True,
            "log_level": 3,
            **BACK_OFF,
            **more,
        }
    )


def consumer(bootstrap: str, group: str, name: str, **more: Any) -> Consumer:
    """No automatic commits: the acknowledgement is last."""
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "client.id": name,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "range",
            "session.timeout.ms": 10_000,
            "heartbeat.interval.ms": 1_000,
            "max.poll.interval.ms": 300_000,
            "fetch.wait.max.ms": 50,
            "fetch.queue.backoff.ms": 20,
            "queued.max.messages.kbytes": 32_768,
            "topic.metadata.refresh.interval.ms": METADATA_MS,
            "log_level": 3,
            **BACK_OFF,
            **more,
        }
    )
