"""The role `livingdata sink` between a real broker and a real ClickHouse engine."""

import threading
from pathlib import Path
from typing import Any, Self

import pytest
import yaml
from confluent_kafka import TopicPartition

from infra.embedded.clickhouse import EmbeddedClickHouse
from runtime import kafka
from runtime.settings import SinkSettings, load
from schemas import topics
from sinks.clickhouse import sink
from sinks.clickhouse.client import Away, connect
from tests.rows import accepted_row, ledger_row
from tests.servers import Servers
from tests.workers import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]  # on a real stack the first one starts it

TOPIC = "accepted.encounter"
REGISTER = [
    {"code": "01001", "name": "A", "systems": [{"system": "HIS", "dialect": "hl7v2", "kinds": ["encounter"]}]},
]


@pytest.fixture
def settings(servers: Servers, tmp_path: Path) -> SinkSettings:
    """Settings of a sink whose ClickHouse does not run yet."""
    (tmp_path / sink.REGISTER).write_text(yaml.safe_dump(REGISTER))
    url = "http://127.0.0.1:1"
    return load(
        SinkSettings,
        kafka=servers.kafka,
        data=tmp_path,
        clickhouse=url,
        embedded_kafka=servers.embedded,
        group=tmp_path.name,
    )


class Role:
    """`livingdata sink` in a thread; it ends with the test, however that ends."""

    def __init__(self, settings: SinkSettings) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=sink.run, args=(settings, self._stop))
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def stop(self) -> None:
        self._stop.set()

    def end(self) -> None:
        self.stop()
        self._thread.join(30)
        assert not self._thread.is_alive()


def ask(settings: SinkSettings, sql: str) -> list[dict[str, Any]]:
    store = connect(settings)
    try:
        return store.rows(sql)
    finally:
        store.close()


def test_from_kafka_to_the_views_and_back_with_rejections(settings: SinkSettings, tmp_path: Path) -> None:
    producer = kafka.producer(settings.kafka, "test")
    for at in range(1, 301):
        producer.produce(TOPIC, accepted_row("encounter", sequence=at, document_id=f"{at:032x}")[1], str(at).encode())
    producer.produce(TOPIC, b"no frame", b"0")
    producer.produce(topics.HEARTBEATS, ledger_row("heartbeats", taken=300, acknowledged=300)[1], b"01001.his")
    assert 0 == producer.flush(30)

    with EmbeddedClickHouse(tmp_path / "clickhouse") as server:
        there = settings.model_copy(update={"clickhouse": server.url})

        def arrived() -> bool:
            try:
                found = ask(
                    there, "SELECT (SELECT count() FROM encounters) AS rows, (SELECT count() FROM rejections) AS bad"
                )
            except Away:  # the sink has not made the views yet
                return False
            return (300, 1) == (found[0]["rows"], found[0]["bad"])

        with Role(there):
            wait_for(arrived, "300 rows and a rejection")
        balance = ask(there, "SELECT accepted, missing, balanced FROM ledger_balance WHERE adapter_id = '01001.his'")
        rejection = ask(there, "SELECT stage, reason, topic, source_partition FROM rejected")
        register = ask(there, "SELECT facility, source_system FROM facility_register")

    assert [{"accepted": 300, "missing": 0, "balanced": True}] == balance
    assert [("sink", "frame", TOPIC)] == [(row["stage"], row["reason"], row["topic"]) for row in rejection]
    assert [{"facility": "01001", "source_system": "HIS"}] == register
    reader = kafka.consumer(settings.kafka, settings.group, "test")
    places = [
        TopicPartition(TOPIC, partition) for partition in reader.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions
    ]
    committed = sum(max(place.offset, 0) for place in reader.committed(places, timeout=10))
    reader.close()
    assert 301 == committed


def test_sinks_come_and_go_and_every_row_is_there_once(settings: SinkSettings, tmp_path: Path) -> None:
    topic, sent = "accepted.referral", iter(range(1, 10_000))
    producer = kafka.producer(settings.kafka, "test")

    def send(count: int) -> None:
        for _ in range(count):
            at = next(sent)
            value = accepted_row("referral", sequence=at, document_id=f"{at:032x}", adapter_id="several")[1]
            producer.produce(topic, value, str(at).encode())
        assert 0 == producer.flush(30)

    with EmbeddedClickHouse(tmp_path / "clickhouse") as server:
        there = settings.model_copy(update={"clickhouse": server.url})

        def stored() -> int:
            try:
                return int(ask(there, "SELECT count() AS rows FROM referrals")[0]["rows"])
            except Away:
                return 0

        with Role(there) as first:
            send(200)
            wait_for(lambda: stored() == 200, "200 rows")
            with Role(there):  # the group is shared out anew while rows come
                send(400)
                wait_for(lambda: stored() == 600, "600 rows")
                first.stop()
                send(200)
                first.end()
                wait_for(lambda: stored() == 800, "800 rows")
        rows = ask(there, "SELECT count() AS rows, uniqExact(document_id) AS ids FROM referrals")
        balance = ask(there, "SELECT accepted, missing, balanced FROM ledger_balance WHERE adapter_id = 'several'")
    assert [{"rows": 800, "ids": 800}] == rows
    assert [{"accepted": 800, "missing": 0, "balanced": True}] == balance


def test_a_sink_without_clickhouse_waits_and_ends_when_told(settings: SinkSettings) -> None:
    Role(settings).end()
