"""From outbox to Kafka: everything taken arrives, in order for each key, whatever the broker does meanwhile."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, KafkaException, Message, TopicPartition

from infra.embedded.child import Child
from infra.embedded.ready import read_ready
from producers.adapter import Receipt
from producers.event import Record
from producers.outbox import Outbox
from producers.serve import Server
from runtime import kafka
from runtime.window import Window
from schemas import topics
from tests.lines import FEED, OTHER_FEED, decoded, incoming, line, opened, outbox, visit, waiting

pytestmark = pytest.mark.slow

FEEDS = (FEED, OTHER_FEED)


class Broker(Child):
    """The embedded Kafka in a process of its own, so that it can be frozen."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "kafka.log")
        self._ready = folder / "kafka.json"

    def open(self) -> None:
        argv = [sys.executable, "-m", "infra.embedded.kafka", "--ready-file", str(self._ready)]
        self.run(argv, self._ready.exists)

    @property
    def bootstrap(self) -> str:
        return read_ready(self._ready)["bootstrap"]

    @contextmanager
    def frozen(self) -> Iterator[None]:
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as made:
        yield made


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client would tell on standard error of every broker that is away."""
    monkeypatch.setattr(kafka, "producer", partial(kafka.producer, log_level=0))


@asynccontextmanager
async def serving(
    box: Outbox, bootstrap: str, window: Window | None = None, timeout: float = 5, pace: float = 0
) -> AsyncIterator[Server]:
    server = Server(box, FEEDS, bootstrap, "test", window, pace=pace)
    server.start()
    try:
        yield server
    finally:
        await server.stop(timeout)


async def until(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not ready():
            await asyncio.sleep(0.02)


def is_empty(box: Outbox) -> Callable[[], bool]:
    return lambda: not waiting(box.path)


def arrived(bootstrap: str, names: tuple[str, ...], count: int) -> list[Message]:
    """At least `count` records of these topics, in order within each partition."""
    consumer = kafka.consumer(bootstrap, "reader", "test")
    known = consumer.list_topics(timeout=10).topics
    consumer.assign(
        [TopicPartition(name, number, OFFSET_BEGINNING) for name in names for number in known[name].partitions]
    )
    found: list[Message] = []
    deadline = time.monotonic() + 60
    try:
        while len(found) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} arrived"
            found += [message for message in consumer.consume(500, timeout=0.2) if message.error() is None]
    finally:
        consumer.close()
    return found


def values(messages: list[Message]) -> list[dict[str, Any]]:
    return [decoded(message.value()) for message in messages]


def by_key(messages: list[Message]) -> dict[bytes, list[int]]:
    """Key -> the numbers in the order of arrival, each once."""
    found: dict[bytes, dict[int, None]] = defaultdict(dict)
    for message in messages:
        found[message.key()][decoded(message.value())["sequence"]] = None
    return {key: list(numbers) for key, numbers in found.items()}


async def take(server: Server, first: int, count: int) -> list[Receipt]:
    """Messages of seven visits, turn about."""
    lines = [line(str(n), visit(str(n % 7), narrative={"note": f"note {n}"})) for n in range(first, first + count)]
    async with asyncio.timeout(30):
        return await server.take_all([incoming(raw) for raw in lines])


async def test_everything_taken_arrives_in_order_and_leaves_the_outbox(tmp_path: Path, broker: Broker) -> None:
    """In a folder whose name a URL would read otherwise, too."""
    box = outbox(tmp_path / "dữ liệu #1 100%20?")
    async with serving(box, broker.bootstrap) as server:
        receipts = await take(server, 0, 300)
        await until(is_empty(box))
    assert list(range(1, 301)) == [receipt.sequence for receipt in receipts]
    messages = arrived(broker.bootstrap, ("received.encounter",), 300)
    assert 300 == len(messages)
    told = by_key(messages)
    assert 7 == len(told)
    assert all(numbers == sorted(numbers) for numbers in told.values())
    assert set(range(1, 301)) == {number for numbers in told.values() for number in numbers}
    notes = {opened(Record(m.topic(), m.key(), m.value(), tuple(m.headers())))[1]["note"] for m in messages}
    assert {f"note {n}" for n in range(300)} == notes


async def test_refusals_and_silent_numbers_arrive_too(tmp_path: Path, broker: Broker) -> None:
    box = outbox(tmp_path / "data")
    async with serving(box, broker.bootstrap) as server:
        await server.take_all([incoming(line("1", {"refuse": "charset"})), incoming(line("2")), incoming(line("3"))])
        await until(is_empty(box))
    (rejected,) = values(arrived(broker.bootstrap, (topics.REJECTED,), 1))
    assert ("charset", 1, "adapter") == (rejected["reason"], rejected["sequence"], rejected["stage"])
    beats = values(arrived(broker.bootstrap, (topics.HEARTBEATS,), 3))
    told = [beat for beat in beats if beat["adapter_id"] == FEED.adapter_id]
    assert (3, 3, 0, 2) == tuple(
        told[-1][name] for name in ("taken", "acknowledged", "outbox_depth", "without_document")
    )
    silent = {(one["first"], one["last"], one["reason"]) for beat in told for one in beat["silent"]}
    assert {(2, 3, "none")} == silent
    again = outbox(tmp_path / "data")
    assert [] == again.pulse([FEED], 0)[0]["silent"]
    again.close()


async def test_a_broker_that_hangs_holds_nobody_up_and_loses_nothing(tmp_path: Path, broker: Broker) -> None:
    box = outbox(tmp_path / "data")
    async with serving(box, broker.bootstrap) as server:
        await take(server, 0, 50)
        await until(is_empty(box))
        with broker.frozen():
            receipts = await take(server, 50, 100)
            assert list(range(51, 151)) == [receipt.sequence for receipt in receipts]
            assert 100 == len(waiting(box.path))
        await until(is_empty(box))
    told = by_key(arrived(broker.bootstrap, ("received.encounter",), 150))
    assert set(range(1, 151)) == {number for numbers in told.values() for number in numbers}
    assert all(numbers == sorted(numbers) for numbers in told.values())


async def test_a_delivery_that_failed_is_made_again(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch, logged: Callable[[], str]
) -> None:
    """Here the client gives up after a second; ours never does, but a broker may refuse for good."""
    patient: dict[str, Any] = {"message.timeout.ms": 1_000}
    monkeypatch.setattr(kafka, "producer", partial(kafka.producer, **patient))
    box = outbox(tmp_path / "data")
    async with serving(box, broker.bootstrap) as server:
        await take(server, 0, 10)
        await until(is_empty(box))
        with broker.frozen():
            await take(server, 10, 20)
            await until(lambda: '"event": "delivery_failed"' in logged())
            assert 20 == len(waiting(box.path))
        await until(is_empty(box))
        assert not server.failed.done()
    told = by_key(arrived(broker.bootstrap, ("received.encounter",), 30))
    assert set(range(1, 31)) == {number for numbers in told.values() for number in numbers}
    assert all(numbers == sorted(numbers) for numbers in told.values())


async def test_what_an_earlier_process_took_is_published_by_the_next(tmp_path: Path, broker: Broker) -> None:
    box = outbox(tmp_path / "data")
    async with serving(box, "127.0.0.1:1", timeout=0.1) as server:
        await take(server, 0, 20)
    assert 20 == len(waiting(box.path))
    box = outbox(tmp_path / "data")
    async with serving(box, broker.bootstrap) as server:
        await take(server, 20, 20)
        await until(is_empty(box))
    assert set(range(1, 41)) == {
        number
        for numbers in by_key(arrived(broker.bootstrap, ("received.encounter",), 40)).values()
        for number in numbers
    }


class Shutter(Window):
    """A window that is opened by hand."""

    def __init__(self) -> None:
        super().__init__("")
        self.opened = False
        self.sizes: list[int] = []

    def open(self) -> bool:
        return self.opened

    def delivered(self, topic: str, partition: int, offset: int, size: int) -> None:  # noqa: ARG002
        self.sizes.append(size)


async def test_a_closed_window_holds_back_and_refuses_nobody(tmp_path: Path, broker: Broker) -> None:
    box, window = outbox(tmp_path / "data"), Shutter()
    async with serving(box, broker.bootstrap, window) as server:
        assert all(receipt.accepted for receipt in await take(server, 0, 20))
        assert ([], 20) == (window.sizes, len(waiting(box.path)))
        window.opened = True
        await until(is_empty(box))
    assert 20 == len(window.sizes)
    assert min(window.sizes) > 400


class Gate(Shutter):
    """A window at which the publisher is kept waiting until it is let through."""

    def __init__(self) -> None:
        super().__init__()
        self.opened, self.reached, self.through = True, threading.Event(), threading.Event()

    def open(self) -> bool:
        self.reached.set()
        self.through.wait(60)
        return super().open()


async def test_at_the_end_what_still_waits_is_sent(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than one reading of the outbox; the publisher is let through when nothing is taken any more."""
    monkeypatch.setattr("producers.publish.BATCH", 20)
    box, gate = outbox(tmp_path / "data"), Gate()
    server = Server(box, FEEDS, broker.bootstrap, "test", gate)
    server.start()
    await until(gate.reached.is_set)
    assert all(receipt.accepted for receipt in await take(server, 0, 50))
    ending = asyncio.ensure_future(server.stop(60))
    await asyncio.sleep(0)
    assert (await server.take(incoming(line("late")))).full
    gate.through.set()
    await ending
    assert ([], 50) == (waiting(box.path), len(gate.sizes))
    again = outbox(tmp_path / "data")
    (pulse,) = again.pulse([FEED], 0)
    again.close()
    assert (50, 50, 0) == (pulse["taken"], pulse["acknowledged"], pulse["outbox_depth"])


async def test_the_end_waits_for_nothing_that_is_held_back(tmp_path: Path, broker: Broker) -> None:
    """By a closed window or a pace: it is durable, and goes when the adapter runs again."""
    window = Shutter()
    for folder, pace in (("window", 0), ("pace", 1)):
        window.opened = folder == "pace"
        box = outbox(tmp_path / folder)
        async with asyncio.timeout(120), serving(box, broker.bootstrap, window, timeout=3_600, pace=pace) as server:
            await take(server, 0, 30)
        assert 20 < len(waiting(box.path))


async def test_a_record_that_the_client_cannot_send_ends_the_role_and_stays(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot come to be (sizes are checked before); if it does, it is told and not passed over."""
    narrow: dict[str, Any] = {"message.max.bytes": 1_000}
    monkeypatch.setattr(kafka, "producer", partial(kafka.producer, **narrow))
    box = outbox(tmp_path / "data")
    server = Server(box, [FEED], broker.bootstrap, "test")
    server.start()
    large = line("1", visit("A", body={"discharge_diagnosis": "x" * 5_000}))
    assert (await server.take(incoming(large))).accepted
    with pytest.raises(KafkaException):
        await asyncio.wait_for(asyncio.shield(server.failed), 30)
    assert 1 == len(waiting(box.path))
    await server.stop(timeout=1)


async def test_a_feed_with_much_to_send_stands_before_its_own_only(broker: Broker, tmp_path: Path) -> None:
    """Two records in a burst, then one in a second: the other feed's goes at once, and each keeps its order."""
    box = outbox(tmp_path)
    async with serving(box, broker.bootstrap, pace=1) as server:
        await take(server, 1, 20)
        await server.take(incoming(line("other", visit("B")), feed=OTHER_FEED))
        await until(lambda: OTHER_FEED.adapter_id not in {one.adapter_id for one in waiting(box.path)})
        assert FEED.adapter_id in {one.adapter_id for one in waiting(box.path)}
    box = outbox(tmp_path)
    async with serving(box, broker.bootstrap) as server:
        await until(is_empty(box))
    told = by_key(arrived(broker.bootstrap, ("received.encounter",), 21))
    assert 21 == sum(len(numbers) for numbers in told.values())
    assert all(numbers == sorted(numbers) for numbers in told.values())


async def test_what_was_passed_over_goes_on_at_its_pace(broker: Broker, tmp_path: Path) -> None:
    box = outbox(tmp_path)
    async with serving(box, broker.bootstrap, pace=40) as server:
        await take(server, 1, 100)
        await until(is_empty(box))
        await take(server, 101, 100)
        await until(is_empty(box))
    told = by_key(arrived(broker.bootstrap, ("received.encounter",), 200))
    assert [list(range(first, 201, 7)) for first in (7, 1, 2, 3, 4, 5, 6)] == [
        told[key] for key in sorted(told, key=lambda key: told[key][0] % 7)
    ]
