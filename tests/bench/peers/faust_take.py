"""A Faust agent over `noack_take`: chunks, every send waited for, then acknowledged in order."""

import asyncio
from typing import Any

from stream_processors.receive import Source
from tests.bench.peers import faust_app, job

CHUNK = 500
WITHIN_SECONDS = 0.05


def main() -> None:
    work = job.pipeline(job.Timed, job.Awaited())
    app, received = faust_app.make()
    outputs = faust_app.outputs(app)

    async def agent(stream: Any) -> None:
        async for events in stream.noack_take(CHUNK, within=WITHIN_SECONDS):
            messages = [event.message for event in events]
            sources = [
                Source(
                    one.topic,
                    one.partition,
                    one.offset,
                    one.key,
                    one.value,
                    list(one.headers.items()) if isinstance(one.headers, dict) else list(one.headers or ()),
                )
                for one in messages
            ]
            sent = [
                await outputs[topic].send(key=key, value=value, headers=headers)
                for topic, key, value, headers in await work(sources)
            ]
            await asyncio.gather(*sent)
            for event in events:
                event.ack()

    app.agent(received, name="chunks", concurrency=1)(agent)
    faust_app.run(app)


if __name__ == "__main__":
    main()
