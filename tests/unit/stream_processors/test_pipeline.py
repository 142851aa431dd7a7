"""A chunk's way on a fake store: one outcome per record, whatever comes."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.keyring import Keyring, KeyringError
from runtime.seal import HEADER as SEAL_HEADER
from schemas import codec, registry, topics
from stream_processors import identify
from stream_processors.account import Produced
from stream_processors.pipeline import Pipeline
from stream_processors.receive import Source
from tests.fakes import FakeStore
from tests.received import DAY, KEYRING, LIMIT, NOW, source

WORKER_ID = "worker-1"


def pipeline(store: FakeStore) -> Pipeline:
    return Pipeline(KEYRING, store, WORKER_ID, LIMIT, clock=lambda: NOW + 1)


def read(produced: Produced) -> dict[str, Any]:
    framed = codec.unframe(produced[2])
    assert framed is not None
    made = registry.codec(framed[0])
    assert made is not None
    return made.decode(framed[1])


def by_topic(produced: list[Produced]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for record in produced:
        found.setdefault(record[0], []).append(read(record))
    return found


def told(produced: list[Produced]) -> list[str]:
    """The outcomes of the ledger, in order."""
    return [number["outcome"] for chunk in by_topic(produced).get("outcomes", []) for number in chunk["numbers"]]


async def test_each_part_has_its_outcome() -> None:
    store = FakeStore()
    work = pipeline(store)
    first = source(sequence=1)
    produced = await work(
        [
            first,
            source(sequence=2),
            source(sequence=3, version=(NOW + 1) << 20, content_hash="c1" * 16),
            source(sequence=4, version=1, content_hash="c2" * 16),
            source(sequence=5, occurred_at=NOW + 2 * DAY),
            replace(source(sequence=6), headers=()),
        ]
    )
    assert ["accepted", "duplicate", "amended", "amended", "rejected", "rejected"] == told(produced)
    found = by_topic(produced)
    assert [(1, False), (3, False), (4, True)] == [
        (e["sequence"], e["superseded"]) for e in found["accepted.encounter"]
    ]
    assert [("rule", ["R08"]), ("seal_missing", [])] == [(r["reason"], r["rules"]) for r in found["rejected"]]
    # Read again after a crash: the same answers.
    assert ["accepted"] == told(await pipeline(store)([first]))


async def test_what_a_rule_blocks_makes_no_claim() -> None:
    """Sent again, mended, it is the first of its document."""
    store = FakeStore()
    work = pipeline(store)
    assert ["rejected"] == told(await work([source(sequence=1, discharged_at=NOW - 9 * DAY)]))
    assert {} == store.claims
    assert ["accepted"] == told(await work([source(sequence=2)]))


async def test_quality_travels_with_the_event() -> None:
    produced = await pipeline(FakeStore())([source(treatment_days=9, marks=["M01"])])
    assert [["X04", "M01"]] == [event["quality"] for event in by_topic(produced)["accepted.encounter"]]


async def test_the_citizen_is_found_by_the_sealed_number() -> None:
    assert KEYRING.citizen is not None
    store = FakeStore()
    await store.load_citizens([identify.entry(KEYRING.citizen, "001080123456", "Nguyễn Văn An", "19800203")])
    other = {"full_name": "Lê Thị Hoa", "citizen_id": "001080123456", "birth": "1980"}
    nobody = {"full_name": "Con bà Hoa"}
    produced = await pipeline(store)(
        [
            source(sequence=1),
            source(sequence=2, document_id="d1" * 16, identity=other),
            source(sequence=3, document_id="d2" * 16, identity=nobody),
        ]
    )
    events = by_topic(produced)["accepted.encounter"]
    assert ["verified", "conflict", "unmatched"] == [event["identity_tier"] for event in events]
    assert [True, False, False] == [event["citizen_key"] is not None for event in events]


async def test_outcomes_come_per_partition_with_their_offsets() -> None:
    chunk = [source(sequence=1, at=(0, 5)), source("service", sequence=2, at=(0, 9), document_id="d1" * 16),
             source(sequence=3, at=(1, 7), document_id="d2" * 16), source(sequence=4, at=(0, 6))]  # fmt: skip
    found = by_topic(await pipeline(FakeStore())(chunk))["outcomes"]
    assert {
        ("received.encounter", 0, 5, 6, 2),
        ("received.encounter", 1, 7, 7, 1),
        ("received.service", 0, 9, 9, 1),
    } == {(c["topic"], c["source_partition"], c["first_offset"], c["last_offset"], len(c["numbers"])) for c in found}


async def test_an_empty_chunk_is_nothing() -> None:
    assert [] == await pipeline(FakeStore())([])


async def test_a_chunk_of_rubbish_asks_redis_nothing() -> None:
    class Silent(FakeStore):
        async def claim_and_find(self, *_: Any) -> Any:
            raise AssertionError("asked")

    produced = await pipeline(Silent())([Source("received.service", 0, 1, None, b"rubbish", ())])
    assert [topics.REJECTED, topics.OUTCOMES] == [record[0] for record in produced]


async def test_a_store_that_fails_stops_the_chunk() -> None:
    class Broken(FakeStore):
        async def claim_and_find(self, *_: Any) -> Any:
            raise RuntimeError("unforeseen")

    with pytest.raises(RuntimeError, match="unforeseen"):
        await pipeline(Broken())([source()])


def test_a_worker_needs_the_citys_key() -> None:
    with pytest.raises(KeyringError, match="citizen"):
        Pipeline(Keyring(KEYRING.seal, {}), FakeStore(), WORKER_ID, LIMIT)


_TOPICS = st.sampled_from(topics.RECEIVED_TOPICS)
_NOISE = st.builds(
    Source,
    _TOPICS,
    st.integers(0, 3),
    st.integers(0, 1000),
    st.none() | st.binary(max_size=60),
    st.none() | st.binary(max_size=300) | st.builds(codec.frame, st.integers(0, 30), st.binary(max_size=300)),
    st.lists(st.tuples(st.sampled_from([SEAL_HEADER, "x"]), st.binary(max_size=90)), max_size=2).map(tuple),
)
_TIMES = st.none() | st.integers(-(1 << 63), (1 << 63) - 1)
_GOOD = st.builds(
    source,
    sequence=st.integers(1, 50),
    part=st.integers(-1, 3),
    parts=st.integers(0, 3),
    version=st.integers(-1, (1 << 63) - 1),
    content_hash=st.sampled_from(["c0" * 16, "c1" * 16, "xyz", ""]),
    document_id=st.sampled_from(["d0" * 16, "d1" * 16, "0" * 31 + "x"]),
    occurred_at=_TIMES,
    captured_at=st.just(NOW) | st.integers(-(1 << 63), (1 << 63) - 1),
    admitted_at=_TIMES,
    discharged_at=_TIMES,
    main_diagnosis=st.none() | st.text(max_size=12),
    treatment_days=st.none() | st.integers(-5, 5),
    identity=st.fixed_dictionaries(
        {name: st.none() | st.text(max_size=20) for name in ("full_name", "citizen_id", "birth", "cards")}
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_NOISE | _GOOD, max_size=12))
async def test_one_outcome_per_record_on_any_bytes(records: list[Source]) -> None:
    produced = await pipeline(FakeStore())(records)
    found = by_topic(produced)
    read_ = [number for chunk in found.get("outcomes", []) for number in chunk["numbers"]]
    rejections = found.get("rejected", [])
    counted = Counter(number["outcome"] for number in read_)
    without_number = sum(1 for rejection in rejections if rejection["adapter_id"] == "")
    assert len(records) == len(read_) + without_number
    assert counted["rejected"] + without_number == len(rejections)
    stored = sum(len(events) for topic, events in found.items() if topic.startswith("accepted."))
    assert counted["accepted"] + counted["amended"] == stored
