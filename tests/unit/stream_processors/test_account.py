"""What is written beside the documents: rejections and the outcomes of a chunk."""

from dataclasses import replace
from typing import Any

from runtime.keyring import WORKER
from runtime.pseudonyms import digest
from runtime.seal import HEADER as SEAL_HEADER
from runtime.seal import unseal
from schemas import codec, registry, topics
from stream_processors import account
from stream_processors.account import Produced
from stream_processors.receive import Rejected, receive
from tests.received import IDENTITY_OF, KEYRING, LIMIT, NOW, event, source

LATER = NOW + 5


def read(produced: Produced) -> dict[str, Any]:
    topic, _, value, _ = produced
    schema_id, made = registry.latest(topic)
    framed = codec.unframe(value)
    assert framed is not None
    assert schema_id == framed[0]
    return made.decode(framed[1])


def rejected(*, size: int = 0, limit: int = LIMIT) -> tuple[Rejected, Produced]:
    record = replace(source(sequence=9, part=2, parts=3, at=(4, 77)), key=b"wrong")
    if size:
        record = replace(record, value=b"x" * size)
    found = receive(record, KEYRING, limit)
    assert isinstance(found, Rejected)
    return found, account.rejection(found, KEYRING, limit, LATER)


def test_a_rejection_names_the_part_and_where_it_was_read() -> None:
    _, produced = rejected()
    said = read(produced)
    assert (topics.REJECTED, b"01003", []) == (produced[0], produced[1], produced[3])
    assert ("01003.his", "a" * 16, 9, 2, 3) == tuple(
        said[name] for name in ("adapter_id", "incarnation", "sequence", "part", "parts")
    )
    assert ("worker", "wrong_key", "key") == (said["stage"], said["reason"], said["place"])
    assert ("received.encounter", 4, 77) == (said["topic"], said["source_partition"], said["source_offset"])
    assert ("encounter", "d0" * 16, NOW, LATER) == (
        said["kind"], said["document_id"], said["captured_at"], said["rejected_at"],
    )  # fmt: skip


def test_the_original_is_sealed_by_the_workers_and_whole() -> None:
    found, produced = rejected()
    said, came = read(produced), found.source
    assert came.value is not None
    key = KEYRING.sealing(WORKER)
    inside = unseal(key, said["original"], b"received.encounter/4/77")
    size = int.from_bytes(inside[:4])
    assert came.value == inside[4 : 4 + size]
    assert dict(came.headers)[SEAL_HEADER] == inside[4 + size :]
    assert (len(came.value), digest(key.secret, "original", came.value)) == (
        said["original_size"],
        said["original_hash"],
    )
    assert said["original_place"] is None


def test_nothing_of_the_patient_is_in_clear() -> None:
    _, produced = rejected()
    for text in (IDENTITY_OF["full_name"], IDENTITY_OF["citizen_id"]):
        assert text is not None
        assert text.encode() not in produced[2]


def test_without_a_header_kafkas_coordinates_stand_for_the_number() -> None:
    _, produced = rejected(size=10)
    said = read(produced)
    assert ("", "received.encounter/4", 77, 1, 1) == tuple(
        said[name] for name in ("adapter_id", "incarnation", "sequence", "part", "parts")
    )
    assert ("frame", "wrong", None, LATER) == (
        said["reason"], said["facility"], said["document_id"], said["captured_at"],
    )  # fmt: skip


def test_what_would_not_fit_again_stays_where_it_was_read() -> None:
    """A compressed batch may hold a record that no producer may send again: it must not stop the worker."""
    _, produced = rejected(size=5_000_000)
    said = read(produced)
    assert len(produced[2]) < 2_000
    assert (5_000_000, None, "kafka:received.encounter/4/77") == (
        said["original_size"], said["original"], said["original_place"],
    )  # fmt: skip


def test_whatever_is_rejected_fits_into_a_record() -> None:
    for size in (LIMIT - 5_000, LIMIT, LIMIT + 90_000):
        _, produced = rejected(size=size)
        assert len(produced[2]) < topics.MAX_EVENT_BYTES


def test_a_tombstone_and_a_key_of_any_bytes() -> None:
    record = replace(source(), value=None, key=b"\xff\xfe\xfd")
    found = receive(record, KEYRING, LIMIT)
    assert isinstance(found, Rejected)
    assert 0 == read(account.rejection(found, KEYRING, LIMIT, LATER))["original_size"]


def test_the_outcomes_of_a_run() -> None:
    one, two = source(at=(3, 10)), source(at=(3, 11))
    other = event(adapter_id="01003.lis", sequence=5, part=2, parts=2, captured_at=NOW + 1)
    run = [
        (one, event(), "accepted"),
        (two, None, "rejected"),
        (two, other, "duplicate"),
        (two, event(sequence=2), "amended"),
    ]
    topic, key, _, _ = produced = account.outcomes("worker-7", run, LATER)
    said = read(produced)
    assert ("outcomes", b"worker-7", "worker-7") == (topic, key, said["worker"])
    assert ("received.encounter", 3, 10, 11, LATER) == (
        said["topic"], said["source_partition"], said["first_offset"], said["last_offset"], said["processed_at"],
    )  # fmt: skip
    assert [("01003.his", "01003"), ("01003.lis", "01003")] == [(f["adapter_id"], f["facility"]) for f in said["feeds"]]
    assert [(0, 1, 1, 1, NOW, "accepted"), (1, 5, 2, 2, NOW + 1, "duplicate"), (0, 2, 1, 1, NOW, "amended")] == [
        (n["feed"], n["sequence"], n["part"], n["parts"], n["captured_at"], n["outcome"]) for n in said["numbers"]
    ]
