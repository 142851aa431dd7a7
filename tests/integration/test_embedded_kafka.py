"""The embedded Kafka with clients in other processes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from infra.embedded.kafka import EmbeddedKafka
from infra.embedded.ready import read_ready
from infra.embedded.supervisor import Role, Supervisor

pytestmark = pytest.mark.slow

READER = """
import json, sys
from confluent_kafka import Consumer
consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "reader", "auto.offset.reset": "earliest"})
consumer.subscribe(["received.encounter"])
found = []
while len(found) < int(sys.argv[2]):
    for message in consumer.consume(100, timeout=1):
        assert message.error() is None, message.error()
        found.append([message.key().decode(), message.value().decode(), [[k, v.hex()] for k, v in message.headers()],
                      message.timestamp()[1]])
consumer.commit(asynchronous=False)
consumer.close()
print(json.dumps(found))
"""


def publish(bootstrap: str, count: int) -> None:
    producer = Producer(
        {"bootstrap.servers": bootstrap, "enable.idempotence": True, "partitioner": "murmur2_random", "linger.ms": 5}
    )
    failed: list[object] = []
    for number in range(count):
        producer.produce(
            "received.encounter",
            key=f"01001/{number}",
            value=f"value {number}",
            headers=[("seal", bytes([0, 255, number % 256])), ("trace_id", b"")],
            timestamp=1_700_000_000_000 + number,
            on_delivery=lambda error, _: failed.append(error) if error is not None else None,
        )
    assert 0 == producer.flush(20)
    assert [] == failed


def test_round_trip_to_another_process() -> None:
    with EmbeddedKafka() as cluster:
        publish(cluster.bootstrap, 300)
        done = subprocess.run(
            [sys.executable, "-c", READER, cluster.bootstrap, "300"], capture_output=True, timeout=60, check=True
        )
        late = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "reader"})
        committed = late.committed(_partitions(late), timeout=10)
        late.close()
    assert 300 == sum(one.offset for one in committed)
    expected = [
        [f"01001/{n}", f"value {n}", [["seal", f"00ff{n % 256:02x}"], ["trace_id", ""]], 1_700_000_000_000 + n]
        for n in range(300)
    ]
    assert expected == sorted(json.loads(done.stdout), key=lambda one: int(one[3]))


async def test_the_process_under_a_supervisor(tmp_path: Path) -> None:
    ready = tmp_path / "kafka.json"
    argv = [sys.executable, "-m", "infra.embedded.kafka", "--ready-file", str(ready)]
    async with Supervisor(tmp_path) as city:
        await city.start(Role("kafka", argv, ready_file=ready))
        publish(read_ready(ready)["bootstrap"], 10)
        notice = (tmp_path / "logs" / "kafka.log").read_text()
        assert "in memory, drops the oldest past 5 MiB or 100,000 messages per partition" in notice
        assert 1 == notice.count("\n")
        pid = city.processes()["kafka"]
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(tmp_path: Path, number: signal.Signals) -> None:
    ready = tmp_path / "kafka.json"
    argv = [sys.executable, "-m", "infra.embedded.kafka", "--ready-file", str(ready)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[3].rstrip(b":").decode()
        os.kill(process.pid, number)
        assert 0 == process.wait(10)
    assert {"bootstrap": address} == read_ready(ready)


def _partitions(consumer: Consumer) -> list[TopicPartition]:
    topic = "received.encounter"
    return [TopicPartition(topic, one) for one in consumer.list_topics(topic, timeout=10).topics[topic].partitions]
