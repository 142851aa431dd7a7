"""The worker around the pipeline: what it refuses to start with, and what stops it."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime import kafka, keyring
from runtime.settings import WorkerSettings, load
from schemas import topics
from stream_processors import app
from stream_processors.app import UnsafeFaustError, Worker, refuse_unsafe_faust
from stream_processors.give_way import GiveWay
from tests.received import KEYRING


@pytest.fixture
async def worker(tmp_path: Path) -> Worker:
    """A worker that is not started: nothing answers at its addresses."""
    keyring.save(KEYRING, tmp_path / "keyring.json")
    made = load(
        WorkerSettings,
        kafka="127.0.0.1:1",
        data=tmp_path,
        keyring=tmp_path / "keyring.json",
        redis="redis://127.0.0.1:1",
    )
    return Worker(made)


def test_this_faust_is_safe() -> None:
    refuse_unsafe_faust()


@pytest.mark.parametrize("old", ["0.11.3", "0.15.1", "0.15.0"])
def test_an_old_faust_is_refused(monkeypatch: pytest.MonkeyPatch, old: str) -> None:
    monkeypatch.setattr(app, "version", lambda _: old)
    with pytest.raises(UnsafeFaustError, match="upgrade"):
        refuse_unsafe_faust()


def test_trap_8_faust_without_its_cython_stream_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faust._cython.streams", None)
    with pytest.raises(UnsafeFaustError, match="Cython"):
        refuse_unsafe_faust()


async def test_trap_9_values_reach_us_as_bytes(worker: Worker) -> None:
    (agent,) = worker.app.agents.values()
    assert set(topics.RECEIVED_TOPICS) == set(agent.channel.topics)
    assert (bytes, "raw") == (agent.channel.value_type, agent.channel.value_serializer)
    assert "raw" == worker.app.conf.value_serializer


async def test_a_worker_of_history_reads_history_alone_in_a_group_of_its_own(worker: Worker) -> None:
    old = worker._settings.model_copy(update={"backfill": True, "group": ""})
    made = Worker(WorkerSettings(**old.model_dump()))
    (agent,) = made.app.agents.values()
    assert set(topics.BACKFILL_TOPICS) == set(agent.channel.topics)
    assert ("livingdata-workers", "livingdata-backfill") == (worker.app.conf.id, made.app.conf.id)


async def test_a_chunk_of_history_begins_when_it_is_its_turn(worker: Worker) -> None:
    consumer, chunk = Consumer(), OneChunk()
    worker._deliver = Delivered(consumer.told)  # type: ignore[assignment]
    answers = iter([True, False])

    def over() -> bool:
        consumer.told.append(("asked", None))
        return next(answers)

    worker._give_way = GiveWay(over, pause=0)
    await (await run_agent(worker, consumer, chunk))
    assert ["asked", "asked", "begin", "delivered", "done"] == [what for what, _ in consumer.told]


async def test_trap_4_10_17_21_23_the_settings_that_would_lose_events_are_off(worker: Worker) -> None:
    conf = worker.app.conf
    (agent,) = worker.app.agents.values()
    assert 1 == agent.concurrency
    assert "at_least_once" == conf.processing_guarantee.value
    assert not worker.app.in_transaction
    assert [] == list(worker.app.tables)
    assert not conf.topic_allow_declare
    assert conf.topic_disable_leader
    assert not conf.web_enabled


async def test_trap_11_the_transport_is_ours_over_aiokafka(worker: Worker) -> None:
    assert "ChunkConsumer" == type(worker.app.transport).Consumer.__name__
    assert "aiokafka" in type(worker.app.transport).__mro__[1].__module__


def test_trap_12_our_producers_place_keys_as_java_does(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []
    monkeypatch.setattr(kafka, "Producer", made.append)
    kafka.producer("127.0.0.1:1", "test")
    assert ("murmur2_random", True, "all") == tuple(
        made[0][name] for name in ("partitioner", "enable.idempotence", "acks")
    )
    assert "transactional.id" not in made[0]


async def test_trap_15_no_sensor_of_faust_runs_in_the_fetch_loop(worker: Worker) -> None:
    assert "faust.sensors.prometheus" not in sys.modules
    assert all("prometheus" not in type(sensor).__module__ for sensor in worker.app.sensors._sensors)


class Consumer:
    """What the agent tells of each chunk."""

    def __init__(self, *, begins: bool = True) -> None:
        self.begins, self.told = begins, list[Any]()

    def begin(self, chunk: Any) -> bool:
        self.told.append(("begin", chunk))
        return self.begins

    def done(self, chunk: Any) -> None:
        self.told.append(("done", chunk))


class Delivered:
    holds_back = True

    def __init__(self, told: list[Any]) -> None:
        self._told = told

    def __call__(self, produced: Any) -> None:
        self._told.append(("delivered", produced))

    def wait_for_room(self) -> None: ...


class OneChunk:
    """A chunk without records."""

    def records(self) -> list[Any]:
        return []


async def run_agent(worker: Worker, consumer: Consumer, chunk: Any) -> asyncio.Task[None]:
    async def stream() -> Any:
        yield chunk

    worker.app._consumer = consumer
    return asyncio.create_task(worker._agent(stream()))


async def test_a_chunk_is_done_after_the_broker_has_its_records(worker: Worker) -> None:
    consumer, chunk = Consumer(), OneChunk()
    worker._deliver = Delivered(consumer.told)  # type: ignore[assignment]
    await (await run_agent(worker, consumer, chunk))
    assert [("begin", chunk), ("delivered", []), ("done", chunk)] == consumer.told


async def test_a_chunk_of_an_older_epoch_is_left_alone(worker: Worker) -> None:
    consumer, chunk = Consumer(begins=False), OneChunk()
    await (await run_agent(worker, consumer, chunk))
    assert [("begin", chunk)] == consumer.told


async def test_trap_1_3_what_is_unforeseen_stops_the_worker_uncommitted(worker: Worker) -> None:
    """The loop body neither raises (Faust would acknowledge and go on) nor ends: the worker stops itself."""
    consumer, chunk = Consumer(), OneChunk()

    def broken(_: Any) -> None:
        raise RuntimeError("unforeseen")

    worker._deliver = broken  # type: ignore[assignment]
    agent = await run_agent(worker, consumer, chunk)
    await asyncio.wait_for(worker._failed.wait(), 10)
    assert not agent.done()
    assert [("begin", chunk)] == consumer.told
    assert "unforeseen" == str(worker._failure)
    agent.cancel()
