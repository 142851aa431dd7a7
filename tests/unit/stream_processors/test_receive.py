"""What comes in: a facility cannot write in another's name, change a byte, or push a neighbour's row in."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.seal import HEADER as SEAL_HEADER
from runtime.seal import seal
from schemas import codec, registry, topics
from schemas.reasons import REASONS
from stream_processors.receive import Opened, Rejected, Source, receive
from tests.received import FACILITY, KEYRING, LIMIT, NOW, OTHER_FACILITY, datum, event, sealed, source


def refused(record: Source, limit: int = LIMIT) -> tuple[str, str]:
    """(reason, place) of the rejection; the reason stands in the table of reasons, as the worker's or the adapter's."""
    answer = receive(record, KEYRING, limit)
    assert isinstance(answer, Rejected)
    assert REASONS[answer.reason].stage in ("worker", "adapter")
    assert record is answer.source
    return answer.reason, answer.place


@pytest.mark.parametrize("kind", ["encounter", "prescription", "service", "observation", "referral", "imaging"])
def test_a_whole_document_opens(kind: str) -> None:
    record = source(kind, identity={"full_name": "Trần Thị Bình"})
    opened = receive(record, KEYRING, LIMIT)
    assert isinstance(opened, Opened)
    assert "Trần Thị Bình" == opened.identity["full_name"]
    assert kind == opened.event["kind"]
    assert record.value is not None
    assert record.value[codec.FRAME_BYTES :] == opened.datum
    assert registry.ids()[f"accepted.{kind}.1-1"] == opened.accepted_id


def test_nothing_of_the_patient_is_shown() -> None:
    record = source(identity={"full_name": "Trần Thị Bình"})
    assert "Bình" not in repr(receive(record, KEYRING, LIMIT))
    assert "Bình" not in repr(record)


@pytest.mark.parametrize("value", [None, b"", b"\0\0\0", b"\1\0\0\0\1abc", b"plain text"])
def test_a_value_without_a_frame(value: bytes | None) -> None:
    assert ("frame", "") == refused(replace(source(), value=value))


def test_an_unknown_schema_is_kept_for_an_upgrade() -> None:
    assert ("schema_unknown", "schema_id") == refused(replace(source(), value=codec.frame(9999, datum())))


def test_a_record_of_history_is_opened_as_a_live_one_is() -> None:
    live = source()
    old = replace(live, topic="backfill.encounter")
    assert replace(receive(live, KEYRING, LIMIT), source=old) == receive(old, KEYRING, LIMIT)
    assert ("wrong_topic", "schema_id") == refused(replace(old, topic="backfill.service"))


def test_a_schema_of_another_topic() -> None:
    assert ("wrong_topic", "schema_id") == refused(replace(source(), topic="received.service"))
    ledger = codec.frame(registry.ids()["rejected.1"], datum())
    assert ("wrong_topic", "schema_id") == refused(replace(source(), value=ledger))


def test_an_accepted_schema_may_not_come_in_as_received() -> None:
    forged = codec.frame(registry.ids()["accepted.encounter.1-1"], datum())
    assert ("wrong_topic", "schema_id") == refused(replace(source(), value=forged))


def test_bytes_left_over_would_be_a_row_in_anothers_name() -> None:
    forged = datum() + datum(facility=OTHER_FACILITY)
    header = (SEAL_HEADER, sealed(forged))
    value = codec.frame(registry.latest("received.encounter")[0], forged)
    assert ("not_one_datum", "value") == refused(replace(source(), value=value, headers=(header,)))


@pytest.mark.parametrize("cut", [1, 2, 10, 100])
def test_a_datum_that_ends_early(cut: int) -> None:
    record = source()
    assert record.value is not None
    assert ("not_one_datum", "value") == refused(replace(record, value=record.value[:-cut]))


@pytest.mark.parametrize("key", [None, b"", b"01003", b"01003:" + b"f0" * 16, b"01004:" + b"e0" * 16])
def test_a_key_that_is_not_the_headers(key: bytes | None) -> None:
    assert ("wrong_key", "key") == refused(replace(source(), key=key))


def test_a_document_without_a_visit_is_keyed_by_itself() -> None:
    assert isinstance(receive(source(visit_key=None), KEYRING, LIMIT), Opened)


@pytest.mark.parametrize(
    ("place", "header"),
    [
        ("status", {"status": "gone"}),
        ("sequence", {"sequence": 0}),
        ("sequence", {"part": 2, "parts": 1}),
        ("sequence", {"part": 0}),
        ("version", {"version": 0}),
        ("version", {"version": -1}),
        ("captured_at", {"captured_at": 0}),
        ("captured_at", {"captured_at": 1 << 62}),
        ("document_id", {"document_id": "z" * 32}),
        ("document_id", {"document_id": "D0" * 16}),
        ("document_id", {"document_id": "d0" * 15 + " 0"}),
        ("content_hash", {"content_hash": ""}),
        ("content_hash", {"content_hash": "c0" * 17}),
    ],
)
def test_a_header_that_is_not_so(place: str, header: dict[str, Any]) -> None:
    assert ("header", place) == refused(source(**header))


def test_a_kind_that_is_not_the_topics() -> None:
    schema_id, made = registry.latest("received.encounter")
    body = made.encode(event() | {"kind": "service"})
    value = codec.frame(schema_id, body)
    assert ("wrong_topic", "kind") == refused(replace(source(), value=value, headers=((SEAL_HEADER, sealed(body)),)))


def test_a_facility_writing_in_anothers_name() -> None:
    assert ("seal_key", "seal") == refused(source(facility=OTHER_FACILITY))
    assert ("seal_key", "seal") == refused(source(key_id=f"{OTHER_FACILITY}-1"))
    assert ("seal_key", "seal") == refused(source(key_id="worker-1"))


REPLAYED: dict[str, Any] = {"adapter_id": f"replay.{FACILITY}", "replay_of": "01003.his/x/1/1", "replay_count": 1}


def test_the_replay_key_speaks_for_a_facility_as_the_replay_adapter_only() -> None:
    assert isinstance(receive(source(key_id="replay-1", **REPLAYED), KEYRING, LIMIT), Opened)
    other = REPLAYED | {"facility": OTHER_FACILITY, "adapter_id": f"replay.{OTHER_FACILITY}"}
    assert isinstance(receive(source(key_id="replay-1", **other), KEYRING, LIMIT), Opened)
    assert ("seal_key", "seal") == refused(source(key_id="replay-1"))
    assert ("seal_key", "seal") == refused(source(key_id="replay-1", **REPLAYED | {"facility": OTHER_FACILITY}))
    assert ("seal_key", "seal") == refused(source(**REPLAYED)), "no facility calls itself the replay adapter"


@pytest.mark.parametrize(
    ("place", "header"),
    [
        ("replay_of", {"replay_of": "01003.his/x/1/1"}),
        ("replay_of", REPLAYED | {"replay_of": None}),
        ("replay_count", REPLAYED | {"replay_count": None}),
        ("replay_count", REPLAYED | {"replay_count": 0}),
        ("replay_count", REPLAYED | {"replay_count": 6}),
    ],
)
def test_a_replay_names_what_it_mends_and_does_not_go_round_for_ever(place: str, header: dict[str, Any]) -> None:
    assert ("header", place) == refused(source(key_id="replay-1", **header))


def test_a_seal_of_an_unknown_key() -> None:
    record = source()
    mine = dict(record.headers)[SEAL_HEADER]
    other = mine.replace(f"{FACILITY}-1".encode(), f"{FACILITY}-2".encode())
    assert ("seal_key", "seal") == refused(replace(record, headers=((SEAL_HEADER, other),)))


@pytest.mark.parametrize("at", [20, 30, -1])
def test_a_changed_byte_of_the_seal(at: int) -> None:
    record = source()
    mine = bytearray(dict(record.headers)[SEAL_HEADER])
    mine[at] ^= 1
    assert ("seal_broken", "seal") == refused(replace(record, headers=((SEAL_HEADER, bytes(mine)),)))


@pytest.mark.parametrize("header", [b"", b"\1", b"\2" * 60, b"\1\xff" + b"x" * 60, b"\1\1\xff" + b"x" * 60])
def test_a_seal_of_another_form(header: bytes) -> None:
    assert ("seal_broken", "seal") == refused(replace(source(), headers=((SEAL_HEADER, header),)))


def test_a_seal_that_belongs_to_another_document() -> None:
    stolen = source().headers
    assert ("seal_broken", "seal") == refused(replace(source(sequence=2), headers=stolen))
    record = source(part=1, parts=2)
    assert ("seal_broken", "seal") == refused(replace(record, headers=stolen))


def test_a_changed_byte_of_the_datum() -> None:
    record = source(main_diagnosis="A01.0")
    assert record.value is not None
    changed = record.value.replace(b"A01.0", b"A01.1")
    assert ("seal_broken", "seal") == refused(replace(record, value=changed))


def test_a_missing_seal() -> None:
    assert ("seal_missing", "") == refused(replace(source(), headers=()))
    assert ("seal_missing", "") == refused(replace(source(), headers=(("trace", b"x"),)))


def test_a_seal_with_something_else_inside() -> None:
    body = datum()
    header = (SEAL_HEADER, seal(KEYRING.seal[f"{FACILITY}-1"], body, b"\xff\xff\xff"))
    assert ("seal_broken", "seal") == refused(replace(source(), headers=(header,)))


def test_too_large_counts_the_seal_and_what_is_appended_later() -> None:
    record = source(narrative={"note": "x" * 10_000})
    assert record.value is not None
    size = len(record.value) - codec.FRAME_BYTES + len(dict(record.headers)[SEAL_HEADER])
    assert isinstance(receive(record, KEYRING, size + topics.ENRICHMENT_ROOM), Opened)
    assert ("too_large", "value") == refused(record, size + topics.ENRICHMENT_ROOM - 1)


def test_a_rejection_knows_the_number_where_the_header_could_be_read() -> None:
    answer = receive(replace(source(sequence=77), headers=()), KEYRING, LIMIT)
    assert isinstance(answer, Rejected)
    assert answer.event is not None
    assert 77 == answer.event["sequence"]


@given(st.binary(max_size=400), st.binary(max_size=80), st.binary(max_size=80), st.integers(0, 30))
def test_total_on_any_bytes(body: bytes, key: bytes, seal_: bytes, schema_id: int) -> None:
    """One answer to whatever comes, never an exception."""
    for value in (body, codec.frame(schema_id, body)):
        record = Source("received.encounter", 0, 0, key, value, ((SEAL_HEADER, seal_),))
        assert isinstance(receive(record, KEYRING, LIMIT), Rejected)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_one_changed_byte_anywhere_is_never_accepted(at: int, other: int) -> None:
    record = source(occurred_at=NOW)
    assert record.value is not None
    value = bytearray(record.value)
    at %= len(value)
    if value[at] == other:
        return
    value[at] = other
    answer = receive(replace(record, value=bytes(value)), KEYRING, LIMIT)
    assert isinstance(answer, Rejected)
