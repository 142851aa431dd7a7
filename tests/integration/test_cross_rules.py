"""Rules that need several documents, asked of the store: what they find, what they take back, and what they leave alone."""

# ruff: noqa: S608 (the names put into SQL are this file's own)

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from schemas.rules import RULES, Rule
from sinks.clickhouse.client import ClickHouse
from sinks.clickhouse.cross.run import Run, Runner, of_store
from tests.documents import BODIES, ENDED, SERVICE, Fields
from tests.received import DAY
from tests.store import Value, doc, put, rejected, version
from tests.unit.stream_processors.test_visit_rules import CASES

pytestmark = pytest.mark.slow

KINDS = ("encounter", "prescription", "service", "appointment", "discharge")
NUMBER: dict[str, Any] = {"source_format": "insurance_xml", "source_system": "HIS-XML"}


def told(visit: str = "v1", sequence: int = 1, kinds: tuple[str, ...] = KINDS, **changed: Fields) -> list[Value]:
    """One message of a whole visit; `changed` says what differs, by kind, or that there is such a document."""
    named = [*kinds, *(kind for kind in changed if kind not in kinds)]
    return [
        doc(kind, **NUMBER | BODIES[kind] | {
            "visit_key": visit, "document_id": f"{kind}-{visit}", "sequence": sequence, "part": part,
            "parts": len(named), "version": version(sequence), "occurred_at": ENDED, "document_date": ENDED // DAY,
            "outcome": "accepted" if sequence == 1 else "amended", "captured_at": ENDED, "patient_key": visit,
        } | changed.get(kind, {}))
        for part, kind in enumerate(named, 1)
    ]  # fmt: skip


def run(store: ClickHouse, groups: dict[str, str] | None = None, *own: Rule) -> Run:
    return Runner(store, of_store((RULES | {rule.id: rule for rule in own}).values()), groups or {})(0)


def found(store: ClickHouse, which: str = "mode != 'shadow'") -> dict[str, dict[str, str]]:
    """Visit -> rule -> kind and place of what stands."""
    made: dict[str, dict[str, str]] = {}
    for row in store.rows(f"SELECT visit_key, rule, kind, place FROM visit_issues FINAL WHERE found AND {which}"):
        made.setdefault(row["visit_key"], {})[row["rule"]] = f"{row['kind']}.{row['place']}"
    return made


def test_the_store_says_what_adapter_check_says(store: ClickHouse) -> None:
    """Every case of a visit's rules, each in a visit of its own, and visits that must pass."""
    put(store, told("whole"))
    put(store, told("dead", kinds=KINDS[:-1], encounter={"discharge_type": "3"}))
    put(store, told("out", kinds=KINDS[:-1], encounter={"visit_type": "01"}))
    put(store, told("referred", encounter={"discharge_type": "2"}, referral={"discharge_type": "2"}))
    put(store, told("no paper", kinds=KINDS[:-1]))
    put(store, told("no lines", kinds=("encounter", "discharge"), encounter={"total_supplies": 5}))
    put(
        store,
        told("unpriced", encounter={"total_hospital": 1}, service={"lines": [SERVICE | {"amount_hospital": None}]}),
    )
    put(store, told("arrived", encounter={"visit_state": "arrived", "total_hospital": 1}))
    expected = {"no paper": {"X20b": "encounter.discharge"}}
    for at, (rule, place, changed) in enumerate(CASES):
        put(store, told(f"case {at}", 1, KINDS, **changed))
        expected[f"case {at}"] = {rule: "encounter.referral" if rule == "X20" else place}
    did = run(store)
    assert expected == found(store)
    assert len(expected) == sum(n for rule, n in did.issues.items() if rule != "X22d" and rule != "X22c")


def test_nothing_is_said_where_a_side_is_not_known(store: ClickHouse) -> None:
    wrong: Fields = {"total_hospital": 1, "discharge_type": "2"}
    number = {
        "facility": "01001",
        "adapter_id": "01001.his",
        "incarnation": "a" * 16,
        "reason": "rule",
        "stage": "worker",
    }
    put(store, told("partial", encounter=wrong | {"partial": True}))
    put(store, told("flying", 2, encounter=wrong)[:-1])
    put(store, told("refused", 3, encounter=wrong)[:2] + told("refused", 3, encounter=wrong)[3:])
    put(store, [rejected(sequence=3, part=3, parts=5, kind="service", **number)])
    put(store, told("unknown", 4, encounter=wrong)[:-1])
    put(store, [rejected(sequence=4, part=5, parts=5, kind=None, **number)])
    run(store)
    assert {"refused": {"X20": "encounter.referral"}} == found(store)
    # What was refused comes later, the encounter unchanged: now both sides are known.
    put(store, [doc("service", **NUMBER | BODIES["service"] | {"visit_key": "refused", "document_id": "later", "sequence": 9,
        "version": version(9), "document_date": ENDED // DAY})])  # fmt: skip
    run(store)
    assert {"X13b", "X20"} == set(found(store)["refused"])


def test_what_is_mended_is_taken_back(store: ClickHouse) -> None:
    put(store, told("a", encounter={"total_hospital": 1}))
    put(store, told("b", 2, encounter={"total_hospital": 1}))
    assert {"a", "b"} == set(found_after(store))
    put(store, told("a", 3))
    put(store, told("b", 4, encounter={"status": "cancelled"}))
    did = run(store)
    assert ({}, 2) == (found(store), did.taken_back)
    assert 0 == run(store).taken_back


def test_scorecards_and_lists_show_it(store: ClickHouse) -> None:
    put(store, told("a", encounter={"total_hospital": 1, "quality": ["X01b"]}))
    put(store, told("b", 2))
    asked = "SELECT correct_rules FROM facility_scorecard WHERE kind = 'encounter'"
    put(store, [doc("encounter", document_id="c", visit_key="c", sequence=3, document_date=ENDED // DAY, **NUMBER)])
    assert [round(2 / 3, 4)] == [row["correct_rules"] for row in store.rows(asked)]
    put(store, told("b", 4, encounter={"total_hospital": 1}))
    run(store)
    assert [round(1 / 3, 4)] == [row["correct_rules"] for row in store.rows(asked)]
    issues = "SELECT rule, warned, en FROM rule_issues WHERE kind = 'encounter' ORDER BY warned DESC"
    assert [("X13b", 2), ("X01b", 1)] == [(row["rule"], row["warned"]) for row in store.rows(issues)]
    each = store.rows("SELECT visit_key, rule, place, dimension FROM document_issues ORDER BY visit_key, rule")
    expected = [("a", "X01b", ""), ("a", "X13b", "total_hospital"), ("b", "X13b", "total_hospital")]
    assert expected == [(row["visit_key"], row["rule"], row["place"]) for row in each]
    assert {"correct"} == {row["dimension"] for row in each}


def found_after(store: ClickHouse) -> dict[str, dict[str, str]]:
    run(store)
    return found(store)


def test_a_rule_that_was_changed_is_asked_anew(store: ClickHouse) -> None:
    put(store, told("a", encounter={"total_hospital": 1}))
    run(store)
    kept = RULES["X13b"]
    narrower = replace(kept, since=date(2030, 1, 1))
    assert (1, {}) == (run(store, None, narrower).taken_back, found(store))
    run(store, {"01001": "pilot"}, replace(kept, groups={"pilot": "block"}))
    assert {"a": {"X13b": "encounter.total_hospital"}} == found(store, "mode = 'block'")
    run(store, {"01001": "pilot"}, replace(kept, groups={"pilot": "shadow"}))
    assert {} == found(store)


def stay(visit: str, first: int, last: int, sequence: int, **fields: Any) -> Value:
    """An inpatient stay from day to day."""
    return doc("encounter", **NUMBER | {
        "visit_key": visit, "document_id": visit, "sequence": sequence, "version": version(sequence), "visit_state": "finished",
        "visit_type": "03", "admitted_at": ENDED + first * DAY, "discharged_at": ENDED + last * DAY, "identity_tier": "verified",
        "citizen_key": "c1", "patient_key": visit, "occurred_at": ENDED + first * DAY, "document_date": ENDED // DAY + first,
    } | fields)  # fmt: skip


def overlapping(store: ClickHouse, rule: str = "X22c") -> set[str]:
    run(store)
    return {visit for visit, rules in found(store, f"rule = '{rule}'").items()}


def test_two_stays_of_one_person_overlap(store: ClickHouse) -> None:
    put(store, [
        stay("first", 0, 5, 1),
        stay("second", 4, 6, 2, facility="01003"),
        stay("after", 6, 8, 3),
        stay("clinic", 1, 1, 4, visit_type="01", discharged_at=ENDED + DAY + 1),
        stay("other", 1, 3, 5, citizen_key="c2"),
        stay("unsure", 1, 3, 6, identity_tier="probable"),
        stay("same patient", 2, 4, 7, identity_tier="unmatched", citizen_key=None, patient_key="unsure"),
        stay("twin", 2, 4, 8, identity_tier="unmatched", citizen_key=None),
    ])  # fmt: skip
    assert {"second", "same patient"} == overlapping(store)
    assert "clinic" in overlapping(store, "X22d")
    # Stored later, begun earlier: the visit that stood alone is now at fault, though nothing was said of it.
    put(store, [stay("earlier", 5, 7, 9)])
    assert {"second", "same patient", "after", "earlier"} == overlapping(store)
    put(store, [stay("first", 0, 3, 10), stay("earlier", 5, 6, 11, status="cancelled")])
    assert {"same patient"} == overlapping(store)
