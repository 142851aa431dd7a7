"""The role `livingdata adapter run`, with a made-up dialect: from a folder to Kafka, and its end."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from infra.embedded.kafka import EmbeddedKafka
from producers import adapters, run
from runtime import kafka, keyring
from runtime.settings import AdapterSettings, SettingsError, load
from schemas import topics
from tests.integration.test_publish import arrived, values
from tests.lines import KEYRING, line, outbox, visit, waiting

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def lines_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(adapters.DIALECTS, "lines", "tests.lines")
    monkeypatch.setattr(kafka, "producer", partial(kafka.producer, log_level=0))


def settings(folder: Path, bootstrap: str, **more: Any) -> AdapterSettings:
    keyring.save(KEYRING, folder / "keyring.json")
    feed = {
        "facility": "01001", "system": "HIS", "dialect": "lines",
        "options": {"folder": str(folder / "in"), "renamed": True, "poll_seconds": 0.02},
    }  # fmt: skip
    given: dict[str, Any] = {
        "kafka": bootstrap,
        "data": folder / "data",
        "keyring": folder / "keyring.json",
        "feeds": [feed],
    }
    return load(AdapterSettings, **(given | more))


@contextmanager
def running(chosen: AdapterSettings, folder: Path) -> Iterator[threading.Event]:
    """The role in a thread; whatever ends it is raised here."""
    stop, ready, ended = threading.Event(), folder / "ready", threading.Event()
    failed: list[BaseException] = []

    def serve() -> None:
        try:
            run.run(chosen, stop, ready)
        except BaseException as error:
            failed.append(error)
        finally:
            ended.set()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        until(lambda: ready.exists() or ended.is_set())
        yield ended
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    if failed:
        raise failed[0]


def until(ready: Callable[[], bool]) -> None:
    waiter = threading.Event()
    for _ in range(3_000):
        if ready():
            return
        waiter.wait(0.02)
    pytest.fail("waited in vain")


def put(folder: Path, name: str, *lines: bytes) -> None:
    (folder / "in").mkdir(exist_ok=True)
    (folder / name).write_bytes(b"\n".join(lines))
    (folder / name).rename(folder / "in" / name)


def test_from_a_folder_to_kafka_and_a_good_end(tmp_path: Path) -> None:
    with EmbeddedKafka() as broker:
        chosen = settings(tmp_path, broker.bootstrap, embedded_kafka=True)
        put(tmp_path, "a.lines", line("1", visit("A")), line("2", {"refuse": "charset"}), line("3"))
        with running(chosen, tmp_path):
            until((tmp_path / "in" / "refused" / "a.lines").exists)
            until(lambda: not waiting(tmp_path / "data" / "outbox.sqlite"))  # a role that ends sends no more
        (event,) = values(arrived(broker.bootstrap, ("received.encounter",), 1))
        (rejected,) = values(arrived(broker.bootstrap, (topics.REJECTED,), 1))
        last = values(arrived(broker.bootstrap, (topics.HEARTBEATS,), 2))[-1]
    assert ("01001.HIS", 1, 2) == (event["adapter_id"], event["sequence"], rejected["sequence"])
    assert (3, 3, 0) == (last["taken"], last["acknowledged"], last["outbox_depth"])


def test_with_the_broker_away_it_takes_and_ends_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.serve.Server.stop.__defaults__", (0.2,))
    put(tmp_path, "a.lines", line("1", visit("A")))
    with running(settings(tmp_path, "127.0.0.1:1"), tmp_path):
        until((tmp_path / "in" / "done" / "a.lines").exists)
    box = outbox(tmp_path / "data")
    assert 1 == len(waiting(box.path))
    box.close()


def test_a_thread_that_fails_ends_the_role_with_its_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while a file is in hand: nobody waits for an answer that cannot come."""
    monkeypatch.setattr("producers.serve.Server.stop.__defaults__", (0.2,))

    def fail(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("producers.outbox.Outbox._take_one", fail)
    put(tmp_path, "a.lines", line("1", visit("A")))
    with (
        pytest.raises(RuntimeError, match="a fault of ours"),
        running(settings(tmp_path, "127.0.0.1:1"), tmp_path) as ended,
    ):
        assert ended.wait(60)
    assert (tmp_path / "in" / "a.lines").exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"keyring": Path("none.json")}, "keyring: keyring file not found"),
        ({"feeds": [{"facility": "01001", "system": "HIS", "dialect": "none"}]}, "feeds.0.dialect"),
        ({"feeds": [{"facility": "01002", "system": "HIS", "dialect": "lines"}]}, "no seal key for 01002"),
    ],
)
def test_wrong_settings_end_it_before_anything_is_opened(tmp_path: Path, more: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        run.run(settings(tmp_path, "127.0.0.1:1", **more), threading.Event())
    assert not (tmp_path / "data").exists()


def test_a_data_folder_in_use_ends_it(tmp_path: Path) -> None:
    box = outbox(tmp_path / "data")
    with pytest.raises(SettingsError, match="data: another adapter works in this data folder"):
        run.run(settings(tmp_path, "127.0.0.1:1"), threading.Event())
    box.close()
