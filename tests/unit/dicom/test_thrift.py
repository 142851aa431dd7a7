"""An association costs little: no copy of what the listener supports, and no looking about while nothing comes."""

import asyncio
import threading
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace

import pytest
from pynetdicom import AE

from producers.dicom import thrift
from producers.dicom.bounded import server
from producers.dicom.listen import DicomFeed
from tests.unit.dicom.feed import Taken, feed, until
from tests.unit.dicom.files import CT
from tests.unit.dicom.test_store import connect, sendable


def test_associations_share_what_the_listener_supports() -> None:
    entity = AE()
    entity.add_supported_context(CT)
    made = server(entity, ("127.0.0.1", 0), None, [])
    try:
        assert [CT] == [context.abstract_syntax for context in made.contexts]
        assert made.contexts is deepcopy(made.contexts)
    finally:
        made.server_close()


def test_who_asks_a_quiet_reactor_to_stop_finds_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thrift, "STILL_SECONDS", -1)
    checkpoint = thrift.Calm(SimpleNamespace())
    checkpoint.clear()
    passed: list[bool] = []
    reactor = threading.Thread(target=lambda: passed.append(checkpoint.wait()))
    reactor.start()
    reactor.join(10 * thrift.PAUSE_SECONDS)
    assert [] == passed
    checkpoint.set()
    reactor.join(10)
    assert [True] == passed


def test_what_comes_ends_the_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = SimpleNamespace(_run_loop_delay=0.0)
    checkpoint = thrift.Calm(provider)
    monkeypatch.setattr(thrift, "STILL_SECONDS", -1)
    checkpoint.wait()
    assert thrift.PAUSE_SECONDS == provider._run_loop_delay
    checkpoint.hear()
    monkeypatch.setattr(thrift, "STILL_SECONDS", 3600)
    checkpoint.wait()
    assert thrift.PAUSE_SECONDS > provider._run_loop_delay


async def test_a_quiet_association_is_looked_at_seldom_and_served_when_it_speaks(tmp_path: Path) -> None:
    served = DicomFeed(feed(tmp_path, port=0), Taken())
    await served.start()
    try:
        assert served.store is not None
        association = await asyncio.to_thread(connect, served.store.port)
        (listening,) = served.store.associations
        await until(lambda: thrift.PAUSE_SECONDS == listening.dul._run_loop_delay)
        answer = await asyncio.to_thread(association.send_c_store, sendable(1))
        assert 0 == answer.Status
        await asyncio.to_thread(association.release)
    finally:
        await served.stop()
