"""The doctor on running servers: what is well is told as well, what was broken is found."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from infra.cli import build
from infra.doctor import store as looks
from runtime import keyring
from schemas.clickhouse import Layout
from sinks.clickhouse.client import ClickHouse
from tests.servers import Servers
from tests.store import doc, put

pytestmark = pytest.mark.slow

CODES = ["01001"]


def city(folder: Path, servers: Servers, clickhouse: str) -> None:
    """The files of three roles, as a demo writes them."""
    ring = keyring.create(CODES)
    keyring.save(ring, folder / "city.json")
    keyring.save(ring.only(CODES), folder / "adapter.json")
    feed = {"facility": "01001", "system": "HIS", "dialect": "hl7v2", "options": {"listen": "127.0.0.1:2575"}}
    roles: dict[str, dict[str, Any]] = {
        "adapter": {"keyring": str(folder / "adapter.json"), "feeds": [feed]},
        "processor": {"keyring": str(folder / "city.json"), "redis": servers.redis},
        "sink": {"clickhouse": clickhouse},
    }
    common = {"kafka": servers.kafka, "embedded_kafka": servers.embedded, "data": str(folder)}
    for name, values in roles.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(common | values), encoding="utf-8")
    system = {"system": "HIS", "dialect": "hl7v2", "kinds": ["encounter"]}
    (folder / "facilities.yaml").write_text(yaml.safe_dump([{"code": "01001", "name": "A", "systems": [system]}]))


def told(*arguments: object) -> dict[str, Any]:
    done = CliRunner().invoke(build("doctor"), ["doctor", *map(str, arguments), "--json"])
    found: dict[str, Any] = json.loads(done.stdout)
    return {f"{one['check']} {one['subject']}": one["level"] for one in found["findings"]} | {"exit": done.exit_code}


def test_a_city_that_is_well(servers: Servers, store: ClickHouse, clickhouse_url: str, tmp_path: Path) -> None:
    city(tmp_path, servers, clickhouse_url)
    store.insert_rows("facilities", ["facility", "kind", "source_system"], [["01001", "encounter", "HIS"]])
    found = told("--data", tmp_path)
    broken = {name for name, level in found.items() if level == "failed"}
    assert set() == broken
    assert 0 == found["exit"]
    assert {"ok"} == {
        found[name]
        for name in (
            "redis maxmemory-policy", "clock redis", "clock clickhouse", "migrations clickhouse", "register clickhouse",
            "keys pairs", "documents dates", "feeds silent", "ledger balance",
        )
    }  # fmt: skip
    assert ("unknown" if servers.embedded else "ok") == found["kafka topics" if servers.embedded else "topics all"]


def test_an_embedded_broker_that_the_settings_take_for_a_real_one(
    servers: Servers, store: ClickHouse, clickhouse_url: str, tmp_path: Path
) -> None:
    assert store is not None
    city(tmp_path, Servers(servers.kafka, servers.redis, not servers.embedded), clickhouse_url)
    assert ("failed" if servers.embedded else "warning") == told("--data", tmp_path)["kafka embedded_kafka"]


def test_documents_under_two_dates_and_a_hole_in_the_ledger(store: ClickHouse) -> None:
    put(store, [doc("encounter", sequence=1), doc("encounter", sequence=3)])
    store.command(
        "INSERT INTO encounter_current SELECT * REPLACE (toDate('2020-01-01') AS document_date) FROM encounter_current "
        "LIMIT 1"
    )
    found = {(one.check, one.subject): one for one in looks.examine_store(store, Layout())}
    assert ("warning", True) == (found["documents", "dates"].level, "encounter 1" in found["documents", "dates"].en)
    assert "failed" == found["ledger", "balance"].level
    store.command(
        "ALTER TABLE encounter_current DELETE WHERE (facility, document_id, document_date, version) NOT IN (SELECT "
        "facility, document_id, argMax(document_date, (version, document_date)), max(version) FROM encounter_current "
        "GROUP BY facility, document_id) SETTINGS mutations_sync = 1"
    )
    assert {"ok"} == {one.level for one in looks.examine_store(store, Layout()) if one.check == "documents"}


def test_a_database_without_tables_is_told_and_nothing_else_is_asked(store: ClickHouse) -> None:
    class Empty:
        def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
            return [] if "system.columns" in sql else store.rows(sql, parameters)

        def command(self, sql: str) -> None: ...
        def insert_rows(self, table: str, columns: list[str], rows: list[list[Any]]) -> None: ...

    found = looks.examine_store(Empty(), Layout())
    assert ["failed"] == [one.level.value for one in found if one.check == "migrations"]
    assert not [one for one in found if one.check in ("ledger", "documents")]
