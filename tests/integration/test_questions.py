"""Every question of docs/questions.md, asked of rows whose answers are known."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from runtime.facilities import Source
from runtime.settings import ClickHouseSettings, load
from sinks.clickhouse import migrate
from sinks.clickhouse.client import ClickHouse, connect
from tests.store import Value, doc, heartbeat, outcomes, put, rejected

pytestmark = pytest.mark.slow

PAGE: Final = Path(__file__).parents[2] / "docs" / "questions.md"
QUESTIONS: Final = {
    int(number): sql
    for number, sql in re.findall(r"^## (\d+)\..*?```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
}
HANOI: Final = timezone(timedelta(hours=7))
MIDNIGHT: Final = datetime.now(HANOI).replace(hour=0, minute=0, second=0, microsecond=0)
NOW: Final = time.time_ns() // 1_000_000
HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
PEOPLE: Final = {name: str(at) * 32 for at, name in enumerate(("an", "binh", "chi"), 1)}


def at(days: int, hour: int = 9) -> int:
    """Milliseconds UTC of an hour of a day in Hanoi; 0 is today."""
    return int((MIDNIGHT + timedelta(days=days, hours=hour)).timestamp() * 1000)


def date(days: int) -> int:
    """An Avro date: the local day, counted from 1970-01-01."""
    return (MIDNIGHT.date() + timedelta(days=days) - datetime(1970, 1, 1, tzinfo=UTC).date()).days


def day(days: int) -> Any:
    return MIDNIGHT.date() + timedelta(days=days)


class Books:
    """Documents with numbers of their own per facility, as feeds would send them."""

    def __init__(self) -> None:
        self.values: list[Value] = []
        self.numbers: dict[str, int] = {}

    def next(self, facility: str) -> dict[str, Any]:
        self.numbers[facility] = self.numbers.get(facility, 0) + 1
        return {"facility": facility, "adapter_id": f"{facility}.his", "sequence": self.numbers[facility]}

    def add(self, kind: str, facility: str, days: int, person: str = "", *, hour: int = 9, **fields: Any) -> None:
        number = self.next(facility)
        name = f"{facility}{number['sequence']}"
        when = at(days, hour)
        base = {
            "document_id": name, "visit_key": f"v{name}", "occurred_at": when, "recorded_at": when,
            "captured_at": time.time_ns() // 1_000_000 - 1_000, "document_date": date(days), "version": NOW << 20,
            "patient_key": f"{facility}-{person}" if person else None, "citizen_key": PEOPLE.get(person),
            "identity_tier": "verified" if person in PEOPLE else "unmatched",
        }  # fmt: skip
        self.values.append(doc(kind, **number, **(base | fields)))
        self.values.append(outcomes({"sequence": number["sequence"]}, kind=kind, facility=facility, adapter_id=number["adapter_id"]))  # fmt: skip


def written() -> Books:
    """Two hospitals that send, one that never did."""
    books = Books()
    add = books.add
    # Dengue of An at both hospitals this week, of Binh the week before; both of one commune.
    add("encounter", "01001", -1, "an", main_diagnosis="A97.0", commune="00001", visit_type="01")
    add("encounter", "01002", -2, "an", main_diagnosis="A97.1", commune="00001", visit_type="01")
    add("encounter", "01001", -9, "binh", main_diagnosis="A97.9", commune="00001", visit_type="01")
    # A stay of three days that ended yesterday, and one document without a visit number.
    add("encounter", "01001", -3, "chi", visit_type="03", inpatient_at=at(-3, 10), admitted_at=at(-3, 9),
        discharged_at=at(-1, 9), main_diagnosis="I10", quality=["X15", "R06"], document_id="stay")  # fmt: skip
    add("encounter", "01001", -1, "", visit_key=None, quality=["X15"])
    # Binh is referred from one hospital to the other and arrives; Chi does not. Binh's appointment is kept, An's is not.
    add("referral", "01001", -9, "binh", referred_to="01002", discharged_at=at(-9, 11), main_diagnosis="A97.9")
    add("referral", "01001", -3, "chi", referred_to="01002", discharged_at=at(-3, 11))
    add("encounter", "01002", -7, "binh", admitted_at=at(-7), main_diagnosis="J18")
    add("appointment", "01001", -9, "binh", appointed_at=at(-6, 8))
    add("encounter", "01001", -6, "binh", admitted_at=at(-6, 10), main_diagnosis="J18")
    add("appointment", "01001", -20, "an", appointed_at=at(-10, 8))
    add("appointment", "01001", -1, "an", appointed_at=at(5, 8))
    # Glucose of Binh at both within days: national code once as XML4 has it, once mapped late from the LIS's own.
    add("service", "01002", -7, "binh", lines=[{"line": 1, "service_code": "23.0075.1494", "unit_price": 22_400_000}])
    add("observation", "01001", -9, "binh", results=[{"line": 1, "test_code": "2300101", "resulted_at": at(-9, 12)}])
    add("observation", "01002", -7, "binh", visit_key="labvisit", source_system="LIS",
        results=[{"line": 1, "test_code": "GLU", "test_system": "L", "resulted_at": at(-7, 12), "service_code": "23.0075.1494"},
                 {"line": 2, "test_code": "XYZ", "test_system": "L", "resulted_at": at(-7, 12)}])  # fmt: skip
    drugs = [
        {"line": 1, "drug_code": "40.48", "drug_name": "Amoxicilin", "quantity": 10_000, "amount_hospital": 50_000_000},
        {"line": 2, "drug_code": "40.50", "drug_name": "Paracetamol", "quantity": 20_000, "amount_hospital": 9_000_000},
    ]
    add("prescription", "01001", -1, "an", lines=drugs)
    return books


@pytest.fixture(scope="module")
def city(clickhouse_url: str) -> Iterator[ClickHouse]:
    """A database of its own with the books in it."""
    admin = connect(load(ClickHouseSettings, clickhouse=clickhouse_url))
    admin.command("CREATE DATABASE questions")
    made = connect(load(ClickHouseSettings, clickhouse=clickhouse_url, database="questions"))
    migrate.migrate(made)
    rows = [
        ("01001", "Bệnh viện A", "V1", "encounter", "HIS"), ("01002", "Bệnh viện B", "V2", "encounter", "HIS"),
        ("01003", "Bệnh viện C", "V2", "encounter", "HIS"),
    ]  # fmt: skip
    migrate.load_register(
        made,
        [
            Source(code, name, name, True, f"Phòng CNTT {name}", kind, system, "hl7v2", 0, "2026-01-01", vendor)
            for code, name, vendor, kind, system in rows
        ],
    )
    made.insert_rows(
        "code_maps",
        ["facility", "system", "local_code", "national_code", "valid_from", "rule_id", "version"],
        [["01002", "L", "GLU", "2300101", "2020-01-01", "map.1", 1]],
    )
    made.insert_rows(
        "certificates",
        ["facility", "kind", "source_system", "certified_on", "certified_by", "evidence"],
        [["01002", "encounter", "HIS", "2026-03-01", "Sở Y tế", "report 1"]],
    )
    books = written()
    put(made, books.values)
    put(made, [rejected(**books.next("01001"), kind="encounter", stage="worker", reason="rule", rules=["X01"], captured_at=NOW, rejected_at=NOW)])  # fmt: skip
    for facility, taken in books.numbers.items():
        put(made, [heartbeat(facility=facility, adapter_id=f"{facility}.his", at=NOW, taken=taken, acknowledged=taken)])
    yield made
    made.close()
    admin.command("DROP DATABASE questions")
    admin.close()


def asked(city: ClickHouse, number: int) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in city.rows(QUESTIONS[number])]


def test_there_are_fifteen() -> None:
    assert list(range(1, 16)) == list(QUESTIONS)


def test_1_visits(city: ClickHouse) -> None:
    assert [("01001", 2, 50.0)] == asked(city, 1)


def test_2_live(city: ClickHouse) -> None:
    # One visit of 01001 in the past 24 hours at most; the usual is small, and so is what was seen.
    assert {"01001", "01002"} >= {row[0] for row in asked(city, 2)}


def test_3_progress(city: ClickHouse) -> None:
    states = {row[0]: row[3] for row in asked(city, 3)}
    assert {"01001": "testing", "01003": "never_connected"} == states
    (passed,) = city.rows("SELECT state, state_since FROM connection_progress WHERE facility = '01002'")
    assert ("usable", "2026-03-01") == (passed["state"], str(passed["state_since"]))
    assert "Phòng CNTT Bệnh viện C" == next(row[5] for row in asked(city, 3) if row[0] == "01003")


def test_4_usable(city: ClickHouse) -> None:
    rows = {row[:2]: row for row in asked(city, 4)}
    encounter = rows["01001", "encounter"]
    # 5 of 5 documents; 2 of them fail X15 (correct), 4 have a citizen: 100 * (0.6 * 3/5 + 0.4 * 4/5).
    assert 68.0 == encounter[2]
    assert (False, False) == (encounter[6], encounter[11])
    whole = rows["01001", "prescription"]
    assert (100.0, 100.0, 100.0, 100.0, True) == (*whole[2:6], whole[11])


def test_5_vendors(city: ClickHouse) -> None:
    assert ["V2", "V1"] == [row[0] for row in asked(city, 5) if row[0]]


def test_6_rules(city: ClickHouse) -> None:
    rows = asked(city, 6)
    assert [("X15", "correct", 2, 50.0), ("R06", "complete", 1, 75.0), ("X01", "correct", 1, 100.0)] == [
        r[:4] for r in rows
    ]
    assert all(row[4] and row[5] for row in rows)


def test_7_ledger(city: ClickHouse) -> None:
    rows = {row[0]: row[2:] for row in asked(city, 7)}
    assert (13, 12, 0, 0, 1, 12, 0, True) == rows["01001"]
    assert (0, True) == rows["01002"][-2:]


def test_8_freshness(city: ClickHouse) -> None:
    rows = asked(city, 8)
    assert {False} == {row[3] for row in rows}
    assert all(row[5] is not None and row[5] < 600 for row in rows)


def test_9_dengue(city: ClickHouse) -> None:
    assert [("00001", 1, 1)] == asked(city, 9)


def test_10_repeated_tests(city: ClickHouse) -> None:
    assert [("2300101", 1, Decimal("22400.000"), 0.333)] == asked(city, 10)
    (row,) = city.rows("SELECT first_facility, facility, valid_days FROM repeated_tests")
    assert ("01001", "01002", 7) == tuple(row.values())


def test_11_referrals(city: ClickHouse) -> None:
    assert [("01001", "01002", 2, 2, 1)] == asked(city, 11)


def test_12_follow_up(city: ClickHouse) -> None:
    assert [("01001", 1, 1, 1, 0.5)] == asked(city, 12)


def test_13_beds(city: ClickHouse) -> None:
    assert [("01001", day(-3), 1, 1, 0), ("01001", day(-2), 1, 0, 0), ("01001", day(-1), 1, 0, 1)] == asked(city, 13)


def test_14_drugs(city: ClickHouse) -> None:
    rows = asked(city, 14)
    assert [("40.48", "Amoxicilin", Decimal(10), Decimal(50_000), 1), ("40.50", "Paracetamol", Decimal(20), Decimal(9_000), 1)] == rows  # fmt: skip


def test_15_timeline(city: ClickHouse) -> None:
    rows = asked(city, 15)
    assert [("01001", "appointment"), ("01002", "encounter"), ("01001", "appointment"), ("01001", "encounter"),
            ("01001", "prescription")] == [(row[1], row[2]) for row in rows]  # fmt: skip
