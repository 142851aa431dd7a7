"""The limit: a consumer, the same functions, a producer, and nothing else. Commits what was delivered."""

from typing import Any

from runtime import kafka
from schemas import topics
from tests.bench.peers import job

CHUNK = 500
WAIT_SECONDS = 0.05


def main() -> None:
    work = job.pipeline(job.Timed, job.Blocking())
    consumer = kafka.consumer(job.KAFKA, job.GROUP, "plain", **{"session.timeout.ms": job.SESSION_MS})
    producer = kafka.producer(job.KAFKA, "plain", **{"linger.ms": 1})
    consumer.subscribe(list(topics.RECEIVED_TOPICS))
    failed: list[Any] = []

    def report(error: Any, _message: Any) -> None:
        if error is not None:
            failed.append(error)

    job.ready()
    while True:
        messages = [one for one in consumer.consume(CHUNK, WAIT_SECONDS) if one.error() is None]
        if not messages:
            continue
        for topic, key, value, headers in job.blocking(work([job.source(one) for one in messages])):
            producer.produce(topic, value, key, headers=headers, on_delivery=report)
        producer.flush()
        if failed:
            raise SystemExit(str(failed[0]))
        for one in messages:
            consumer.store_offsets(one)
        consumer.commit(asynchronous=True)


if __name__ == "__main__":
    main()
