"""The role `livingdata identity resolver` between a real broker and a stand-in that fails, and then comes back."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from infra.embedded.kafka import EmbeddedKafka
from infra.embedded.process import free_port
from infra.standin.population import Behaviour, Population
from runtime import kafka, keyring
from runtime.settings import ResolverSettings, SettingsError, load
from schemas import codec, registry, topics
from stream_processors.claims import Claim
from stream_processors.enrich import accepted
from stream_processors.identify import Identity
from stream_processors.receive import Opened, receive
from stream_processors.resolver import role
from tests import received

pytestmark = pytest.mark.slow

KNOWN, UNKNOWN = "001080123456", "001080999999"


@contextmanager
def serving(population: Population) -> Iterator[str]:
    """The stand-in in a thread of its own; its URL."""
    port, loop, up = free_port(), asyncio.new_event_loop(), threading.Event()
    runner = web.AppRunner(population.app())

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        up.set()

    def run() -> None:
        loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())

    thread = threading.Thread(target=run)
    thread.start()
    assert up.wait(10)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def unmatched(number: str, patient: str) -> tuple[str, bytes, bytes, list[tuple[str, bytes]]]:
    identity = {"citizen_id": number, "full_name": "Nguyễn Văn An", "birth": "19800203"}
    opened = receive(received.source(identity=identity, patient_key=patient, visit_key=patient), received.KEYRING, received.LIMIT)  # fmt: skip
    assert isinstance(opened, Opened)
    return accepted(opened, Claim("accepted", False, 20_601), Identity("unmatched", "I0@1", 0, None), (), (), received.NOW)  # fmt: skip


def first_link(bootstrap: str) -> dict[str, Any]:
    reader = kafka.consumer(bootstrap, "test", "test", **{"topic.metadata.refresh.interval.ms": 500})
    reader.subscribe([topics.LINKS])
    try:
        for _ in range(300):
            message = reader.poll(0.2)
            framed = codec.unframe(message.value()) if message is not None and message.error() is None else None
            made = registry.codec(framed[0]) if framed else None
            if framed and made:
                return made.decode(framed[1])
        raise AssertionError("waited in vain")
    finally:
        reader.close()


def test_an_outage_holds_the_resolver_up_and_nobody_is_lost(tmp_path: Path) -> None:
    keyring.save(received.KEYRING, tmp_path / "city.json")
    service = Population.of([(KNOWN, "Nguyễn Văn An", "19800203")], behaviour=Behaviour(away=True))
    with EmbeddedKafka() as broker, serving(service) as url:
        producer = kafka.producer(broker.bootstrap, "test")
        for topic in (*role.TOPICS, topics.LINKS):
            producer.list_topics(topic, timeout=10)
        for topic, key, value, headers in (unmatched(UNKNOWN, "b1" * 16), unmatched(KNOWN, "b0" * 16)):
            producer.produce(topic, value, key, headers=headers)
        assert 0 == producer.flush(30)
        settings = load(
            ResolverSettings, kafka=broker.bootstrap, data=tmp_path, keyring=tmp_path / "city.json", service=url,
            attempts=1, breaker_failures=1, breaker_seconds=0.1, rate=1000,
        )  # fmt: skip
        stop = threading.Event()
        thread = threading.Thread(target=role.run, args=(settings, stop))
        thread.start()
        try:
            while not service.answered.get(503):
                assert not stop.wait(0.05)
            service.behaviour = Behaviour()
            link = first_link(broker.bootstrap)
        finally:
            stop.set()
            thread.join(30)
    assert ("b0" * 16, "link", "N1@1", None) == tuple(link[n] for n in ("patient_key", "action", "rule", "decided_by"))
    assert service.answered[200] >= 2
    assert not thread.is_alive()


def test_without_the_citys_key_it_does_not_start(tmp_path: Path) -> None:
    keyring.save(received.KEYRING.only([received.FACILITY]), tmp_path / "hospital.json")
    settings = load(ResolverSettings, kafka="unused:1", data=tmp_path, keyring=tmp_path / "hospital.json", service="http://unused")  # fmt: skip
    with pytest.raises(SettingsError, match="city's keyring"):
        role.run(settings, threading.Event())
