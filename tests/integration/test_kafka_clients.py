"""What the house's Kafka clients promise, on the embedded broker and on a real one."""

import asyncio
import os
import time
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from confluent_kafka import KafkaException, TopicPartition

from runtime import kafka
from schemas import topics
from tests.servers import Servers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]  # the first one starts the stack

TOPIC = "received.encounter"


def partitions(servers: Servers, topic: str) -> list[int]:
    reader = kafka.consumer(servers.kafka, "none", "test")
    found = list(reader.list_topics(topic, timeout=10).topics[topic].partitions)
    reader.close()
    return sorted(found)


def publish(servers: Servers, topic: str, records: Sequence[tuple[bytes, bytes]]) -> dict[bytes, int]:
    """Key -> partition, once all are delivered."""
    placed: dict[bytes, int] = {}
    failed: list[str] = []

    def report(error: Any, message: Any) -> None:
        if error is not None:
            failed.append(error.name())
        else:
            placed[message.key()] = message.partition()

    producer = kafka.producer(servers.kafka, "test")
    for key, value in records:
        producer.produce(topic, value, key, headers=[("seal", b"\x00\xff")], on_delivery=report)
    assert 0 == producer.flush(30)
    assert [] == failed
    return placed


def read(servers: Servers, topic: str, group: str, count: int) -> list[Any]:
    reader = kafka.consumer(servers.kafka, group, "test")
    reader.subscribe([topic])
    found: list[Any] = []
    deadline = time.monotonic() + 60
    while len(found) < count:
        assert time.monotonic() < deadline, "waited in vain"
        found += reader.consume(count - len(found), timeout=1)
    assert [None] * len(found) == [message.error() for message in found]
    reader.commit(offsets=_after(found), asynchronous=False)
    reader.close()
    return found


def _after(messages: Sequence[Any]) -> list[TopicPartition]:
    last: dict[int, Any] = {message.partition(): message for message in messages}
    return [TopicPartition(m.topic(), m.partition(), m.offset() + 1) for m in last.values()]


def test_what_goes_in_comes_out(servers: Servers) -> None:
    sent = [(f"01001:{number}".encode(), f"value {number}".encode()) for number in range(500)]
    publish(servers, "accepted.encounter", sent)
    found = read(servers, "accepted.encounter", "round-trip", 500)
    assert sorted(sent) == sorted((message.key(), message.value()) for message in found)
    assert {(("seal", b"\x00\xff"),)} == {tuple(message.headers()) for message in found}

    late = kafka.consumer(servers.kafka, "round-trip", "test")
    places = [TopicPartition("accepted.encounter", one) for one in partitions(servers, "accepted.encounter")]
    assert 500 == sum(max(place.offset, 0) for place in late.committed(places, timeout=10))
    late.close()


async def test_both_libraries_put_a_key_in_one_place(servers: Servers) -> None:
    keys = [f"0100{number % 7}:{os.urandom(16).hex()}".encode() for number in range(200)]
    ours = await asyncio.to_thread(publish, servers, "accepted.service", [(key, b"x") for key in keys])
    theirs = AIOKafkaProducer(bootstrap_servers=servers.kafka)
    await theirs.start()
    try:
        placed = {key: (await theirs.send_and_wait("accepted.service", b"x", key)).partition for key in keys}
    finally:
        await theirs.stop()
    assert placed == ours
    assert 1 < len(set(ours.values()))


def test_a_record_too_large_is_refused_at_once(servers: Servers) -> None:
    producer = kafka.producer(servers.kafka, "test")
    with pytest.raises(KafkaException) as caught:
        producer.produce(TOPIC, bytes(topics.MAX_MESSAGE_BYTES + 1), b"key")
    assert "MSG_SIZE_TOO_LARGE" == caught.value.args[0].name()


def test_large_records_go_through_together(servers: Servers) -> None:
    """A batch is bounded like a record: many that fit alone must not become one that does not."""
    sent = [(str(number).encode(), os.urandom(topics.MAX_EVENT_BYTES_EMBEDDED)) for number in range(12)]
    publish(servers, "accepted.imaging", sent)
    found = read(servers, "accepted.imaging", "large", 12)
    assert {key: len(value) for key, value in sent} == {message.key(): len(message.value()) for message in found}


def test_the_largest_event_goes_through(servers: Servers) -> None:
    if servers.embedded:
        pytest.skip("the embedded broker takes events of 256 KiB")
    value = os.urandom(topics.MAX_EVENT_BYTES + topics.ENRICHMENT_ROOM)
    publish(servers, "accepted.discharge", [(b"key", value)])
    assert [value] == [message.value() for message in read(servers, "accepted.discharge", "largest", 1)]


def test_the_broker_refuses_what_another_client_lets_through(servers: Servers) -> None:
    if servers.embedded:
        pytest.skip("the embedded broker has no limit")
    failed: list[str] = []
    producer = kafka.producer(servers.kafka, "test", **{"message.max.bytes": 4_000_000, "compression.type": "none"})
    producer.produce(TOPIC, os.urandom(1_500_000), b"key", on_delivery=lambda error, _: failed.append(error.name()))
    assert 0 == producer.flush(30)
    assert ["MSG_SIZE_TOO_LARGE"] == failed
