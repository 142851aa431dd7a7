"""The loop, with a fake broker and a fake ClickHouse: nothing is committed before it is in, and nothing is lost."""

import io
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fastavro
import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from runtime.settings import SinkSettings
from schemas import codec, registry
from sinks.clickhouse import sift
from sinks.clickhouse.batch import Batch, Rejection
from sinks.clickhouse.client import Away, Refused, TooMuch
from sinks.clickhouse.loop import Sink
from sinks.clickhouse.merges import Merges
from sinks.clickhouse.reject import NotDelivered, Rejector
from tests.rows import accepted_row, ledger_row

TOPIC = "accepted.encounter"
Event = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Message:
    at: tuple[str, int, int]
    bytes_: bytes | None
    fault: Any = None

    def topic(self) -> str:
        return self.at[0]

    def partition(self) -> int:
        return self.at[1]

    def offset(self) -> int:
        return self.at[2]

    def value(self) -> bytes | None:
        return self.bytes_

    def error(self) -> Any:
        return self.fault


@dataclass
class Broker:
    """A consumer group of one. Polls give what is scripted: messages, or a call to make inside the poll."""

    story: list[Event]
    script: list[list[Message] | Callable[["Broker"], None]]
    stop: threading.Event
    stop_after: int = 3
    now: float = 0.0
    committed: dict[tuple[str, int], int] = field(default_factory=dict)
    paused: bool = False
    refuse_commits: int = 0
    on_revoke: Any = None
    closed: bool = False

    def subscribe(self, topics: list[str], *, on_revoke: Any, on_lost: Any) -> None:
        assert on_lost
        assert TOPIC in topics
        self.on_revoke = on_revoke

    def consume(self, num_messages: int, timeout: float) -> list[Message]:
        self.now += max(timeout, 0.001)
        self.story.append(("poll", "paused" if self.paused else "open"))
        if self.paused:
            return []
        if not self.script:
            self.stop_after -= 1
            if self.stop_after <= 0:
                self.stop.set()
            return []
        step = self.script.pop(0)
        if callable(step):
            step(self)
            return []
        assert len(step) <= num_messages
        return step

    def assignment(self) -> list[TopicPartition]:
        return [TopicPartition(TOPIC, 0)]

    def pause(self, _partitions: list[Any]) -> None:
        self.paused = True

    def resume(self, _partitions: list[Any]) -> None:
        self.paused = False

    def commit(self, *, offsets: list[Any], asynchronous: bool) -> list[Any]:
        assert not asynchronous
        if self.refuse_commits:
            self.refuse_commits -= 1
            raise KafkaException(KafkaError(KafkaError.REBALANCE_IN_PROGRESS))
        for each in offsets:
            self.committed[each.topic, each.partition] = each.offset
            self.story.append(("commit", each.topic, each.partition, each.offset))
        return offsets

    def close(self) -> None:
        self.closed = True


@dataclass
class Store:
    """A ClickHouse that keeps offsets by table. `faults` are raised by the next inserts, `bad` rows are refused."""

    story: list[Event]
    faults: list[Exception | None] = field(default_factory=list)
    bad: set[int] = field(default_factory=set)
    fits: bool = True
    most: int = 1_000_000
    settling: list[Exception] = field(default_factory=list)
    tables: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    before: Callable[[], None] = lambda: None

    def insert(self, table: str, container: bytes) -> None:
        table = re.sub(r"_from_\d+$", "_history", table)  # what a document's way in leads to
        self.before()
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            self.story.append(("fault", table))
            raise fault
        offsets = [row["kafka_offset"] for row in fastavro.reader(io.BytesIO(container)) if isinstance(row, dict)]
        if len(offsets) > self.most:
            raise TooMuch("code 241")
        if not self.fits or self.bad & set(offsets):
            raise Refused(70, "sex")
        self.tables[table] += offsets
        self.story.append(("insert", table, len(offsets)))

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        assert "identity_links" in sql
        assert not parameters
        return [{"at": "1", "told": str(len(self.tables.get("identity_links", [])))}]

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        assert sql.startswith("INSERT INTO identity_merged")
        assert {"at": 1} == parameters
        if self.settling:
            raise self.settling.pop(0)
        self.story.append(("settled",))


@dataclass
class Mail:
    """Where rejections go."""

    story: list[Event]
    sent: list[Rejection] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    def __call__(self, rejections: Sequence[Rejection]) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.sent += rejections
        self.story.append(("rejected", len(rejections)))


@dataclass
class World:
    story: list[Event]
    broker: Broker
    store: Store
    mail: Mail
    stop: threading.Event
    sink: Sink

    def run(self) -> None:
        self.sink.run(self.stop)

    def what(self, *names: str) -> list[Event]:
        return [event for event in self.story if event[0] in names]


Make = Callable[..., World]


@pytest.fixture
def world(tmp_path: Path) -> Make:
    def make(*script: list[Message] | Callable[[Broker], None], **settings: Any) -> World:
        story: list[Event] = []
        stop = threading.Event()
        broker = Broker(story, list(script), stop)
        store, mail = Store(story), Mail(story)
        chosen = SinkSettings(kafka="k", data=tmp_path, clickhouse="http://ch", **({"inserts_at_once": 1} | settings))
        sink = Sink(broker, store, mail, chosen, lambda: broker.now, merges=Merges(store, lambda: broker.now))
        return World(story, broker, store, mail, stop, sink)

    return make


def some(count: int, first: int = 0, topic: str = TOPIC, partition: int = 0) -> list[Message]:
    value = accepted_row(topic.partition(".")[2])[1]
    return [Message((topic, partition, first + n), value) for n in range(count)]


def test_commit_comes_after_every_insert_of_the_flush(world: Make) -> None:
    one = world(
        some(3) + some(2, topic="accepted.service") + [Message(("heartbeats", 4, 8), ledger_row("heartbeats")[1])]
    )
    one.run()
    steps = [event[0] for event in one.what("insert", "commit")]
    assert ["insert"] * 3 + ["commit"] * 3 == steps
    assert {(TOPIC, 0): 3, ("accepted.service", 0): 2, ("heartbeats", 4): 9} == one.broker.committed
    assert one.broker.closed


def test_merges_are_worked_out_before_their_links_are_committed(world: Make) -> None:
    one = world([Message(("identity.links", 0, 4), ledger_row("identity.links")[1])], flush_ms=10)
    one.store.settling = [Away("code 210")]
    one.run()
    steps = [event[0] for event in one.what("insert", "settled", "commit")]
    assert ["insert", "settled", "commit"] == steps


@pytest.mark.parametrize("limit", [{"flush_rows": 4}, {"flush_bytes": 1 << 16}, {"flush_ms": 10}])
def test_rows_bytes_and_age_each_end_a_batch(world: Make, limit: dict[str, int]) -> None:
    heavy = accepted_row("encounter", admission_diagnosis="x" * 20_000)[1]
    batches = [[Message((TOPIC, 0, first + n), heavy) for n in range(4)] for first in (0, 4)]
    one = world(batches[0], [], batches[1], **({"flush_ms": 10_000} | limit))
    one.run()
    assert [("insert", "encounter_history", 4)] * 2 == one.what("insert")
    assert list(range(8)) == one.store.tables["encounter_history"]


def test_clickhouse_away_costs_lag_only(world: Make) -> None:
    one = world(some(5), some(5, 5), flush_ms=10)
    one.store.faults = [Away("code 210")] * 4
    one.run()
    assert list(range(10)) == one.store.tables["encounter_history"]
    assert {(TOPIC, 0): 10} == one.broker.committed
    faults = [at for at, event in enumerate(one.story) if event[0] == "fault"]
    between = one.story[faults[0] : faults[-1]]
    assert ("poll", "paused") in between
    assert ("poll", "open") not in between
    assert not one.broker.paused


def test_what_is_in_is_not_inserted_again_when_the_next_table_fails(world: Make) -> None:
    one = world(some(2) + some(2, topic="accepted.service"))
    one.store.faults = [None, Away("code 210")]
    one.run()
    assert {"encounter_history": [0, 1], "service_history": [0, 1]} == one.store.tables
    assert ["insert", "fault", "insert", "commit", "commit"] == [e[0] for e in one.what("insert", "fault", "commit")]


def test_a_refused_row_is_found_alone_and_the_rest_goes_in(world: Make) -> None:
    one = world(some(50))
    one.store.bad = {7, 31}
    one.run()
    assert [n for n in range(50) if n not in (7, 31)] == sorted(one.store.tables["encounter_history"])
    assert [("store", "sex", 7), ("store", "sex", 31)] == [(r.reason, r.place, r.offset) for r in one.mail.sent]
    assert ["d" * 32] * 2 == [(r.event or {})["document_id"] for r in one.mail.sent]
    assert ["rejected", "commit"] == [event[0] for event in one.what("rejected", "commit")]


def test_what_is_not_one_datum_does_not_shift_its_neighbours(world: Make) -> None:
    whole = accepted_row("encounter")[1]
    values = [whole, whole[:-3], whole + b"\x00", whole]
    one = world([Message((TOPIC, 0, offset), value) for offset, value in enumerate(values)])
    one.store.faults = [Refused(33, "")]
    one.run()
    assert [0, 3] == one.store.tables["encounter_history"]
    assert [1, 2] == [rejection.offset for rejection in one.mail.sent]


def test_a_table_that_does_not_fit_is_no_rows_fault(world: Make) -> None:
    one = world(some(2))
    one.store.fits = False
    waits = 0

    def mend() -> None:
        nonlocal waits
        waits += 1
        one.store.fits = waits > 4

    one.store.before = mend
    one.run()
    assert [] == one.mail.sent
    assert [0, 1] == one.store.tables["encounter_history"]


def test_a_batch_too_large_for_the_servers_memory_goes_in_by_halves(world: Make) -> None:
    one = world(some(10))
    one.store.most = 3
    one.store.bad = {6}
    one.run()
    assert [n for n in range(10) if n != 6] == one.store.tables["encounter_history"]
    assert [6] == [rejection.offset for rejection in one.mail.sent]
    assert {(TOPIC, 0): 10} == one.broker.committed


def test_no_memory_at_all_is_waited_out(world: Make) -> None:
    one = world(some(2), flush_ms=10)
    one.store.most = 0
    calls = list[int]()

    def mend() -> None:
        calls.append(1)
        one.store.most = 0 if len(calls) < 6 else 9

    one.store.before = mend
    one.run()
    assert ([0, 1], []) == (one.store.tables["encounter_history"], one.mail.sent)


def test_a_rejection_that_is_not_delivered_holds_the_commit_back(world: Make) -> None:
    one = world([Message((TOPIC, 0, 0), b"garbage"), *some(1, 1)])
    one.mail.faults = [NotDelivered("timed out")]
    one.run()
    assert [0] == [rejection.offset for rejection in one.mail.sent]
    assert [1] == one.store.tables["encounter_history"]
    assert ["insert", "rejected", "commit"] == [e[0] for e in one.what("insert", "rejected", "commit")]


def test_shutdown_flushes_what_is_held(world: Make) -> None:
    one = world(some(3), flush_ms=60_000)
    one.broker.stop_after = 1
    one.run()
    assert [0, 1, 2] == one.store.tables["encounter_history"]
    assert {(TOPIC, 0): 3} == one.broker.committed
    assert one.broker.closed


def test_shutdown_while_clickhouse_is_away_ends_and_commits_nothing(world: Make) -> None:
    one = world(some(3), flush_ms=10)
    one.store.faults = [Away("code 210")] * 1000
    one.store.before = lambda: one.stop.set() if len(one.what("fault")) >= 2 else None
    one.run()
    assert {} == one.broker.committed
    assert one.broker.closed


def test_a_revoke_flushes_what_is_held(world: Make) -> None:
    def revoke(broker: Broker) -> None:
        broker.on_revoke(broker, broker.assignment())
        assert {(TOPIC, 0): 3} == broker.committed

    one = world(some(3), revoke, some(2, 10), flush_ms=1_000)
    one.run()
    assert [0, 1, 2, 10, 11] == one.store.tables["encounter_history"]
    assert {(TOPIC, 0): 12} == one.broker.committed


def test_what_cannot_be_flushed_on_revoke_is_left_to_the_next_owner(world: Make) -> None:
    def revoke(broker: Broker) -> None:
        broker.on_revoke(broker, broker.assignment())

    one = world(some(3) + some(1, topic="accepted.service"), revoke, flush_ms=1_000)
    one.store.faults = [Away("code 210")]
    one.run()
    assert {"service_history": [0]} == one.store.tables
    assert {("accepted.service", 0): 1} == one.broker.committed


def test_a_revoke_while_waiting_for_clickhouse_forgets_the_batch(world: Make) -> None:
    one = world(some(3), flush_ms=10)
    one.store.faults = [Away("code 210")]
    consume = one.broker.consume

    def revoke_when_paused(num_messages: int, timeout: float) -> list[Message]:
        if one.broker.paused:
            one.broker.on_revoke(one.broker, one.broker.assignment())
        return consume(num_messages, timeout)

    one.broker.consume = revoke_when_paused  # type: ignore[method-assign]
    one.run()
    assert {} == one.store.tables
    assert {} == one.broker.committed


def test_a_refused_commit_goes_with_a_later_one(world: Make) -> None:
    one = world(some(3))
    one.broker.refuse_commits, one.broker.stop_after = 1, 20
    one.run()
    assert {(TOPIC, 0): 3} == one.broker.committed


def test_polling_goes_on_during_long_inserts(world: Make) -> None:
    one = world(some(1) + some(1, topic="accepted.service") + some(1, topic="accepted.referral"))

    def slow() -> None:
        one.broker.now += 30

    one.store.before = slow
    one.run()
    assert 2 <= sum(event == ("poll", "paused") for event in one.story)
    assert 3 == len(one.store.tables)
    assert not one.broker.paused


KINDS = ("encounter", "service", "referral")


def three() -> list[Message]:
    return [message for kind in KINDS for message in some(2, topic=f"accepted.{kind}")]


def test_inserts_of_one_flush_run_side_by_side_and_the_commit_waits_for_all(world: Make) -> None:
    one = world(three(), inserts_at_once=3)
    together = threading.Barrier(3, timeout=30)

    def meet() -> None:
        together.wait()

    one.store.before = meet
    one.run()
    assert {f"{kind}_history": [0, 1] for kind in KINDS} == one.store.tables
    assert ["insert"] * 3 + ["commit"] * 3 == [event[0] for event in one.what("insert", "commit")]


def test_a_large_group_is_cut_in_pieces(world: Make) -> None:
    one = world(*(some(2_000, first=at) for at in range(0, 8_000, 2_000)), inserts_at_once=3, flush_rows=8_000)
    one.run()
    assert [2_666, 2_667, 2_667] == sorted(event[2] for event in one.what("insert"))
    assert list(range(8_000)) == sorted(one.store.tables["encounter_history"])


def test_of_inserts_side_by_side_only_the_one_that_failed_is_made_again(world: Make) -> None:
    one = world(three(), inserts_at_once=3)
    failed = threading.Event()
    insert = one.store.insert

    def once(table: str, container: bytes) -> None:
        if table.startswith("service") and not failed.is_set():
            failed.set()
            raise Away("code 210")
        insert(table, container)

    one.store.insert = once  # type: ignore[method-assign]
    one.run()
    assert {f"{kind}_history": [0, 1] for kind in KINDS} == one.store.tables
    assert ["insert"] * 3 + ["commit"] * 3 == [event[0] for event in one.what("insert", "commit")]


def test_refused_rows_of_every_piece_are_rejected(world: Make) -> None:
    one = world(some(1_500), some(1_500, first=1_500), some(1_500, first=3_000), inserts_at_once=2, flush_rows=4_500)
    one.store.bad = {7, 4_400}
    one.run()
    assert [7, 4_400] == sorted(rejection.offset for rejection in one.mail.sent)
    assert 4_498 == len(one.store.tables["encounter_history"])


def test_a_revoke_while_inserts_run_side_by_side_waits_for_them_and_commits_nothing_of_it(world: Make) -> None:
    def revoke(broker: Broker) -> None:
        broker.on_revoke(None, [TopicPartition(f"accepted.{kind}", 0) for kind in KINDS])

    one = world(three(), inserts_at_once=3)
    polled, consume = threading.Event(), one.broker.consume

    def polling(num_messages: int, timeout: float) -> list[Message]:
        if one.broker.paused and not polled.is_set():
            revoke(one.broker)
            polled.set()
        return consume(num_messages, timeout)

    def slow() -> None:
        one.broker.now += 30
        assert polled.wait(30)

    one.broker.consume = polling  # type: ignore[method-assign]
    one.store.before = slow
    one.run()
    assert [] == one.what("commit")
    assert {f"{kind}_history": [0, 1] for kind in KINDS} == one.store.tables  # harmless: the next owner's are the same


def test_an_unforeseen_fault_in_one_insert_ends_the_role_uncommitted(world: Make) -> None:
    one = world(three(), inserts_at_once=3)
    one.store.faults = [ZeroDivisionError()]
    with pytest.raises(ZeroDivisionError):
        one.run()
    assert [] == one.what("commit")
    assert one.broker.closed


class Answering:
    """A producer whose broker answers at the next poll."""

    def __init__(self, error: Any = None) -> None:
        self.error, self.waiting = error, list[Callable[[Any, Any], None]]()
        self.values: list[bytes] = []

    def produce(self, topic: str, value: bytes, key: bytes, *, on_delivery: Callable[[Any, Any], None]) -> None:
        assert ("rejected", b"01001") == (topic, key or b"01001")
        self.values.append(value)
        self.waiting.append(on_delivery)

    def poll(self, _timeout: float) -> int:
        for answer in self.waiting:
            answer(self.error, None)
        self.waiting.clear()
        return 0


def sent(producer: Answering) -> list[dict[str, Any]]:
    _, made = registry.latest("rejected")
    return [made.decode(value[codec.FRAME_BYTES :]) for value in producer.values]


def test_a_rejection_carries_the_number_and_the_document_but_no_data() -> None:
    producer = Answering()
    value = accepted_row("encounter", sequence=42, admission_diagnosis="viêm phổi")[1]
    target = registry.codec(accepted_row("encounter")[0])
    assert target is not None
    event = target.decode(value[codec.FRAME_BYTES :])
    Rejector(producer, lambda: 5)([Rejection(TOPIC, 2, 9, len(value), "store", "sex", "ClickHouse error 70", event)])
    (record,) = sent(producer)
    assert (42, "d" * 32, "sink", "store", "sex", "encounter", 9, len(value), None) == tuple(
        record[name]
        for name in (
            "sequence", "document_id", "stage", "reason", "place", "kind", "source_offset", "original_size", "original"
        )
    )  # fmt: skip
    assert "viêm".encode() not in producer.values[0]


def test_an_unreadable_record_is_rejected_outside_the_ledger() -> None:
    producer = Answering()
    Rejector(producer)([Rejection("accepted.service", 3, 17, 5, "frame")])
    (record,) = sent(producer)
    assert ("", "accepted.service/3", 17, "service") == tuple(
        record[name] for name in ("adapter_id", "incarnation", "sequence", "kind")
    )


def test_our_own_rejection_is_not_rejected_again() -> None:
    producer = Answering()
    Rejector(producer)([Rejection("rejected", 0, 1, 5, "store", event={"stage": "sink"})])
    assert [] == producer.values


def test_a_rejection_the_broker_refuses_raises() -> None:
    with pytest.raises(NotDelivered):
        Rejector(Answering(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)))([Rejection(TOPIC, 0, 0, 1, "frame")])


def test_sift_calls_alive_between_inserts() -> None:
    batch = Batch()
    batch.add(some(8))
    store, calls = Store([], bad={3}), list[int]()
    (group,) = batch.groups.values()
    found = sift.insert(store, group, lambda: calls.append(1))
    assert [3] == [rejection.offset for rejection in found]
    assert 3 <= len(calls)
