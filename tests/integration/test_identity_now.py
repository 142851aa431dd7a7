"""History reads differently after a link, a merge, and what takes them back; not a row of it is written again."""

from typing import Any

import pytest

from sinks.clickhouse import subject
from sinks.clickhouse.client import ClickHouse
from tests.rows import ledger_row
from tests.store import Value, doc, one, put

pytestmark = pytest.mark.slow


def said(patient: str, action: str, at: int, **fields: Any) -> Value:
    base = {"patient_key": patient, "action": action, "version": at, "citizen_key": None}
    return "identity.links", ledger_row("identity.links", **(base | fields))[1]


def merge(patient: str, into: str, at: int, action: str = "merge", **fields: Any) -> Value:
    return said(patient, action, at, into_key=into, **fields)


def persons(store: ClickHouse) -> dict[str, tuple[str | None, str]]:
    """Document -> citizen and person as `patient_timeline` shows them."""
    rows = store.rows("SELECT document_id, citizen_key, person_key FROM patient_timeline")
    return {row["document_id"]: (row["citizen_key"], row["person_key"]) for row in rows}


def written(store: ClickHouse) -> list[dict[str, Any]]:
    sql = "SELECT document_id, patient_key, citizen_key, stored_at FROM encounter_history ORDER BY document_id"
    return store.rows(sql) + store.rows("SELECT * FROM person_documents ORDER BY document_id")


def told(store: ClickHouse, *patients: tuple[str, str | None]) -> None:
    """A document of each patient, named as the patient, with the citizen that the worker found."""
    put(store, [
        doc("encounter", sequence=n, document_id=patient, visit_key=patient, patient_key=patient, citizen_key=citizen)
        for n, (patient, citizen) in enumerate(patients, 1)
    ])  # fmt: skip


def test_a_link_and_its_withdrawal(store: ClickHouse) -> None:
    told(store, ("p1", None), ("p2", "c2"))
    before, rows = persons(store), written(store)
    assert {"p1": (None, "p1"), "p2": ("c2", "c2")} == before
    put(store, [said("p1", "link", 1, citizen_key="c1"), said("p2", "unlink", 1)])
    assert {"p1": ("c1", "c1"), "p2": (None, "p2")} == persons(store)
    assert [{"document_id": "p1"}] == store.rows("SELECT document_id FROM timeline_of(citizen = 'c1')")
    put(store, [said("p1", "withdraw", 2), said("p2", "withdraw", 2)])
    assert before == persons(store)
    assert rows == written(store)


def test_a_person_goes_before_the_service_whenever_it_answers(store: ClickHouse) -> None:
    told(store, ("p1", None))
    put(store, [said("p1", "unlink", 1), said("p1", "link", 2, citizen_key="c1", decided_by=None)])
    assert {"p1": (None, "p1")} == persons(store)
    put(store, [said("p1", "withdraw", 3)])
    assert {"p1": ("c1", "c1")} == persons(store)


def test_a_merge_and_an_unmerge(store: ClickHouse) -> None:
    told(store, ("old", None), ("new", "c1"), ("other", None))
    before, rows = persons(store), written(store)
    put(store, [merge("old", "new", 1)])
    assert before | {"old": ("c1", "c1")} == persons(store)
    asked = "SELECT document_id FROM timeline_of(citizen = 'c1') ORDER BY document_id"
    assert ["new", "old"] == [row["document_id"] for row in store.rows(asked)]
    put(store, [merge("old", "new", 2, "unmerge")])
    assert before == persons(store)
    assert ["new"] == [row["document_id"] for row in store.rows(asked)]
    assert rows == written(store)
    put(store, [merge("old", "new", 1)])  # the same again, late
    assert before == persons(store)


def test_an_unmerge_brings_back_what_was_said_before(store: ClickHouse) -> None:
    told(store, ("old", "c1"), ("new", "c2"))
    put(store, [said("old", "link", 1, citizen_key="c9"), merge("old", "new", 2)])
    assert {"old": ("c2", "c2"), "new": ("c2", "c2")} == persons(store)
    put(store, [merge("old", "new", 3, "unmerge")])
    assert {"old": ("c9", "c9"), "new": ("c2", "c2")} == persons(store)


def test_a_chain_of_merges_ends_at_who_stays(store: ClickHouse) -> None:
    told(store, ("a", "ca"), ("b", None), ("c", None))
    put(store, [merge("a", "b", 1), merge("b", "c", 2)])
    assert {"a", "b", "c"} == set(persons(store))
    assert {("ca", "ca")} == set(persons(store).values())  # of them only `a` was known
    put(store, [said("c", "link", 3, citizen_key="cc")])  # what is said of who stays goes before
    assert {("cc", "cc")} == set(persons(store).values())
    put(store, [said("c", "unlink", 4)])
    assert {(None, "c")} == set(persons(store).values())


@pytest.mark.parametrize(
    ("merges", "stays"),
    [
        ([("a", "b", 1), ("b", "a", 2)], "a"),  # the later word holds
        ([("a", "b", 2), ("b", "a", 1)], "b"),
        ([("a", "b", 1), ("b", "c", 2), ("c", "a", 3)], "a"),  # a circle: the key that sorts first
    ],
)
def test_merges_that_contradict_each_other_give_one_person(
    store: ClickHouse, merges: list[tuple[str, str, int]], stays: str
) -> None:
    told(store, ("a", None), ("b", None), ("c", None))
    put(store, [merge(*each) for each in merges])
    merged = {name for each in merges for name in each[:2]}
    assert {(None, stays)} == {value for name, value in persons(store).items() if name in merged}


def test_an_adapters_link_is_in_the_ledger_and_a_repeat_is_not_counted(store: ClickHouse) -> None:
    number: dict[str, Any] = {"adapter_id": "01001.his", "incarnation": "a" * 16, "sequence": 1, "parts": 2}
    values = [merge("p1", "p2", 1, part=1, **number), merge("p3", "p4", 1, part=2, **number)]
    put(store, values)
    put(store, values[:1])
    put(store, [merge("p5", "p6", 1), said("p7", "link", 1, citizen_key="c")])  # a person's word: nobody's number
    row = one(store, "SELECT accepted, stored, missing, balanced FROM ledger_balance")
    assert (2, 2, 0, True) == tuple(row.values())
    put(store, [merge("p1", "p2", 2, "unmerge")])  # what holds has changed; the ledger has not
    assert 2 == one(store, "SELECT accepted FROM ledger_balance")["accepted"]


def test_a_part_that_never_came_is_missing(store: ClickHouse) -> None:
    put(store, [merge("p1", "p2", 1, adapter_id="01001.his", incarnation="a", sequence=1, part=1, parts=2)])
    row = one(store, "SELECT accepted, missing_parts, balanced FROM ledger_balance")
    assert (1, 1, False) == tuple(row.values())


def test_a_person_is_found_through_merges_and_erasure_keeps_the_balance(store: ClickHouse) -> None:
    told(store, ("old", None), ("new", "c1"))
    number: dict[str, Any] = {"adapter_id": "01001.his", "incarnation": "a" * 16, "sequence": 3, "part": 1, "parts": 1}
    put(store, [merge("old", "new", 1, **number)])
    person = subject.find(store, citizen="c1")
    assert {"old", "new"} == set(person.patients)
    subject.erase(store, person, "request-1")
    assert [] == store.rows("SELECT * FROM identity_now")
    assert [] == store.rows("SELECT * FROM identity_links")
    row = one(store, "SELECT accepted, stored, balanced FROM ledger_balance")
    assert (3, 3, True) == tuple(row.values())
