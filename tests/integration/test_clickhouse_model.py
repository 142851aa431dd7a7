# ruff: noqa: S608 (the names put into SQL are this file's own)
"""The tables and views on a real ClickHouse engine: what holds after repeats, amendments, cancellations and losses."""

import itertools
import random
import time
from typing import Any

import pytest

from runtime.settings import SinkSettings
from schemas.numbers import history_adapter
from sinks.clickhouse import migrate, reconcile, sift
from sinks.clickhouse.batch import Batch
from sinks.clickhouse.client import Away, ClickHouse, Refused
from sinks.clickhouse.views import DOCUMENTS
from tests.rows import NOW, TODAY, ledger_row
from tests.store import Message, Value, doc, heartbeat, one, outcomes, put, register, rejected, version

pytestmark = pytest.mark.slow

VIEWS = (
    *DOCUMENTS.values(),
    *("prescription_lines", "service_lines", "observation_results", "diagnoses", "visits", "visit_counts"),
    *("patient_timeline", "rejections", "ledger", "ledger_balance"),
)


def seen(store: ClickHouse) -> dict[str, list[str]]:
    """Every view's rows, without the times of storing."""
    names = store.rows("SELECT table, name FROM system.columns WHERE database = currentDatabase()")
    timed = {row["table"] for row in names if row["name"] == "stored_at"}
    shown: dict[str, list[str]] = {}
    for view in VIEWS:
        columns = "* EXCEPT (stored_at)" if view in timed else "*"
        shown[view] = sorted(map(str, store.rows(f"SELECT {columns} FROM {view}")))
    return shown


def a_day() -> list[Value]:
    """Some of everything: each kind twice, amendments, a late version, a cancellation, rejections, duplicates."""
    values: list[Value] = []
    number = itertools.count(1)
    for at, kind in enumerate((*DOCUMENTS, *DOCUMENTS)):
        fields = {"document_id": f"{at:032x}", "visit_key": f"{at:032x}", "document_date": TODAY - at * 20}
        first = next(number)
        values.append(doc(kind, sequence=first, version=version(0), **fields))
        values.append(outcomes({"sequence": first}, kind=kind))
        if at % 3 == 0:
            second = next(number)
            changed = {"outcome": "amended", "status": "cancelled" if at in (3, 9) else "active", "birth_year": 1980}
            values.append(doc(kind, sequence=second, version=version(1), **fields, **changed))
            values.append(outcomes({"sequence": second, "outcome": "amended"}, kind=kind))
        if at % 4 == 0:
            late = next(number)
            values.append(doc(kind, sequence=late, version=version(0), superseded=True, outcome="amended", **fields))
    values.append(doc("prescription", sequence=next(number), document_id="f1", lines=[{"line": 1}, {"line": 2}]))
    values.append(doc("service", sequence=next(number), document_id="f2", lines=[{"line": 1, "quantity": 1_500}]))
    values.append(doc("observation", sequence=next(number), document_id="f3", results=[{"line": 1, "unit": "g/L"}]))
    values.append(
        doc("encounter", sequence=next(number), document_id="f4", diagnoses=[{"system": "ICD-10", "role": "main"}])
    )
    values.append(rejected(sequence=next(number), rules=["R1", "R2"]))
    values.append(outcomes({"sequence": next(number), "outcome": "duplicate"}))
    values.append(heartbeat(taken=60, acknowledged=50, silent=[{"first": 50, "last": 50, "reason": "ack"}]))
    return values


def test_every_batch_twice_with_other_borders_changes_nothing(store: ClickHouse) -> None:
    register(store, "HIS")
    day = a_day()
    put(store, day)
    before = seen(store)
    assert set() == {view for view, rows in before.items() if not rows}
    dice = random.Random(7)
    for _ in range(3):
        start = 0
        while start < len(day):
            end = start + dice.randint(1, 25)
            put(store, day[start:end], first=start)
            start = end
    assert before == seen(store)
    for table in ("encounter_history", "encounter_current", "ledger_numbers", "person_documents"):
        store.command(f"OPTIMIZE TABLE {table} FINAL")
    assert before == seen(store)


def test_order_of_arrival_changes_nothing(store: ClickHouse) -> None:
    day = a_day()
    random.Random(3).shuffle(day)
    for at, value in enumerate(day):
        put(store, [value], first=at)
    shuffled = seen(store)
    put(store, a_day())
    assert shuffled == seen(store)


def test_an_amendment_replaces_and_keeps_its_history(store: ClickHouse) -> None:
    put(store, [doc("encounter", sequence=1, version=version(0), main_diagnosis="J18")])
    put(store, [doc("encounter", sequence=2, version=version(1), main_diagnosis="J20", outcome="amended")])
    assert ["J20"] == [row["main_diagnosis"] for row in store.rows("SELECT * FROM encounters")]
    assert {"n": 2} == one(store, "SELECT count() AS n FROM encounter_history FINAL")


@pytest.mark.parametrize("step", [-1, 0])
@pytest.mark.parametrize("late_first", [False, True])
def test_superseded_never_becomes_current(store: ClickHouse, step: int, late_first: bool) -> None:
    arrivals = [
        doc("encounter", sequence=1, version=version(0), main_diagnosis="J18"),
        doc("encounter", sequence=2, version=version(step), main_diagnosis="A00", superseded=True, outcome="amended"),
    ]
    for at, arrival in enumerate(reversed(arrivals) if late_first else arrivals):
        put(store, [arrival], first=at)
    assert ["J18"] == [row["main_diagnosis"] for row in store.rows("SELECT * FROM encounters")]
    assert {"n": 2} == one(store, "SELECT count() AS n FROM encounter_history FINAL")


def test_a_cancelled_document_leaves_view_and_count(store: ClickHouse) -> None:
    put(store, [doc("encounter", sequence=1, version=version(0))])
    assert 1 == one(store, "SELECT visits FROM visit_counts")["visits"]
    put(store, [doc("encounter", sequence=2, version=version(1), status="cancelled", outcome="amended")])
    for view in ("encounters", "visits", "visit_counts"):
        assert [] == store.rows(f"SELECT * FROM {view}")


def test_a_visit_of_two_sources_counts_once_by_the_source_of_record(store: ClickHouse) -> None:
    register(store, "HIS", "PORTAL")
    his = {"document_id": "h", "source_system": "HIS", "main_diagnosis": "J18", "version": version(0)}
    portal = {"document_id": "q", "source_system": "PORTAL", "main_diagnosis": "A00", "version": version(9)}
    put(store, [doc("encounter", sequence=1, **portal)])
    assert ["A00"] == [row["main_diagnosis"] for row in store.rows("SELECT * FROM visits")]
    put(store, [doc("encounter", sequence=2, **his)])
    visit = one(store, "SELECT * FROM visits")
    assert ("J18", "HIS", ["HIS", "PORTAL"], True) == tuple(
        visit[name] for name in ("main_diagnosis", "source_system", "sources", "linked")
    )
    put(store, [doc("encounter", sequence=3, **(his | {"version": version(1), "status": "cancelled"}))])
    assert [] == store.rows("SELECT * FROM visits")


def test_a_visit_is_one_documents_word_not_a_mixture(store: ClickHouse) -> None:
    register(store, "HIS", "PORTAL")
    his = {"document_id": "h", "source_system": "HIS", "main_diagnosis": None, "commune": "00001", "insured": None}
    portal = {"document_id": "q", "source_system": "PORTAL", "main_diagnosis": "A00", "commune": None, "insured": True}
    put(store, [doc("encounter", sequence=1, **his), doc("encounter", sequence=2, **portal)])
    visit = one(store, "SELECT * FROM visits")
    assert (None, "00001", None) == tuple(visit[name] for name in ("main_diagnosis", "commune", "insured"))


def test_where_the_source_of_record_is_silent_one_active_document_is_enough(store: ClickHouse) -> None:
    register(store, "HIS", "PORTAL", "LIS")
    portal = doc("encounter", sequence=1, document_id="q", source_system="PORTAL", status="cancelled")
    put(store, [portal, doc("encounter", sequence=2, document_id="l", source_system="LIS")])
    assert "LIS" == one(store, "SELECT * FROM visits")["source_system"]


def test_documents_without_a_visit_number_count_one_by_one(store: ClickHouse) -> None:
    values = [doc("encounter", sequence=at, document_id=str(at), visit_key=None) for at in (1, 2, 3)]
    put(store, [*values, doc("encounter", sequence=4, document_id="4")])
    counted = one(store, "SELECT * FROM visit_counts")
    assert (4, 3, 0.75) == (counted["visits"], counted["unlinked"], counted["unlinked_share"])
    assert 3 == len(store.rows("SELECT * FROM visits WHERE NOT linked AND visit_key IS NULL"))


def test_a_struck_off_source_leaves_the_register(store: ClickHouse) -> None:
    register(store, "HIS", "PORTAL")
    register(store, "HIS")
    assert ["HIS"] == [row["source_system"] for row in store.rows("SELECT * FROM facility_register")]


def test_a_document_moved_to_another_patient_leaves_the_first_ones_timeline(store: ClickHouse) -> None:
    put(store, [doc("encounter", sequence=1, version=version(0), patient_key="first")])
    put(store, [doc("encounter", sequence=2, version=version(1), patient_key="second", outcome="amended")])
    assert ["second"] == [row["patient_key"] for row in store.rows("SELECT * FROM patient_timeline")]
    assert [] == store.rows("SELECT * FROM patient_timeline WHERE patient_key = 'first'")


def test_a_late_link_and_an_unlink_show_in_the_timeline(store: ClickHouse) -> None:
    put(store, [doc("service", sequence=1, citizen_key="worker")])
    asked = "SELECT citizen_key FROM patient_timeline"
    assert "worker" == one(store, asked)["citizen_key"]
    put(store, [("identity.links", ledger_row("identity.links", citizen_key="late", version=1)[1])])
    assert "late" == one(store, asked)["citizen_key"]
    put(store, [("identity.links", ledger_row("identity.links", action="unlink", citizen_key=None, version=2)[1])])
    assert None is one(store, asked)["citizen_key"]


def test_lines_are_rows(store: ClickHouse) -> None:
    lines = [{"line": 1, "drug_code": "40.48", "quantity": 2_500}, {"line": 2, "drug_code": "40.50"}]
    put(store, [doc("prescription", lines=lines)])
    rows = store.rows("SELECT line, drug_code, toString(quantity) AS quantity FROM prescription_lines ORDER BY line")
    assert [(1, "40.48", "2.5"), (2, "40.50", None)] == [(r["line"], r["drug_code"], r["quantity"]) for r in rows]
    found = [{"line": 1, "test_code": "GLU", "value_text": "5,5", "value_number": 5.5}]
    put(store, [doc("observation", sequence=2, document_id="o", results=found)], first=1)
    assert 5.5 == one(store, "SELECT value_number FROM observation_results WHERE test_code = 'GLU'")["value_number"]


@pytest.mark.parametrize("flip", [False, True])
def test_history_wins_over_rejection_wins_over_duplicate(store: ClickHouse, flip: bool) -> None:
    told = [
        doc("encounter", sequence=1),
        rejected(sequence=1, kind="encounter"),
        outcomes({"sequence": 1, "outcome": "duplicate"}, {"sequence": 2, "outcome": "duplicate"}),
        rejected(sequence=2),
        outcomes({"sequence": 3, "outcome": "duplicate"}, {"sequence": 4, "outcome": "accepted"}),
    ]
    for at, value in enumerate(reversed(told) if flip else told):
        put(store, [value], first=at)
    found = store.rows("SELECT sequence, outcome FROM ledger ORDER BY sequence")
    assert ["accepted", "rejected", "duplicate", "missing"] == [row["outcome"] for row in found]


def balance(store: ClickHouse, settle_seconds: int = 60) -> dict[str, Any]:
    (row,) = reconcile.balance(store, settle_seconds=settle_seconds)
    return row


def test_a_balanced_feed(store: ClickHouse) -> None:
    silent = [{"first": 3, "last": 5, "reason": "ack"}]
    put(
        store,
        [
            doc("encounter", sequence=1, parts=2),
            rejected(sequence=1, part=2, parts=2),
            outcomes({"sequence": 2, "outcome": "duplicate"}),
            heartbeat(at=NOW, taken=4, acknowledged=2, silent=[{"first": 3, "last": 4, "reason": "ack"}]),
            heartbeat(at=NOW + 1, taken=5, acknowledged=2, silent=silent),
            heartbeat(at=NOW + 2, taken=5, acknowledged=5),
        ],
    )
    row = balance(store)
    assert (5, 5, 5, 1, 1, 1, 1, 3, 0, 3, True) == tuple(
        row[name]
        for name in (
            "taken", "acknowledged", "mark", "accepted", "duplicate", "rejected", "stored", "silent", "missing",
            "published", "balanced",
        )
    )  # fmt: skip
    assert row == one(store, "SELECT * FROM ledger_balance")


def test_a_missing_number_shows(store: ClickHouse) -> None:
    values = [doc("encounter", sequence=at, document_id=str(at)) for at in (1, 2, 4, 5)]
    put(store, values)
    row = balance(store)
    assert (5, 1, 1, 5, False) == tuple(row[n] for n in ("mark", "absent", "missing", "published", "balanced"))
    put(store, [heartbeat(taken=7, acknowledged=7)])
    row = balance(store)
    assert (7, 3, 7, False) == tuple(row[n] for n in ("mark", "missing", "published", "balanced"))


def test_missing_parts_and_promised_rows_show(store: ClickHouse) -> None:
    put(store, [doc("encounter", sequence=1, part=2, parts=3), outcomes({"sequence": 2})])
    row = balance(store)
    assert (0, 3, 3, 4, False) == tuple(row[n] for n in ("absent", "missing_parts", "missing", "published", "balanced"))


def test_younger_than_the_settling_time_is_in_flight(store: ClickHouse) -> None:
    now = time.time_ns() // 1_000_000
    put(store, [doc("encounter", sequence=2), heartbeat(at=now - 90_000, taken=0, acknowledged=0)])
    put(store, [heartbeat(at=now - 1_000, taken=3, acknowledged=3)])
    assert (0, 0, True) == tuple(balance(store)[n] for n in ("mark", "missing", "balanced"))
    assert (3, 2, False) == tuple(balance(store, 0)[n] for n in ("mark", "missing", "balanced"))


@pytest.mark.parametrize("ended", [False, True])
def test_an_incarnation_that_ended_or_fell_silent_unacknowledged_is_unbalanced(store: ClickHouse, ended: bool) -> None:
    now = time.time_ns() // 1_000_000
    put(store, [heartbeat(at=now - (1_000 if ended else 90_000), taken=3, acknowledged=0, ended=ended)])
    row = balance(store)
    assert (0, True, False) == (row["missing"], row["lost_tail"], row["balanced"])
    put(store, [heartbeat(at=now, taken=3, acknowledged=0)])
    assert balance(store)["balanced"]


def test_records_without_a_number_stay_out_of_the_ledger(store: ClickHouse) -> None:
    put(store, [rejected(adapter_id="", incarnation="received.encounter/0", sequence=17, stage="worker")])
    assert [] == store.rows("SELECT * FROM ledger")
    assert [] == reconcile.balance(store)
    assert 1 == one(store, "SELECT rejections FROM rejections")["rejections"]


def test_rejections_by_rule(store: ClickHouse) -> None:
    put(store, [rejected(sequence=at, stage="worker", reason="rule", rules=["A", "B"][:at]) for at in (1, 2)])
    found = store.rows("SELECT rule, rejections FROM rejections ORDER BY rule")
    assert [("A", 2), ("B", 1)] == [(row["rule"], row["rejections"]) for row in found]


def test_totals_and_facilities(store: ClickHouse) -> None:
    register(store, "HIS")
    elsewhere = {"facility": "01002", "adapter_id": "01002.his"}
    put(
        store,
        [
            doc("encounter", sequence=1, identity_tier="verified"),
            doc("encounter", sequence=2, version=version(1), outcome="amended", identity_tier="probable"),
            doc("service", sequence=1, identity_tier="unmatched", **elsewhere),
            outcomes({"sequence": 2, "outcome": "duplicate"}, **elsewhere),
            rejected(sequence=4, **elsewhere),
        ],
    )
    of = reconcile.facilities(store, 0)
    assert ["01001", "01002"] == list(of)
    assert {"verified": 1, "probable": 1, "conflict": 0, "unmatched": 0} == of["01001"]["identity"]
    names = ("published", "accepted", "amended", "duplicate", "rejected", "stored", "missing", "visits")
    assert (2, 1, 1, 0, 0, 2, 0, 1) == tuple(of["01001"][name] for name in names)
    assert (4, 1, 0, 1, 1, 1, 1, 0) == tuple(of["01002"][name] for name in names)
    total = reconcile.totals(store, 0)
    assert (6, 2, 1, 1, 1, 3, 1, 1) == tuple(total[name] for name in names)
    assert {"verified": 1, "probable": 1, "conflict": 0, "unmatched": 1} == total["identity"]
    assert ["01002"] == [row["facility"] for row in reconcile.balance(store, "01002")]


def test_a_registered_facility_that_never_sent_is_seen(store: ClickHouse) -> None:
    register(store, "HIS")
    assert 0 == reconcile.facilities(store)["01001"]["published"]


def test_visible_is_a_steady_sample_of_what_the_views_show(store: ClickHouse) -> None:
    put(store, [doc("service", sequence=at, document_id=f"{at:032x}", captured_at=NOW + at) for at in range(1, 401)])
    all_ = reconcile.visible(store, NOW)
    assert 5 <= len(all_) <= 45
    assert {(f"{row[2] - NOW:032x}", version(0), row[2], False) for row in all_} == set(all_)
    assert {row for row in all_ if row.captured_ms >= NOW + 200} == set(reconcile.visible(store, NOW + 200))


def test_visible_tells_history_from_what_is_said_live(store: ClickHouse) -> None:
    told = {"adapter_id": history_adapter("01001.HIS"), "captured_at": NOW}
    put(store, [doc("encounter", sequence=at, document_id=f"{at:032x}", **told) for at in range(1, 101)])
    found = reconcile.visible(store, NOW)
    assert found
    assert all(row.history for row in found)


def test_freshness_is_capture_to_stored(store: ClickHouse) -> None:
    put(store, [doc("encounter", captured_at=time.time_ns() // 1_000_000 - 5_000)])
    row = one(store, "SELECT * FROM feed_freshness")
    assert 5 <= row["p50"] == row["p99"] < 300


def test_many_months_go_in_at_once(store: ClickHouse) -> None:
    put(store, [doc("encounter", sequence=at, document_id=str(at), document_date=at * 31) for at in range(353, 600)])
    assert {"n": 247} == one(store, "SELECT count() AS n FROM encounters")


def test_the_engine_refuses_broken_bytes_and_an_absent_table_is_no_rows_fault(store: ClickHouse) -> None:
    topic, value = doc("encounter")
    batch = Batch()
    batch.add([Message(topic, 0, value), Message(topic, 1, value[:40]), Message(topic, 2, value)])
    (group,) = batch.groups.values()
    with pytest.raises(Refused):
        store.insert(group.target.table, group.container())
    assert [1] == [rejection.offset for rejection in sift.insert(store, group, lambda: None)]
    store.command("RENAME TABLE encounter_history TO elsewhere")
    try:
        with pytest.raises(Away):
            sift.insert(store, group, lambda: None)
    finally:
        store.command("RENAME TABLE elsewhere TO encounter_history")


def test_migrating_again_changes_nothing(store: ClickHouse) -> None:
    put(store, a_day())
    before = seen(store)
    migrate.migrate(store)
    assert before == seen(store)


def test_a_full_flush_goes_in_whole(store: ClickHouse) -> None:
    lines = [{"line": at, "drug_code": "40.48", "quantity": 1_000, "departments": ["K01"]} for at in range(1, 6)]
    most = SinkSettings.model_fields["flush_rows"].default
    put(store, [doc("prescription", sequence=at, document_id=f"{at:032x}", lines=lines) for at in range(most)])
    assert {"n": most} == one(store, "SELECT count() AS n FROM prescription_history")
    assert {"n": most} == one(store, "SELECT count() AS n FROM prescription_current")
