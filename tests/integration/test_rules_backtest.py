"""`livingdata rules backtest` and `rules run` as commands, over stored documents."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli import build
from sinks.clickhouse.client import ClickHouse
from tests.documents import BODIES, ENDED, SERVICE
from tests.received import DAY
from tests.store import Value, doc, put, rejected

pytestmark = pytest.mark.slow

ON = date(1970, 1, 1) + timedelta(days=ENDED // DAY)


def told(*arguments: str) -> Any:
    made = CliRunner(env={"COLUMNS": "200"}).invoke(build("rules"), ["rules", *arguments, "--json"])
    assert 0 == made.exit_code, made.output
    return json.loads(made.stdout)


def said(kind: str, name: str, facility: str = "01001", **fields: Any) -> Value:
    common = {
        "source_format": "insurance_xml",
        "document_id": name,
        "visit_key": name,
        "patient_key": name,
        "facility": facility,
    }
    placed = {"occurred_at": ENDED, "captured_at": ENDED, "document_date": ENDED // DAY}
    return doc(kind, **common | placed | BODIES[kind] | fields)


def test_a_rule_of_one_document(store: ClickHouse, clickhouse_url: str) -> None:
    put(store, [
        said("encounter", "a"),
        said("encounter", "b", discharged_at=BODIES["encounter"]["admitted_at"] - 1),
        said("encounter", "c", "01003", discharged_at=BODIES["encounter"]["admitted_at"] - 1, status="cancelled"),
        said("service", "d", lines=[SERVICE, SERVICE | {"unit_price": 1}]),
        rejected(sequence=9, rules=["X01"], captured_at=ENDED),
    ])  # fmt: skip
    when = ("--url", clickhouse_url, "--from", str(ON), "--to", str(ON + timedelta(days=1)))
    found = told("backtest", "X01", *when)
    assert {"documents": 2, "touched": 1, "undecided": 0, "refused": 0 + 1} == found["facilities"]["01001"]
    assert {"documents": 1, "touched": 0, "undecided": 0, "refused": 0} == found["facilities"]["01003"]
    lines = told("backtest", "X11", *when)["totals"]
    assert (1, 1) == (lines["documents"], lines["touched"])
    sealed = told("backtest", "R01", *when, "--facility", "01001")["totals"]
    assert 0 < sealed["undecided"] == sealed["documents"]
    assert (
        0
        == told("backtest", "X01", "--url", clickhouse_url, "--from", "2020-01-01", "--to", "2020-01-02")["totals"][
            "documents"
        ]
    )


def test_a_rule_of_several_documents_and_a_run(store: ClickHouse, clickhouse_url: str) -> None:
    put(store, [said("encounter", "a", parts=2, total_drugs=1), said("prescription", "a", part=2, parts=2)])
    found = told("backtest", "X13c", "--url", clickhouse_url, "--from", str(ON), "--to", str(ON))
    assert {"documents": 1, "touched": 1, "undecided": 0, "refused": 0} == found["facilities"]["01001"]
    assert [] == store.rows("SELECT * FROM visit_issues")
    did = told("run", "--url", clickhouse_url, "--settle", "0")
    assert (1, 1) == (did["visits"], did["issues"]["X13c"])


def test_what_is_misused_is_told() -> None:
    run = CliRunner().invoke
    days = ["--from", "2026-01-01", "--to", "2026-01-02", "--url", "http://127.0.0.1:1"]
    for wrong in (
        ["X99", *days],
        ["X10b", *days],
        ["X01", "--from", "x", "--to", "y"],
        ["X01", "--from", "2026-01-02", "--to", "2026-01-01"],
    ):
        assert 2 == run(build("rules"), ["rules", "backtest", *wrong]).exit_code
