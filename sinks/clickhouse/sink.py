"""The role `livingdata sink`: Kafka -> ClickHouse."""

import threading
from pathlib import Path
from typing import Final

from runtime import kafka, logs
from runtime.facilities import load, sources
from runtime.settings import SinkSettings
from schemas.clickhouse import Layout
from sinks.clickhouse import migrate
from sinks.clickhouse.client import Away, ClickHouse, connect
from sinks.clickhouse.loop import BACK_OFF, Sink
from sinks.clickhouse.merges import Merges
from sinks.clickhouse.reject import Rejector

REGISTER: Final = "facilities.yaml"
"""In the role's data folder: the facility register, loaded at each start where the file is there."""

log = logs.get("sink")


def open_store(settings: SinkSettings, stop: threading.Event) -> ClickHouse | None:
    """Connect and bring tables and views up to date; waits for a ClickHouse that is away. None when stopped."""
    register = settings.data / REGISTER
    delay = BACK_OFF[0]
    while not stop.is_set():
        try:
            store = connect(settings)
            migrate.migrate(store, Layout(settings.cluster))
            if register.exists():
                migrate.load_register(store, sources(load(register)))
        except Away as trouble:
            log.warning("store_away", trouble=str(trouble), again_in_seconds=delay)
            stop.wait(delay)
            delay = min(delay * 2, BACK_OFF[1])
        else:
            return store
    return None


def run(settings: SinkSettings, stop: threading.Event, ready: Path | None = None) -> None:
    """The role `livingdata sink`. Touches `ready` when partitions are assigned."""
    store = open_store(settings, stop)
    if store is None:
        return
    more = {"topic.metadata.refresh.interval.ms": 2_000, "allow.auto.create.topics": settings.embedded_kafka}
    consumer = kafka.consumer(settings.kafka, settings.group, "sink", **more)
    producer = kafka.producer(settings.kafka, "sink")
    log.info("started", database=settings.database)
    try:
        on_ready = ready.touch if ready else None
        Sink(consumer, store, Rejector(producer), settings, on_ready=on_ready, merges=Merges(store)).run(stop)
    finally:
        producer.flush(5)
        store.close()
