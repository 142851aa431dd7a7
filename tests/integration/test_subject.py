"""A person's requests on a real engine: what is shown, what is gone, and the ledger that still balances."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli import build
from runtime import keyring
from sinks.clickhouse import subject
from sinks.clickhouse.client import ClickHouse
from stream_processors.identify import hashed
from tests.rows import NOW, ledger_row
from tests.store import Value, doc, heartbeat, one, outcomes, put, rejected, version

pytestmark = pytest.mark.slow


def of(patient: str, number: int, kind: str = "encounter", **fields: Any) -> Value:
    made = {"document_id": f"d{number}", "visit_key": f"v{number}", "patient_key": patient, "sequence": number}
    return doc(kind, **(made | fields))


def written() -> list[Value]:
    """Five numbers of two persons: An at one facility in two documents (one amended), Binh with one."""
    return [
        of("an", 1, citizen_key="c-an"),
        of("an", 2, "prescription", citizen_key="c-an", lines=[{"line": 1, "drug_code": "D"}]),
        of("an", 3, document_id="d1", visit_key="v1", citizen_key="c-an", version=version(1), outcome="amended"),
        of("binh", 4, citizen_key="c-binh"),
        rejected(sequence=5, document_id="d1", original=b"sealed"),
        *(outcomes({"sequence": number}) for number in (1, 2, 3, 4)),
        heartbeat(taken=5, acknowledged=5),
    ]


def shown(store: ClickHouse) -> list[str]:
    both = "SELECT patient_key FROM encounters UNION ALL SELECT patient_key FROM prescriptions"
    return sorted(row["patient_key"] for row in store.rows(both))


def test_a_copy_holds_every_version_of_that_person_only(store: ClickHouse) -> None:
    put(store, written())
    rows = list(subject.export(store, subject.find(store, citizen="c-an")))
    assert ["encounter", "encounter", "prescription"] == [row["kind"] for row in rows]
    assert {"an"} == {row["patient_key"] for row in rows}


def test_a_person_is_found_by_the_newest_link(store: ClickHouse) -> None:
    put(store, written())
    late = ledger_row("identity.links", patient_key="binh", citizen_key="c-an", version=1)[1]
    put(store, [("identity.links", late)])
    assert {"an", "binh"} == set(subject.find(store, citizen="c-an").patients)
    assert {} == subject.find(store, citizen="c-binh").patients
    assert {"binh"} == set(subject.find(store, patients=["binh"]).patients)


def test_restricted_is_kept_and_shown_to_nobody(store: ClickHouse) -> None:
    put(store, written())
    person = subject.find(store, citizen="c-an")
    assert 2 == subject.restrict(store, person, "R-1")
    assert ["binh"] == shown(store)
    put(store, [of("an", 6, citizen_key="c-an")])  # what comes later too
    put(store, written())  # and what is delivered again
    assert ["binh"] == shown(store)
    assert {"n": 4} == one(store, "SELECT count() AS n FROM encounter_history FINAL")
    assert one(store, "SELECT * FROM ledger_balance")["missing"] == 0
    assert 3 == subject.lift(store, subject.find(store, citizen="c-an"), "R-2")
    assert ["an", "an", "an", "binh"] == shown(store)
    newest = one(store, "SELECT version FROM encounters WHERE document_id = 'd1'")
    assert version(1) == newest["version"]


def test_erased_is_gone_everywhere_and_the_ledger_balances(store: ClickHouse) -> None:
    put(store, written())
    before = one(store, "SELECT * FROM ledger_balance")
    assert before["balanced"]
    person = subject.find(store, citizen="c-an")
    assert 3 == subject.erase(store, person, "R-3")
    for table in (
        "encounter_history",
        "encounter_current",
        "prescription_history",
        "prescription_current",
        "person_documents",
    ):
        assert [] == store.rows(f"SELECT * FROM {table} WHERE patient_key = 'an'")  # noqa: S608
    assert [] == store.rows("SELECT * FROM rejected")
    assert ["binh"] == shown(store)
    assert before == one(store, "SELECT * FROM ledger_balance")
    proof = one(store, "SELECT * FROM erased_persons")
    assert ("an", "erased", "R-3", 2) == tuple(
        proof[name] for name in ("patient_key", "action", "request", "documents")
    )
    assert proof["kafka_until"] > proof["done_at"]
    assert 0 == subject.erase(store, person, "R-3")
    assert before == one(store, "SELECT * FROM ledger_balance")


def test_what_stands_alone_is_found_hidden_and_erased_too(store: ClickHouse) -> None:
    put(store, [of("an", 1, "hiv_care", citizen_key="c-an", sensitivity="restricted"), of("binh", 2, "hiv_care")])
    person = subject.find(store, citizen="c-an")
    assert ["hiv_care"] == [row["kind"] for row in subject.export(store, person)]
    assert 1 == subject.restrict(store, person, "R-6")
    assert {"n": 1} == one(store, "SELECT count() AS n FROM hiv_care_records")
    assert 1 == subject.erase(store, person, "R-7")
    assert ["binh"] == [row["patient_key"] for row in store.rows("SELECT patient_key FROM hiv_care_history")]


def test_a_document_that_moved_to_another_patient_stays_with_that_one(store: ClickHouse) -> None:
    put(
        store, [of("an", 1, version=version(0)), of("binh", 2, document_id="d1", version=version(1), outcome="amended")]
    )
    put(store, [rejected(sequence=3, document_id="d1")])
    assert 1 == subject.erase(store, subject.find(store, patients=["an"]), "R-4")
    assert ["binh"] == shown(store)
    assert 1 == len(store.rows("SELECT * FROM rejected"))


def test_what_a_redelivery_brings_back_is_swept_and_a_new_visit_stays(store: ClickHouse) -> None:
    put(store, written())
    subject.erase(store, subject.find(store, citizen="c-an"), "R-5")
    put(store, written())
    later = 4_000_000_000_000  # long after the request
    put(store, [of("an", 9, citizen_key="c-an", captured_at=later, version=later << 20)])
    assert "an" in shown(store)
    assert 3 == subject.sweep(store)
    assert ["an", "binh"] == shown(store)
    assert ["d9"] == [
        row["document_id"] for row in store.rows("SELECT * FROM person_documents FINAL WHERE patient_key = 'an'")
    ]
    assert 0 == subject.sweep(store)
    assert NOW < later


class Told:
    def __init__(self, url: str, *arguments: str, typed: str = "") -> None:
        runner = CliRunner(env={"LIVINGDATA_CLICKHOUSE": url})
        result = runner.invoke(build("subject"), ["subject", *arguments], input=typed)
        self.code, self.out, self.err = result.exit_code, result.stdout, result.stderr


def test_the_commands(store: ClickHouse, clickhouse_url: str, tmp_path: Path) -> None:
    ring = keyring.create(["01001"])
    keyring.save(ring, tmp_path / "ring.json")
    number = "001080123456"
    assert ring.citizen is not None
    citizen = hashed(ring.citizen, b"citizen_key", number, 16).hex()
    put(store, [of("an", 1, citizen_key=citizen), of("binh", 2)])
    file = tmp_path / "copy.jsonl"
    told = Told(
        clickhouse_url, "export", str(file), "--number", "--keyring", str(tmp_path / "ring.json"), typed=number + "\n"
    )
    assert 0 == told.code, told.err
    assert number not in told.out + told.err
    assert ["an"] == [json.loads(line)["patient_key"] for line in file.read_text().splitlines()]
    assert 0o600 == file.stat().st_mode & 0o777
    assert 0 == Told(clickhouse_url, "restrict", "--request", "1", "--patient", "an").code
    assert ["binh"] == shown(store)
    assert 0 == Told(clickhouse_url, "restrict", "--request", "1", "--patient", "an", "--lift").code
    assert 1 == Told(clickhouse_url, "erase", "--request", "2", "--patient", "an", typed="n\n").code
    assert ["an", "binh"] == shown(store)
    assert 0 == Told(clickhouse_url, "erase", "--request", "2", "--patient", "an", "--yes").code
    assert ["binh"] == shown(store)
    assert 1 == Told(clickhouse_url, "export", str(file), "--citizen", "nobody").code
    assert 2 == Told(clickhouse_url, "export", str(file)).code
    assert 0 == Told(clickhouse_url, "sweep").code
