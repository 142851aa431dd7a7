"""`livingdata sql` and `livingdata clickhouse` as a person or a machine uses them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli import build
from runtime.settings import ClickHouseSettings, load
from sinks.clickhouse.client import ClickHouse, connect
from sinks.clickhouse.migrations import MIGRATIONS
from tests.store import doc, put

pytestmark = pytest.mark.slow


class Told:
    """Exit code and what was printed."""

    def __init__(self, url: str, *arguments: str, **variables: str) -> None:
        runner = CliRunner(env={"LIVINGDATA_CLICKHOUSE": url, "COLUMNS": "200", **variables})
        result = runner.invoke(build(arguments[0]), list(arguments))
        self.code, self.out, self.err = result.exit_code, result.stdout, result.stderr

    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def empty(clickhouse_url: str) -> Iterator[str]:
    """The name of a database without a table."""
    admin = connect(load(ClickHouseSettings, clickhouse=clickhouse_url))
    admin.command("CREATE DATABASE commands")
    yield "commands"
    admin.command("DROP DATABASE commands")
    admin.close()


def test_rows_as_a_table_and_as_lines(store: ClickHouse, clickhouse_url: str) -> None:
    put(store, [doc("encounter", main_diagnosis="J18")])
    query = "SELECT facility, main_diagnosis, visit_type FROM visits"
    shown = Told(clickhouse_url, "sql", query)
    assert 0 == shown.code
    assert {"01001", "J18", "–"} <= set(shown.out.replace("│", " ").split())
    assert [{"facility": "01001", "main_diagnosis": "J18", "visit_type": None}] == Told(clickhouse_url, "sql", query, "--json").lines()  # fmt: skip


def test_what_is_left_out_is_said(store: ClickHouse, clickhouse_url: str) -> None:
    assert store is not None
    told = Told(clickhouse_url, "sql", "SELECT number FROM numbers(5)", "--limit", "2")
    assert "3 dòng nữa / more rows" in told.err


def test_the_purpose_is_kept_in_the_query_log(store: ClickHouse, clickhouse_url: str) -> None:
    assert 0 == Told(clickhouse_url, "sql", "SELECT count() FROM visits", "--purpose", "báo cáo tuần").code
    store.command("SYSTEM FLUSH LOGS")
    asked = store.rows(
        "SELECT DISTINCT log_comment FROM system.query_log WHERE query LIKE 'SELECT count() FROM visits%'"
    )
    assert "báo cáo tuần" in {row["log_comment"] for row in asked}


@pytest.mark.parametrize(
    "query", ["DROP TABLE encounter_history", "SELECT no_such_column FROM visits", "no sql at all"]
)
def test_what_cannot_be_answered_says_why_and_fails(store: ClickHouse, clickhouse_url: str, query: str) -> None:
    assert store is not None
    told = Told(clickhouse_url, "sql", query)
    assert (1, "") == (told.code, told.out)
    assert told.err.strip()


def test_a_missing_address_is_misuse_and_an_absent_server_is_failure() -> None:
    from runtime.settings import SettingsError

    with pytest.raises(SettingsError):
        CliRunner(env={"LIVINGDATA_CLICKHOUSE": ""}).invoke(build("sql"), ["sql", "SELECT 1"], catch_exceptions=False)
    assert 1 == Told("http://127.0.0.1:1", "sql", "SELECT 1").code
    assert 2 == Told("http://127.0.0.1:1", "sql", "SELECT 1", "--purpose", "x" * 501).code


def test_status_migrate_status(clickhouse_url: str, empty: str) -> None:
    def told(*arguments: str) -> Told:
        return Told(clickhouse_url, "clickhouse", *arguments, LIVINGDATA_DATABASE=empty)

    before = told("status", "--json")
    assert (1, False) == (before.code, before.lines()[0]["current"])
    assert "base" in told("status").out
    assert 0 == told("migrate").code
    after = told("status", "--json")
    assert (0, True) == (after.code, after.lines()[0]["current"])
    assert [migration.number for migration in MIGRATIONS] == [row["number"] for row in after.lines()[0]["applied"]]


def test_the_statements_of_a_cluster_need_no_server() -> None:
    told = Told("http://127.0.0.1:1", "clickhouse", "ddl", "--cluster", "city")
    assert 0 == told.code
    assert "ReplicatedReplacingMergeTree" in told.out
    assert "ON CLUSTER" not in Told("http://127.0.0.1:1", "clickhouse", "ddl").out


def test_the_access_report_says_who_read_what_and_why(store: ClickHouse, clickhouse_url: str) -> None:
    put(store, [doc("encounter")])
    assert 0 == Told(clickhouse_url, "sql", "SELECT patient_key FROM encounters", "--purpose", "điều tra ca bệnh").code
    assert 0 == Told(clickhouse_url, "sql", "SELECT facility FROM visit_counts").code
    store.command("SYSTEM FLUSH LOGS")
    told = Told(clickhouse_url, "access", "report", "--days", "1", "--json")
    assert 0 == told.code
    rows = {row["purpose"]: row for row in told.lines() if "encounters" in row["relations"].split(", ")}
    assert (True, 1, 0) == tuple(rows["điều tra ca bệnh"][name] for name in ("about_persons", "questions", "refused"))
    silent = Told(clickhouse_url, "access", "report", "--days", "1", "--without-purpose", "--json").lines()
    assert {""} == {row["purpose"] for row in silent}
    assert "patient_key" not in told.out  # no text of a question


def test_roles_are_shown_and_printed_as_configuration() -> None:
    url = "http://127.0.0.1:1"
    assert {"analyst", "facility_reader", "sink_writer"} <= {
        row["role"] for row in Told(url, "access", "roles", "--json").lines()
    }
    own = Told(url, "access", "users", "--facility", "01003").out
    assert "<facility_01003>" in own
    assert "facility = '01003' AND sensitivity = 'normal'" in own
    assert "CREATE ROW POLICY IF NOT EXISTS facility_reader ON health.encounter_current" in Told(url, "access", "sql", "--database", "health").out  # fmt: skip
