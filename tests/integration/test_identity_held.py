"""A hospital's merge of two verified citizens joins nobody until a person has decided."""

from pathlib import Path
from typing import Any

import pytest

from infra.identity import queue
from schemas import codec, registry, topics
from sinks.clickhouse.client import ClickHouse
from tests.golden.test_rows import taken
from tests.rows import ledger_row
from tests.store import Value, doc, put

pytestmark = pytest.mark.slow


def said(patient: str, action: str, at: int, **fields: Any) -> Value:
    base = {"patient_key": patient, "action": action, "version": at, "citizen_key": None}
    return "identity.links", ledger_row("identity.links", **(base | fields))[1]


def merged(patient: str, into: str, at: int, action: str = "merge", **fields: Any) -> Value:
    """Told by a hospital, unless `decided_by` says by whom."""
    return said(patient, action, at, into_key=into, **({"decided_by": None, "rule": "hl7.A40"} | fields))


def told(store: ClickHouse, **verified: str | None) -> None:
    """A verified document of each patient, or one of nobody."""
    put(store, [
        doc("encounter", sequence=n, document_id=patient, visit_key=patient, patient_key=patient, citizen_key=citizen,
            identity_tier="verified" if citizen else "unmatched")
        for n, (patient, citizen) in enumerate(verified.items(), 1)
    ])  # fmt: skip


def persons(store: ClickHouse) -> dict[str, str]:
    rows = store.rows("SELECT document_id, person_key FROM patient_timeline")
    return {row["document_id"]: row["person_key"] for row in rows}


def waiting(store: ClickHouse) -> set[tuple[str, str, str]]:
    return {(row["patient_key"], row["into_key"], row["tier"]) for row in queue.waiting(store)}


def test_an_a40_of_two_verified_citizens_waits_for_a_person(store: ClickHouse, tmp_path: Path) -> None:
    outbox = taken("hl7v2/merged_and_parted", tmp_path)
    value = next(value for topic, _, value, _ in outbox.waiting() if topic == topics.LINKS)
    framed = codec.unframe(value)
    assert framed is not None
    made = registry.codec(framed[0])
    assert made is not None
    link = made.decode(framed[1])
    outbox.close()
    old, new = link["patient_key"], link["into_key"]
    told(store, **{old: "c1", new: "c2"})
    before = persons(store)
    put(store, [("identity.links", value)])
    assert {old: "c1", new: "c2"} == before == persons(store)
    assert {(old, new, "conflict")} == waiting(store)
    (count,) = queue.counts(store)
    assert ("hl7.A40", "conflict", 1) == (count["rule"], count["tier"], count["patients"])
    put(store, [merged(old, new, link["version"] + 1, decided_by="a person")])
    assert {old: "c2", new: "c2"} == persons(store)
    assert set() == waiting(store)


def test_what_a_person_confirmed_the_hospital_may_repeat(store: ClickHouse) -> None:
    told(store, a="c1", b="c2")
    put(store, [merged("a", "b", 1), merged("a", "b", 2, decided_by="a person"), merged("a", "b", 3)])
    assert {"a": "c2", "b": "c2"} == persons(store)
    put(store, [merged("a", "b", 4, "unmerge", decided_by="a person"), merged("a", "b", 5)])
    assert {"a": "c1", "b": "c2"} == persons(store)
    assert {("a", "b", "conflict")} == waiting(store)
    put(store, [merged("a", "b", 6, "unmerge")])
    assert set() == waiting(store)


@pytest.mark.parametrize("other", [None, "c1"])
def test_a_merge_that_contradicts_nothing_waits_for_nobody(store: ClickHouse, other: str | None) -> None:
    told(store, a="c1", b=other)
    put(store, [merged("a", "b", 1)])
    assert {"a": "c1", "b": "c1"} == persons(store)
    assert set() == waiting(store)


def test_two_citizens_at_the_ends_of_a_chain_are_seen(store: ClickHouse) -> None:
    told(store, a="c1", b=None, c="c2", d="c3", e="c3")
    put(store, [merged("a", "b", 1), merged("b", "c", 2), merged("d", "e", 3)])
    assert {"a": "c1", "b": "b", "c": "c2", "d": "c3", "e": "c3"} == persons(store)
    assert {("a", "b", "conflict"), ("b", "c", "conflict")} == waiting(store)


def test_a_person_who_decides_the_citizen_lets_the_merge_through(store: ClickHouse) -> None:
    told(store, a="c1", b="c2")
    put(store, [merged("a", "b", 1), said("a", "link", 2, citizen_key="c2")])
    assert {"a": "c2", "b": "c2"} == persons(store)
    assert set() == waiting(store)


def test_the_services_word_counts_as_verified(store: ClickHouse) -> None:
    told(store, a=None, b="c2")
    put(store, [merged("a", "b", 1), said("a", "link", 2, citizen_key="c1", decided_by=None)])
    assert {"a": "c1", "b": "c2"} == persons(store)
    assert {("a", "b", "conflict")} == waiting(store)
