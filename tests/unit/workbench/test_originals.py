"""Originals opened: by the key that sealed them, bound to what they belong to, wherever they are kept."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.workbench.originals import Message, Unopened, decoded, opened, received_of
from producers.archive import LARGEST_ON_KAFKA, Archive
from producers.event import Keys, Number
from schemas import codec, registry
from stream_processors.claims import Claim
from stream_processors.enrich import accepted
from stream_processors.identify import Identity
from stream_processors.receive import Opened, Source, receive
from tests.received import FACILITY, LIMIT, OTHER_FACILITY, event, source
from tests.unit.workbench.rows import FEED, KEYRING, by_adapter, by_worker


def test_what_a_source_sent_opens_as_it_came() -> None:
    row, sealed = by_adapter(b"MSH|\xff")
    assert Message(b"MSH|\xff") == opened(row, sealed, KEYRING)


def test_a_hospital_opens_its_own_only() -> None:
    row, sealed = by_adapter(b"MSH")
    assert Message(b"MSH") == opened(row, sealed, KEYRING.only([FACILITY]))
    assert Unopened("no_key") == opened(row, sealed, KEYRING.only([OTHER_FACILITY]))
    worker_row, worker_sealed = by_worker(source(), event=event())
    assert Unopened("no_key") == opened(worker_row, worker_sealed, KEYRING.only([FACILITY]))


def test_what_a_worker_was_given_opens_as_the_record_it_read() -> None:
    record = source(sequence=9, at=(4, 77))
    row, sealed = by_worker(replace(record, key=b"wrong"), "wrong_key", event(sequence=9))
    found = opened(row, sealed, KEYRING)
    assert record == found, "its Kafka key is made anew"
    assert isinstance(found, Source)
    assert isinstance(receive(found, KEYRING, LIMIT), Opened)


@pytest.mark.parametrize("name", ["sequence", "part", "source_offset"])
def test_a_seal_belongs_to_its_part(name: str) -> None:
    """One that was moved to another row does not open."""
    for row, sealed in (by_adapter(b"MSH"), by_worker(source(), event=event())):
        moved: dict[str, Any] = row | {name: (row[name] or 0) + 1}
        if (row["stage"] == "worker") == (name == "source_offset"):
            assert Unopened("seal_broken") == opened(moved, sealed, KEYRING)


@given(st.binary(max_size=80))
def test_total_on_any_bytes(sealed: bytes) -> None:
    row, _ = by_adapter(b"MSH")
    assert isinstance(opened(row, sealed, KEYRING), Unopened)


def test_a_large_one_lies_in_the_adapters_archive(tmp_path: Path) -> None:
    raw = b"x" * (LARGEST_ON_KAFKA + 1)
    number = Number(FEED.adapter_id, "a" * 16, 7, 1, 1)
    place = Archive(tmp_path).keep(Keys.of(KEYRING, FACILITY).seal, number, raw)
    row, sealed = by_adapter(raw, place=place)
    assert sealed is None
    assert Message(raw) == opened(row, sealed, KEYRING, tmp_path)
    assert Unopened("in_archive") == opened(row, sealed, KEYRING)
    assert Unopened("gone") == opened(row, sealed, KEYRING, tmp_path / "elsewhere")


def test_a_place_leads_nowhere_but_into_the_archive(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "archive").mkdir()
    row, sealed = by_adapter(b"", place="archive/../secret")
    assert Unopened("gone") == opened(row, sealed, KEYRING, tmp_path / "archive")


def test_one_too_large_for_a_record_is_on_kafka_only() -> None:
    row, sealed = by_worker(source(), event=event(), limit=100)
    assert (None, Unopened("on_kafka")) == (sealed, opened(row, sealed, KEYRING))
    assert Unopened("not_kept") == opened(row | {"original_place": None}, None, KEYRING)
    assert Unopened("on_kafka") == opened(row | {"original_place": None, "stage": "sink"}, None, KEYRING)


def test_what_the_store_refused_is_in_what_the_worker_wrote() -> None:
    record = source(sequence=5, narrative={"note": "x"})
    read = receive(record, KEYRING, LIMIT)
    assert isinstance(read, Opened)
    made = accepted(read, Claim("accepted", False, 20_000), Identity("unmatched", "none.1", 0, None), (), (), 1)
    topic, key, value, headers = made
    again = received_of(Source(topic, 3, 11, key, value, headers))
    assert again is not None
    assert (record.topic, record.key, record.value, record.headers) == (
        again.topic, again.key, again.value, tuple(again.headers),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "headers"),
    [(None, ()), (b"", ()), (b"\0\0\0\0\1x", ()), (source().value, source().headers), (source().value, ())],
)
def test_what_no_worker_wrote_is_no_document(value: bytes | None, headers: Any) -> None:
    assert received_of(Source("accepted.encounter", 0, 0, None, value, headers)) is None


def test_only_a_received_document_is_decoded() -> None:
    found = decoded(source().value or b"")
    assert found is not None
    assert FACILITY == found["facility"]
    assert decoded(codec.frame(9999, b"x")) is None
    assert decoded(codec.frame(registry.ids()["rejected.1"], b"x")) is None
    assert decoded((source().value or b"")[:-1]) is None
