"""A Faust app as its documents have it, settings as tuned as ours."""

from typing import Any

import faust

from schemas import topics
from tests.bench.peers import job


def make() -> tuple[Any, Any]:
    """(app, the channel of all `received` topics)."""
    app = faust.App(
        job.GROUP,
        broker=f"kafka://{job.KAFKA}",
        datadir=str(job.DATA / "faust"),
        value_serializer="raw",
        key_serializer="raw",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=1,
        store="memory://",
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=job.SESSION_MS / 1000,
        broker_heartbeat_interval=1.0,
        broker_max_poll_records=500,
        broker_commit_interval=1.0,
        broker_commit_every=5_000,
        stream_buffer_maxsize=4_096,
        stream_recovery_delay=0.0,
        producer_acks=-1,
        producer_linger=job.LINGER_MS / 1000,
        producer_compression_type="lz4",
        producer_max_batch_size=1 << 18,
    )
    received = app.topic(*topics.RECEIVED_TOPICS, value_type=bytes, value_serializer="raw", internal=False)
    return app, received


def outputs(app: Any) -> dict[str, Any]:
    return {
        name: app.topic(name, key_type=bytes, value_type=bytes, value_serializer="raw", key_serializer="raw")
        for name in job.OUTPUTS
    }


def run(app: Any) -> None:
    """Until it is ended from outside."""
    import asyncio

    import uvloop

    async def main() -> None:
        app.finalize()
        job.ready()
        await app.start()
        await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
