"""Ours: the role `livingdata processor` as it is, its pure functions timed."""

import threading

from runtime import logs, settings
from stream_processors import app
from tests.bench.peers import job


class Told(job.Timed):
    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)
        self.clock.tell()


def main() -> None:
    app.Pipeline = Told  # type: ignore[attr-defined] # the only thing that is changed
    chosen = settings.load(
        settings.WorkerSettings,
        kafka=job.KAFKA,
        redis=job.REDIS,
        keyring=job.KEYRING,
        data=job.DATA,
        group=job.GROUP,
    )
    logs.configure("worker", "WARNING")
    job.ready()
    app.run(chosen, threading.Event())


if __name__ == "__main__":
    main()
