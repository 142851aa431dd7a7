"""History through Kafka: all of it arrives, once, and a second run goes on where the first ended."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from infra.backfill.run import Plan, Sent, feed_of, files_of, send
from infra.city.city import City
from infra.city.folder import write_folder
from infra.city.hospitals import HOSPITALS
from infra.city.visits import LOCAL
from infra.embedded.child import Child
from infra.embedded.ready import read_ready
from producers.adapters import dialect
from producers.feeds import feeds
from runtime import keyring
from runtime.settings import AdapterSettings, SettingsError
from schemas import topics
from tests.integration.test_publish import arrived, values

pytestmark = pytest.mark.slow

CODE = HOSPITALS[0].code


class Broker(Child):
    """The embedded Kafka in a process of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "kafka.log")
        self._ready = folder / "kafka.json"

    def open(self) -> None:
        argv = [sys.executable, "-m", "infra.embedded.kafka", "--ready-file", str(self._ready)]
        self.run(argv, self._ready.exists)

    @property
    def bootstrap(self) -> str:
        return read_ready(self._ready)["bootstrap"]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Broker(tmp_path_factory.mktemp("broker")) as made:
        yield made.bootstrap


@pytest.fixture
def chosen(broker: str, tmp_path: Path) -> AdapterSettings:
    city = City(1, 1, start=datetime(2024, 3, 4, 9, tzinfo=LOCAL), people=300, dialects={CODE: "history_csv"})
    write_folder(city, tmp_path / "old", "history_csv", 120)
    keyring.save(keyring.create([CODE]), tmp_path / "keyring.json")
    options = {"mapping": str(tmp_path / "old" / "mapping.yaml")}
    feed = {"facility": CODE, "system": "OLD", "dialect": "history_csv", "options": options}
    return AdapterSettings(
        kafka=broker, data=tmp_path / "data", keyring=tmp_path / "keyring.json", feeds=[feed], metrics_port=None,
        metrics_host="127.0.0.1", log_level="ERROR", embedded_kafka=False, outbox_bytes=1 << 30, registry="", most_a_second=0,
    )  # fmt: skip


def plan_of(chosen: AdapterSettings, folder: Path, rate: float = 0.0) -> Plan:
    made = dialect("history_csv")
    feed = feed_of(feeds(chosen.feeds), "history_csv", None)
    return Plan(feed, made, files_of([folder], made.suffixes), rate)


def run(chosen: AdapterSettings, plan: Plan, stop: threading.Event | None = None) -> Sent:
    return asyncio.run(send(chosen, plan, stop or threading.Event()))


def test_history_is_sent_once(chosen: AdapterSettings, tmp_path: Path) -> None:
    plan = plan_of(chosen, tmp_path / "old")
    first, second = run(chosen, plan), run(chosen, plan)
    assert (120, 0, 0, [], 120) == (
        first.messages,
        first.again,
        first.waiting,
        first.unreadable,
        first.documents + first.refused,
    )
    assert (120, 120, 0) == (second.messages, second.again, second.documents)


def test_it_goes_to_topics_of_its_own_and_says_that_it_ended(chosen: AdapterSettings, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    with Broker(tmp_path / "own") as own:
        sent = run(chosen.model_copy(update={"kafka": own.bootstrap}), plan_of(chosen, tmp_path / "old"))
        told = values(arrived(own.bootstrap, (topics.backfill("encounter"),), sent.documents))
        beats = values(arrived(own.bootstrap, (topics.HEARTBEATS,), 2))
    assert (sent.documents, {f"{CODE}.OLD.backfill"}) == (len(told), {said["adapter_id"] for said in told})
    assert (True, 120, 120) == tuple(beats[-1][name] for name in ("ended", "taken", "acknowledged"))
    assert not any(said["ended"] for said in beats[:-1])


def test_a_run_that_was_stopped_goes_on(chosen: AdapterSettings, tmp_path: Path) -> None:
    stop = threading.Event()
    paced = plan_of(chosen, tmp_path / "old", rate=50)

    async def stopped() -> Sent:
        running = asyncio.create_task(send(chosen, paced, stop))
        await asyncio.sleep(0.5)
        stop.set()
        return await running

    first = asyncio.run(stopped())
    assert first.stopped
    assert 0 < first.messages < 120
    second = run(chosen, plan_of(chosen, tmp_path / "old"))
    assert (120, first.messages) == (second.messages, second.again)
    assert 120 == first.documents + first.refused + second.documents + second.refused


def test_a_file_that_cannot_be_read_costs_no_other(chosen: AdapterSettings, tmp_path: Path) -> None:
    plan = plan_of(chosen, tmp_path / "old")
    sent = run(chosen, replace(plan, files=[tmp_path, tmp_path / "none.csv", *plan.files]))
    assert ([tmp_path, tmp_path / "none.csv"], 120) == (sent.unreadable, sent.messages)


def test_two_at_once_are_refused(chosen: AdapterSettings, tmp_path: Path) -> None:
    from infra.backfill import run as room

    plan = plan_of(chosen, tmp_path / "old")
    held = room._outbox(chosen, plan)
    with pytest.raises(SettingsError, match="another backfill"):
        run(chosen, plan)
    held.close()
