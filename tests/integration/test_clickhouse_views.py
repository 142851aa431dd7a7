# ruff: noqa: S608 (the names put into SQL are this file's own)
"""The views analysts read, one by one: what they must say, and what they must not."""

import time
from typing import Any

import pytest

from runtime.facilities import Source
from sinks.clickhouse import migrate
from sinks.clickhouse.client import ClickHouse
from tests.rows import TODAY as BOOK_DAY
from tests.rows import ledger_row
from tests.store import doc, heartbeat, one, put, version

pytestmark = pytest.mark.slow

NOW = time.time_ns() // 1_000_000
HOUR = 3_600_000
DAY = 24 * HOUR
TODAY = NOW // DAY


def seen(**fields: Any) -> dict[str, Any]:
    return {"captured_at": time.time_ns() // 1_000_000, "occurred_at": NOW, "document_date": TODAY} | fields


def register(store: ClickHouse, *facilities: str, kind: str = "encounter") -> None:
    rows = [Source(f, f, f, True, "unit", kind, "HIS", "hl7v2", 0, "2026-01-01", "V") for f in facilities]
    migrate.load_register(store, rows)


def link(patient: str, citizen: str | None, at: int) -> tuple[str, bytes]:
    said = {"citizen_key": citizen, "action": "link" if citizen else "unlink"}
    return "identity.links", ledger_row("identity.links", patient_key=patient, version=at, **said)[1]


def test_history_shows_every_version_and_status(store: ClickHouse) -> None:
    put(store, [doc("encounter", sequence=1, version=version(0))])
    put(store, [doc("encounter", sequence=2, version=version(1), status="cancelled", outcome="amended")])
    rows = store.rows("SELECT status FROM encounters_history ORDER BY version")
    assert ["active", "cancelled"] == [row["status"] for row in rows]
    assert [] == store.rows("SELECT * FROM encounters")


def test_visits_between_agrees_with_visits(store: ClickHouse) -> None:
    put(store, [doc("encounter", sequence=n, document_id=str(n), visit_key=str(n // 2), document_date=BOOK_DAY + n) for n in range(9)])  # fmt: skip
    bounds = "since = '2026-01-03', until = '2026-01-05'"
    where = "document_date BETWEEN '2026-01-03' AND '2026-01-05'"
    asked = "visit_key, document_date, document_id"
    few = store.rows(f"SELECT {asked} FROM visits_between({bounds}) ORDER BY visit_key")
    assert few == store.rows(f"SELECT {asked} FROM visits WHERE {where} ORDER BY visit_key")
    assert 0 < len(few) < 5


def test_timeline_of_a_citizen_follows_links_and_moves(store: ClickHouse) -> None:
    put(store, [
        doc("encounter", sequence=1, document_id="a", patient_key="p1", citizen_key="c1", version=version(0)),
        doc("service", sequence=2, document_id="b", patient_key="p2", citizen_key=None),
        doc("referral", sequence=3, document_id="c", patient_key="p3", citizen_key="c1"),
    ])  # fmt: skip
    asked = "SELECT document_id FROM timeline_of(citizen = 'c1') ORDER BY document_id"
    assert ["a", "c"] == [row["document_id"] for row in store.rows(asked)]
    put(store, [link("p2", "c1", 1), link("p3", "c2", 1)])  # a late link, and one that was wrong
    assert ["a", "b"] == [row["document_id"] for row in store.rows(asked)]
    moved = doc("encounter", sequence=4, document_id="a", patient_key="p9", citizen_key="c9", version=version(1), outcome="amended")  # fmt: skip
    put(store, [moved])
    assert ["b"] == [row["document_id"] for row in store.rows(asked)]
    put(store, [link("p2", None, 2)])
    assert [] == store.rows(asked)
    plain = "SELECT document_id FROM patient_timeline WHERE citizen_key = 'c9'"
    assert ["a"] == [row["document_id"] for row in store.rows(plain)]


def code_map(store: ClickHouse, *rows: tuple[str, str, str, str, int]) -> None:
    """(facility, local code, national code, valid from, version)."""
    columns = ["facility", "system", "local_code", "national_code", "valid_from", "rule_id", "version"]
    store.insert_rows("code_maps", columns, [[f, "L", code, national, since, f"r{v}", v] for f, code, national, since, v in rows])  # fmt: skip


def national(store: ClickHouse) -> list[tuple[str, str]]:
    rows = store.rows("SELECT national_code, code_rule FROM lab_tests ORDER BY line")
    return [(row["national_code"], row["code_rule"]) for row in rows]


def test_a_late_code_map_repairs_old_rows(store: ClickHouse) -> None:
    results = [
        {"line": 1, "test_code": "2300101"},
        {"line": 2, "test_code": "GLU", "test_system": "L"},
        {"line": 3, "test_code": "CRE", "test_system": "L"},
    ]
    mapped = [{"place": "results[3].test_code", "system": "QD1227", "code": "2300103", "rule": "map.7"}]
    put(store, [doc("observation", results=results, mapped_codes=mapped)])
    assert [("2300101", "national"), ("", ""), ("2300103", "map.7")] == national(store)
    code_map(store, ("", "GLU", "2300199", "2020-01-01", 1))
    assert ("2300199", "r1") == national(store)[1]
    code_map(store, ("01001", "GLU", "2300101", "2020-01-01", 2))  # the facility's own map comes first
    assert ("2300101", "r2") == national(store)[1]
    code_map(store, ("01001", "GLU", "2300102", "2025-12-01", 3))  # the one in force on the document's date
    assert ("2300102", "r3") == national(store)[1]
    code_map(store, ("01001", "GLU", "2300103", "2026-06-01", 4))  # not yet in force then
    assert ("2300102", "r3") == national(store)[1]


def test_of_two_codes_the_better_one_is_asked_first(store: ClickHouse) -> None:
    def two(line: int, system: str, code: str, other: str = "GLU") -> dict[str, Any]:
        return {
            "line": line,
            "test_system": system,
            "test_code": code,
            "alternate_system": "L",
            "alternate_code": other,
        }

    results = [two(1, "LN", "2345-7"), two(2, "QD1227", "2300101"), two(3, "LN", "2160-0", "CRE"), two(4, "L", "NA")]
    mapped = [{"place": "results[3].alternate_code", "system": "QD1227", "code": "2300103", "rule": "map.7"}]
    put(store, [doc("observation", results=results, mapped_codes=mapped)])
    assert [("", ""), ("2300101", "national"), ("2300103", "map.7"), ("", "")] == national(store)
    code_map(store, ("01001", "GLU", "2300101", "2020-01-01", 1))  # a late map of the hospital's own code
    assert [("2300101", "r1"), ("2300101", "national"), ("2300103", "map.7"), ("2300101", "r1")] == national(store)
    code_map(store, ("", "NA", "2300205", "2020-01-01", 2))
    assert ("2300205", "r2") == national(store)[3]


def test_a_test_told_by_two_systems_is_not_repeated_and_validity_is_per_test(store: ClickHouse) -> None:
    def result(facility: str, number: int, at: int, **fields: Any) -> tuple[str, bytes]:
        base = seen(facility=facility, adapter_id=facility, sequence=number, document_id=f"{facility}{number}",
                    visit_key=f"{facility}v{number // 10}", patient_key=facility, citizen_key="c",
                    results=[{"line": 1, "test_code": "T1", "resulted_at": at}])  # fmt: skip
        return doc("observation", **(base | fields))

    put(store, [result("01001", 1, NOW - 20 * DAY), result("01001", 2, NOW - 20 * DAY, source_system="LIS")])
    put(store, [result("01002", 1, NOW - 10 * DAY)])
    asked = "SELECT count() AS n FROM repeated_tests"
    assert 0 == one(store, asked)["n"]  # ten days later, and seven is the house rule
    store.insert_rows("test_validity", ["national_code", "days"], [["T1", 30]])
    assert 1 == one(store, asked)["n"]
    put(store, [result("01002", 11, NOW - 9 * DAY)])  # another visit there
    assert 2 == one(store, asked)["n"]
    days = "since = toString(today() - 11), until = toString(today())"
    between = f"SELECT count() AS n FROM repeated_tests_between({days})"
    put(store, [result("01003", 1, NOW, citizen_key=None)])
    assert 2 == one(store, between)["n"]
    assert 0 == one(store, between.replace("today() - 11", "today() - 3"))["n"]
    assert 2 == one(store, asked)["n"]


def test_a_silent_feed_against_its_own_curve(store: ClickHouse) -> None:
    busy = {"facility": "01001", "adapter_id": "01001"}
    rare = {"facility": "01002", "adapter_id": "01002"}
    values = [
        doc("encounter", sequence=n, document_id=f"b{n}", **seen(captured_at=NOW - n * HOUR // 4), **busy)
        for n in range(30, 14 * 24 * 4)
    ]
    values += [
        doc("encounter", sequence=n, document_id=f"r{n}", **seen(captured_at=NOW - n * 3 * DAY), **rare)
        for n in range(1, 8)
    ]
    put(store, values)
    rows = {row["facility"]: row for row in store.rows("SELECT * FROM silent_feeds")}
    assert (True, False) == (rows["01001"]["is_silent"], rows["01002"]["is_silent"])
    # Four an hour for seven and a half hours, on a curve that two weeks of one weekday shape only roughly.
    assert 10 < rows["01001"]["expected_since"] < 60
    assert None is rows["01001"]["last_heartbeat"]
    put(store, [heartbeat(at=NOW, outbox_depth=7, **busy)])
    assert 7 == one(store, "SELECT outbox_depth FROM silent_feeds WHERE facility = '01001'")["outbox_depth"]


def test_history_that_ended_is_no_silent_feed_and_hides_none(store: ClickHouse) -> None:
    live = {"facility": "01001", "adapter_id": "01001.HIS"}
    old = {"facility": "01001", "adapter_id": "01001.HIS.backfill"}
    put(store, [
        doc("encounter", sequence=n, document_id=f"b{n}", **seen(captured_at=NOW - n * HOUR // 4), **live)
        for n in range(30, 14 * 24 * 4)
    ])  # fmt: skip
    alone = {"facility": "01002", "adapter_id": "01002.OLD.backfill"}
    asked = "SELECT facility, is_silent, round(expected_since) AS expected FROM silent_feeds ORDER BY facility"
    before = store.rows(asked)
    assert [("01001", True)] == [(row["facility"], row["is_silent"]) for row in before]
    put(store, [
        doc("encounter", sequence=n, document_id=f"{feed['facility']}o{n}", **seen(captured_at=NOW), **feed)
        for n in range(1, 500) for feed in (old, alone)
    ])  # fmt: skip
    assert before == store.rows(asked)
    fresh = store.rows("SELECT DISTINCT facility FROM feed_freshness")
    assert [{"facility": "01001"}] == fresh


def test_progress_of_a_silent_and_an_unknown_feed(store: ClickHouse) -> None:
    register(store, "01001", "01002")
    put(store, [
        doc("encounter", sequence=n, document_id=str(n), **seen(captured_at=NOW - n * HOUR // 4)) for n in range(30, 14 * 24 * 4)
    ])  # fmt: skip
    put(store, [doc("encounter", sequence=9999, document_id="x", facility="09999", adapter_id="x", **seen())])
    states = {row["facility"]: row["state"] for row in store.rows("SELECT facility, state FROM connection_progress")}
    assert {"01001": "silent", "01002": "never_connected"} == states
    assert {"09999"} <= {row["facility"] for row in store.rows("SELECT facility FROM feeds_seen")}


def test_visits_live_against_the_usual(store: ClickHouse) -> None:
    """Two visits in this hour today; four at this hour on every one of the past 28 days."""
    values = [doc("encounter", sequence=n, document_id=f"t{n}", visit_key=f"t{n}", **seen()) for n in range(1, 3)]
    for days in range(1, 29):
        when = seen(occurred_at=NOW - days * DAY, document_date=TODAY - days)
        values += [doc("encounter", sequence=days * 10 + n, document_id=f"{days}.{n}", visit_key=f"{days}.{n}", **when) for n in range(4)]  # fmt: skip
    put(store, values)
    row = one(store, "SELECT * FROM visits_live ORDER BY hour DESC LIMIT 1")
    assert (2, 4.0) == (row["visits"], row["usual"])
    assert 24 == one(store, "SELECT count() AS n FROM visits_live")["n"]


def test_scores_have_their_parts_and_weights_can_be_changed(store: ClickHouse) -> None:
    register(store, "01001")
    put(store, [
        doc("encounter", sequence=1, document_id="a", **seen(quality=["X15"], identity_tier="verified")),
        doc("encounter", sequence=2, document_id="b", **seen(quality=["R06", "R07"], partial=True, visit_key=None)),
        doc("encounter", sequence=3, document_id="c", **seen(captured_at=NOW - HOUR)),
        doc("encounter", sequence=4, document_id="d", **seen(quality=["UNHEARD_OF"])),
    ])  # fmt: skip
    row = one(store, "SELECT * FROM facility_scorecard")
    assert (4, 0.75, 0.25, 0.75, 0.75, 1.0, 0.75, 1.0, 0.75, 0.75) == tuple(row[name] for name in (
        "documents", "correct_rules", "correct_identity", "complete_rules", "complete_whole", "clean_rules",
        "clean_linked", "clean_not_rejected", "live_rules", "live_prompt"))  # fmt: skip
    assert (55.0, 75.0, 95.0, 75.0, "V") == tuple(row[n] for n in ("correct", "complete", "clean", "live", "vendor"))
    store.insert_rows("scorecard_weights", ["dimension", "part", "weight"], [["correct", "identity", 0]])
    assert 75.0 == one(store, "SELECT correct FROM facility_scorecard")["correct"]
    hours = store.rows("SELECT sum(documents) AS n FROM facility_scorecard_hourly")
    assert [{"n": 4}] == hours
    put(store, [doc("encounter", sequence=5, document_id="a", version=version(DAY), outcome="amended", **seen())])
    assert 1.0 == one(store, "SELECT correct_rules FROM facility_scorecard")["correct_rules"]  # mended, so it counts


def test_hiv_is_hiv_whatever_else_the_code_says(store: ClickHouse) -> None:
    diagnoses = [
        {"code": "B20.2", "system": "ICD-10", "role": "main"},
        {"code": "A83.0", "system": "ICD-10", "role": "other"},
        {"code": "A97", "system": "YHCT", "role": "traditional"},
    ]
    put(store, [doc("encounter", diagnoses=diagnoses, main_diagnosis="B20.2", treatment_result="5")])
    rows = store.rows("SELECT disease, deadline, cases, deaths FROM notifiable_cases ORDER BY disease")
    assert [("hiv", "week", 1, 1), ("japanese_encephalitis", "48h", 1, 1)] == [tuple(row.values()) for row in rows]


def test_a_person_is_a_new_case_once_in_thirty_days(store: ClickHouse) -> None:
    def seen_on(day: int, number: int, facility: str, citizen: str | None) -> tuple[str, bytes]:
        return doc("encounter", sequence=number, document_id=f"d{number}", visit_key=f"d{number}", facility=facility,
                   adapter_id=facility, patient_key=f"{facility}{citizen}", citizen_key=citizen, main_diagnosis="A97",
                   commune="00001", document_date=BOOK_DAY + day)  # fmt: skip

    put(store, [seen_on(0, 1, "01001", "c"), seen_on(1, 2, "01002", "c"), seen_on(29, 3, "01001", "c")])
    put(store, [seen_on(60, 4, "01001", "c"), seen_on(1, 5, "01002", "other")])
    rows = store.rows(
        "SELECT dateDiff('day', toDate('2026-01-01'), day) AS at, cases FROM notifiable_daily ORDER BY at"
    )
    assert [(0, 1), (1, 1), (60, 1)] == [(row["at"], row["cases"]) for row in rows]
    put(store, [link("01002other", "c", 1)])  # the other was the same person
    assert 2 == one(store, "SELECT sum(cases) AS n FROM notifiable_daily")["n"]


def test_published_counts_hide_small_ones_and_restricted_documents(store: ClickHouse) -> None:
    def visit(number: int, facility: str, **fields: Any) -> tuple[str, bytes]:
        made = {"document_id": f"{number}", "visit_key": f"{number}", "patient_key": f"{number}", "visit_type": "01"}
        return doc("encounter", sequence=number, facility=facility, adapter_id=facility, **(made | fields))

    many = [visit(n, "01001", main_diagnosis="A97") for n in range(1, 6)]
    few = [visit(n, "01002", main_diagnosis="B05") for n in range(11, 15)]
    hidden = [visit(n, "01001", sensitivity="restricted", main_diagnosis="B20") for n in range(21, 31)]
    put(store, [*many, *few, *hidden])
    rows = store.rows("SELECT facility, visits, suppressed FROM published_visits ORDER BY facility")
    assert [("01001", 5, False), ("01002", None, True)] == [tuple(row.values()) for row in rows]
    cases = store.rows("SELECT disease, cases FROM published_cases ORDER BY disease")
    assert [("dengue", 5), ("measles", None)] == [tuple(row.values()) for row in cases]
    columns = store.rows("SELECT DISTINCT name FROM system.columns WHERE table LIKE 'published_%'")
    assert set() == {row["name"] for row in columns} & {"patient_key", "citizen_key", "visit_key", "document_id"}


def test_freshness_from_the_bedside_and_from_the_source(store: ClickHouse) -> None:
    put(store, [doc("encounter", **seen(captured_at=NOW - 5_000, recorded_at=NOW - 60_000, occurred_at=NOW - 600_000))])
    row = one(store, "SELECT * FROM feed_freshness")
    assert row["p50"] + 55 == pytest.approx(row["recorded_p50"])
    assert row["p50"] + 595 == pytest.approx(row["occurred_p50"])


def test_a_stay_without_an_end_is_not_counted_for_ever(store: ClickHouse) -> None:
    stay = {"visit_type": "03", "admitted_at": NOW - 300 * DAY}
    put(store, [doc("encounter", **stay)])
    assert {"days": 46} == one(store, "SELECT sum(bed_days) AS days FROM bed_days")


def test_an_inpatient_without_a_visit_type_has_a_class(store: ClickHouse) -> None:
    """HL7 and FHIR know no MA_LOAI_KCB; where the insurance file has one it decides."""
    stay = {"admitted_at": NOW - 2 * DAY, "discharged_at": NOW - DAY}
    put(store, [
        doc("encounter", sequence=1, document_id="a", visit_key="a", **seen(**stay, patient_class="I")),
        doc("encounter", sequence=2, document_id="b", visit_key="b", **seen(**stay, patient_class="O")),
        doc("encounter", sequence=3, document_id="c", visit_key="c", **seen(**stay, patient_class="I", visit_type="01")),
    ])  # fmt: skip
    assert {"days": 2, "stays": 1} == one(store, "SELECT sum(bed_days) AS days, sum(admitted) AS stays FROM bed_days")


def test_a_case_told_by_two_sources_is_one_with_the_residence_of_whom_tells_it(store: ClickHouse) -> None:
    told = seen(main_diagnosis="A97.0", visit_key="v", patient_key="p", citizen_key="c")
    put(store, [
        doc("encounter", sequence=1, document_id="a", source_system="HIS", commune=None, province=None, **told),
        doc("encounter", sequence=2, document_id="b", source_system="HIS-XML", commune="00070", province="01", **told),
    ])  # fmt: skip
    cases = "SELECT commune, cases FROM notifiable_cases"
    assert {"commune": "00070", "cases": 1} == one(store, cases)
    assert {"commune": "00070", "cases": 1} == one(store, cases.replace("_cases", "_daily"))
