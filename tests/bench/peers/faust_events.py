"""A Faust agent written event by event, as its documents begin: `async for`, one question to Redis, one send."""

from typing import Any

from stream_processors.receive import Source
from tests.bench.peers import faust_app, job


def main() -> None:
    work = job.pipeline(job.OneByOne, job.Awaited())
    app, received = faust_app.make()
    outputs = faust_app.outputs(app)

    async def agent(stream: Any) -> None:
        async for event in stream.events():
            one = event.message
            headers = list(one.headers.items()) if isinstance(one.headers, dict) else list(one.headers or ())
            source = Source(one.topic, one.partition, one.offset, one.key, one.value, headers)
            for topic, key, value, more in await work([source]):
                await outputs[topic].send(key=key, value=value, headers=more)

    app.agent(received, name="events", concurrency=1)(agent)
    faust_app.run(app)


if __name__ == "__main__":
    main()
