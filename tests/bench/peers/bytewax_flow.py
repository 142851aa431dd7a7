"""Bytewax: `flat_map_batch`, as its page on performance advises where a service has a batch endpoint; recovery on, a
snapshot each second. It commits nothing to Kafka: the recovery store holds the positions."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from schemas import topics
from stream_processors.receive import Source
from tests.bench.peers import job

SNAPSHOT = timedelta(seconds=1)
BATCH = 500
CONSUMER = {"fetch.wait.max.ms": "50", "queued.max.messages.kbytes": "4096", "log_level": "3"}
PRODUCER = {
    "enable.idempotence": "true",
    "acks": "all",
    "partitioner": "murmur2_random",
    "linger.ms": "1",
    "compression.type": "lz4",
}


def main() -> None:
    work = job.pipeline(job.Timed, job.Blocking())
    store = job.DATA / "recovery"
    if not store.exists():
        store.mkdir(parents=True)
        init_db_dir(store, 1)

    def run(messages: list[Any]) -> Iterable[Any]:
        sources = [Source(m.topic, m.partition, m.offset, m.key, m.value, m.headers) for m in messages]
        for topic, key, value, headers in job.blocking(work(sources)):
            yield KafkaSinkMessage(key, value, topic, headers)

    flow = Dataflow("job")
    source = KafkaSource([job.KAFKA], topics.RECEIVED_TOPICS, add_config=CONSUMER, batch_size=BATCH)
    done = op.flat_map_batch("work", op.input("received", flow, source), run)
    op.output("out", done, KafkaSink([job.KAFKA], None, add_config=PRODUCER))
    job.ready()
    cli_main(flow, epoch_interval=SNAPSHOT, recovery_config=RecoveryConfig(str(store)))


if __name__ == "__main__":
    main()
