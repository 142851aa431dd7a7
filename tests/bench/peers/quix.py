"""Quix Streams: one StreamingDataFrame a topic, event by event, which is what it has; checkpoints of 500 events or a
second, after the producer is flushed."""

from typing import Any

from quixstreams import Application, message_context

from schemas import topics
from stream_processors.receive import Source
from tests.bench.peers import job

CONSUMER = {"session.timeout.ms": job.SESSION_MS, "fetch.wait.max.ms": 50}
PRODUCER = {
    "enable.idempotence": True,
    "acks": "all",
    "partitioner": "murmur2_random",
    "linger.ms": job.LINGER_MS,
    "compression.type": "lz4",
}


def main() -> None:
    work = job.pipeline(job.OneByOne, job.Blocking())
    app = Application(
        broker_address=job.KAFKA,
        consumer_group=job.GROUP,
        auto_offset_reset="earliest",
        commit_interval=1.0,
        commit_every=500,
        consumer_extra_config=CONSUMER,
        producer_extra_config=PRODUCER,
        consumer_poll_timeout=0.1,
        state_dir=job.DATA / "state",
        loglevel="WARNING",
        auto_create_topics=False,
    )

    def topic(name: str) -> Any:
        return app.topic(
            name,
            value_deserializer="bytes",
            value_serializer="bytes",
            key_deserializer="bytes",
            key_serializer="bytes",
        )

    outputs = {name: topic(name) for name in job.OUTPUTS}

    def run(value: bytes, key: Any, _timestamp: int, headers: Any) -> list[Any]:
        context = message_context()
        one = Source(context.topic, context.partition, context.offset, key, value, headers or ())
        return job.blocking(work([one]))

    for name in topics.RECEIVED_TOPICS:
        frame = app.dataframe(topic(name)).apply(run, expand=True, metadata=True)
        frame = frame.set_headers(lambda made, *_: made[3])
        # The value goes last: where to and under which key is read from the whole of what was made.
        frame = frame.apply(lambda made, *_: Routed(made), metadata=True)
        frame.to_topic(lambda made, *_: outputs[made.topic], key=lambda made: made.key)
    job.ready()
    app.run()


class Routed(bytes):
    """A value that knows its topic and key."""

    topic: str
    key: bytes

    def __new__(cls, made: tuple[str, bytes, bytes, Any]) -> "Routed":
        one = super().__new__(cls, made[2])
        one.topic, one.key = made[0], made[1]
        return one


if __name__ == "__main__":
    main()
