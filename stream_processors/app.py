"""The worker: Faust around the pipeline. Only this file and `transport` know Faust."""

import asyncio
import os
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import faust
from faust.transport import by_url as _by_url  # noqa: F401 the registry must be loaded before ours is named

from runtime import collector, kafka, keyring, logs, loop, telemetry
from runtime.clock import now_ms
from runtime.lag import Lag
from runtime.settings import WorkerSettings
from runtime.window import Window
from schemas import catalogues, registry, topics
from schemas.rules import RULES, load
from stream_processors import forget, give_way
from stream_processors.checks import icd10
from stream_processors.deliver import Deliverer
from stream_processors.give_way import GiveWay
from stream_processors.pipeline import Pipeline
from stream_processors.receive import Source
from stream_processors.rules import Rulebook
from stream_processors.stores import Store
from stream_processors.transport import Chunk, ChunkConsumer, ChunkTransport

OLDEST_FAUST: Final = (0, 15, 2)

log = logs.get("worker")


class UnsafeFaustError(RuntimeError):
    """This Faust would lose events; says what is wrong."""


def refuse_unsafe_faust() -> None:
    """Older than 0.15.2 hangs on rebalance; the pure-Python stream acknowledges what it skipped."""
    found = tuple(int(part) for part in version("faust-streaming").split(".")[:3])
    if found < OLDEST_FAUST:
        raise UnsafeFaustError("faust-streaming is older than 0.15.2: upgrade it")
    try:
        import faust._cython.streams  # noqa: F401
    except ImportError:
        raise UnsafeFaustError("faust's Cython stream is missing: install a built wheel") from None


def _rules(settings: WorkerSettings) -> Rulebook:
    """The house's own rules and those of the folder, every check made once: a wrong rule stops the start."""
    if settings.catalogues is not None:
        catalogues.adopt(catalogues.stored(settings.catalogues))
    own = load(settings.rules) if settings.rules is not None else {}
    made = Rulebook((RULES | own).values(), settings.facility_groups)
    made.check()
    return made


def _lag(settings: WorkerSettings) -> Lag:
    """What history gives way to: live records that no worker has handled, and rows that no sink has stored."""
    reads = {settings.live_group: topics.RECEIVED_TOPICS, settings.sink_group: topics.ACCEPTED_TOPICS}
    return Lag(settings.kafka, reads, settings.give_way_seconds)


class Worker:
    """One worker process: of live data, or of history, which gives way to it."""

    def __init__(self, settings: WorkerSettings) -> None:
        refuse_unsafe_faust()
        self._settings = settings
        limit = topics.MAX_EVENT_BYTES_EMBEDDED if settings.embedded_kafka else topics.MAX_EVENT_BYTES
        window = Window(settings.kafka) if settings.embedded_kafka else None
        self._deliver = Deliverer(settings.kafka, settings.worker_id, window)
        self._store = Store(settings.redis, settings.claim_days)
        ring = keyring.load(settings.keyring)
        self._pipeline = Pipeline(ring, self._store, settings.worker_id, limit, rules=_rules(settings))
        self._role = give_way.ROLE if settings.backfill else "worker"
        self._lag = _lag(settings) if settings.backfill else None
        self._give_way = GiveWay(self._lag.over) if self._lag is not None else None
        self._failure: BaseException | None = None
        self._failed, self._ending = asyncio.Event(), asyncio.Event()
        self.app = self._make_app()

    def _make_app(self) -> Any:
        settings = self._settings
        folder: Path = settings.data / "faust"
        folder.mkdir(parents=True, exist_ok=True)
        app = faust.App(
            settings.group,
            broker=f"kafka://{settings.kafka}",
            datadir=str(folder),
            value_serializer="raw",
            key_serializer="raw",
            web_enabled=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            topic_partitions=1,
            store="memory://",
            processing_guarantee="at_least_once",
            consumer_auto_offset_reset="earliest",
            consumer_metadata_max_age_ms=kafka.METADATA_MS,
            broker_commit_interval=0.5,
            broker_commit_every=1_000_000_000,
            broker_max_poll_records=settings.chunk,
            broker_session_timeout=10.0,
            broker_heartbeat_interval=1.0,
            broker_request_timeout=30.0,
            broker_rebalance_timeout=15.0,
            stream_buffer_maxsize=2,
            stream_wait_empty=True,
            stream_recovery_delay=0.0,
            stream_publish_on_commit=False,
        )
        transport = ChunkTransport([*app.conf.broker_consumer], app)
        app.transport = transport
        read = topics.BACKFILL_TOPICS if settings.backfill else topics.RECEIVED_TOPICS
        chunks = app.topic(*read, value_type=bytes, value_serializer="raw", internal=False)
        app.agent(chunks, name="chunks", concurrency=1)(self._agent)
        return app

    async def _agent(self, stream: Any) -> None:
        async for chunk in stream:
            try:
                await self._work(chunk)
            except asyncio.CancelledError:
                raise
            except BaseException as error:
                # Unforeseen: stop uncommitted. Faust would acknowledge and go on; our position has not moved.
                log.error("chunk_failed", error=error)
                self._fail(error)
                await asyncio.Event().wait()

    async def _work(self, chunk: Chunk) -> None:
        consumer: ChunkConsumer = self.app.consumer
        if self._give_way is not None:
            await self._give_way.turn()
        if not consumer.begin(chunk):
            return
        sources = [Source(r.topic, r.partition, r.offset, r.key, r.value, r.headers or ()) for r in chunk.records()]
        produced = await self._pipeline(sources)
        await asyncio.to_thread(self._deliver, produced)
        consumer.done(chunk)
        telemetry.PROGRESS.labels(self._role).set(now_ms() / 1000)
        if self._deliver.holds_back:
            await asyncio.to_thread(self._deliver.wait_for_room)

    def _forgetting(self) -> asyncio.Task[None]:
        """Beside the chunks, and not where history is read; where it fails unforeseen, the worker stops."""

        async def guarded() -> None:
            if self._settings.backfill:
                return
            try:
                await forget.forget(forget.consumer(self._settings.kafka), self._store, self._ending.is_set)
            except Exception as error:
                log.error("forgetting_failed", error=error)
                self._fail(error)

        return asyncio.create_task(guarded())

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
        self._failed.set()

    async def run(self, stop: threading.Event, ready: Path | None = None) -> None:
        """Until `stop`, or until something unforeseen happens, which is raised.

        Touches `ready` when partitions are assigned.
        """
        self.app.finalize()
        await self.app.start()
        log.info("started", worker=self._settings.worker_id, reads=self._role)
        forgetting = self._forgetting()
        while not stop.is_set() and not self._failed.is_set() and not self.app.crashed:
            if ready is not None and self.app.consumer.assignment():
                ready.touch()
                ready = None
            if self.app.consumer.caught_up:
                telemetry.PROGRESS.labels(self._role).set(now_ms() / 1000)
            await asyncio.sleep(0.1)
        await self.app.stop()
        self._ending.set()
        await forgetting
        self._deliver.close()
        await self._store.close()
        if self._lag is not None:
            self._lag.close()
        if self._failure is not None:
            raise self._failure
        if self.app.crashed:
            raise RuntimeError("faust crashed; see the log")


def _warm() -> None:
    """What is made once and used by every document is made before the first, and before the collector is told to
    leave alone what there is."""
    icd10.load()
    for topic in topics.RECEIVED_TOPICS:
        registry.latest(topic)[1].compile_reader()


def run(settings: WorkerSettings, stop: threading.Event, ready: Path | None = None) -> None:
    """The role `livingdata processor`; `ready` as in `Worker.run`."""

    async def main() -> None:
        if settings.backfill:
            os.nice(give_way.NICE)
        worker = Worker(settings)
        _warm()
        collector.spare()
        await worker.run(stop, ready)

    loop.run(main())
