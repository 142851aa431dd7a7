"""The usual sink: confluent-kafka, decode with fastavro, insert columns' values with clickhouse-connect, then commit."""

import os
import time
from collections import defaultdict
from typing import Any

import clickhouse_connect

from runtime import kafka
from schemas import topics
from schemas.clickhouse import columns_of
from tests.bench.bench_sink import decoded
from tests.bench.peers import job

ROWS = 20_000
SECONDS = 0.25
SETTINGS = {"async_insert": 0, "deduplicate_insert": "disable", "max_partitions_per_insert_block": 0}


def main() -> None:
    store = clickhouse_connect.get_client(
        dsn=os.environ["PEER_CLICKHOUSE"], autogenerate_session_id=False, compress=False
    )
    consumer = kafka.consumer(job.KAFKA, job.GROUP, "decode", **{"session.timeout.ms": job.SESSION_MS})
    consumer.subscribe(list(topics.ACCEPTED_TOPICS))
    job.ready()
    while True:
        held: list[Any] = []
        until = time.monotonic() + SECONDS
        while len(held) < ROWS and time.monotonic() < until:
            held += [one for one in consumer.consume(2_000, 0.05) if one.error() is None]
        by_kind: dict[str, list[Any]] = defaultdict(list)
        for one in held:
            by_kind[one.topic().partition(".")[2]].append(one)
        for kind, messages in by_kind.items():
            fields = [field for field in columns_of(kind) if not field.sealed]
            store.insert(
                f"{kind}_history",
                [decoded(message, fields) for message in messages],
                column_names=[field.name for field in fields],
                settings=SETTINGS,
            )
        if held:
            for one in held:
                consumer.store_offsets(one)
            consumer.commit(asynchronous=False)


if __name__ == "__main__":
    main()
