"""`access.sql`, statement by statement, with the engine's own parser, and as far as an engine without access storage goes."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import pytest

from infra.access import render
from infra.access.roles import roles
from sinks.clickhouse.client import Away, ClickHouse
from tests.store import one

pytestmark = pytest.mark.slow

FILE: Final = Path(__file__).parents[2] / "infra" / "clickhouse" / "access.sql"
NO_STORAGE: Final = "514"
"""Parsed, checked, and nowhere to write it: the embedded engine keeps no access entities."""
NO_ROLE: Final = "511"
"""Parsed, and the role that it names could not be made before."""


def statements() -> list[str]:
    """As `clickhouse-client --multiquery < access.sql` cuts them."""
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("--")]
    assert all(line.endswith(";") for line in lines)
    return [line[:-1] for line in lines]


def refusal(store: ClickHouse, sql: str) -> str:
    """The code with which the engine refuses a statement; empty where it does not."""
    try:
        store.command(sql)
    except Away as trouble:
        found = re.search(r"code (\d+)", str(trouble))
        return found[1] if found else str(trouble)
    return ""


def test_every_statement_is_one_that_the_engine_reads(store: ClickHouse) -> None:
    """The parser gives each back with the same words; text that is no statement is refused."""
    told = statements()
    assert 400 < len(told)
    sql = "SELECT arrayMap(x -> formatQuerySingleLineOrNull(x), {told:Array(String)}) AS read"
    (row,) = store.rows(sql, {"told": told})
    assert [] == [statement for statement, read in zip(told, row["read"], strict=True) if not read]
    kinds = {" ".join(read.split()[:2]) for read in row["read"]}
    assert {"CREATE SETTINGS", "CREATE ROLE", "CREATE QUOTA", "CREATE ROW"} <= kinds
    (row,) = store.rows(sql, {"told": ["GRANT SELEKT ON a TO b", "CREATE ROW POLICY ON x"]})
    assert [None, None] == row["read"]


def test_what_can_be_run_is_refused_for_want_of_storage_alone(store: ClickHouse) -> None:
    """One of each sort is run: settings and their values, limits, rights and conditions are known to the engine."""
    sorts: dict[str, str] = {}
    for statement in statements():
        sorts.setdefault(re.sub(r"(livingdata_\w+|\S+\.\S+|\(.*?\)).*", "", statement), statement)
    assert 6 < len(sorts)
    for statement in sorts.values():
        assert refusal(store, statement) in (NO_STORAGE, NO_ROLE), statement
    assert "115" == refusal(store, "CREATE SETTINGS PROFILE x SETTINGS no_such_setting = 1")


def test_every_grant_names_what_is_there(store: ClickHouse) -> None:
    """A misspelt table or column would be granted in silence by a server."""
    there = {
        (row["table"], row["name"])
        for row in store.rows("SELECT table, name FROM system.columns WHERE database = currentDatabase()")
    }
    tables = {table for table, _ in there}
    for role in roles().values():
        parameterised = {name for name in role.reads if name not in tables}
        assert parameterised <= {"timeline_of", "visits_between", "repeated_tests_between"}
        for name, shown in role.reads.items():
            assert {(name, column) for column in shown or ()} <= there
        assert set(role.writes) <= tables


def test_every_policy_is_a_condition_on_its_table(store: ClickHouse) -> None:
    """Each is put to its table as a WHERE, with the user's name as a server would have it."""
    conditions = {
        (relation, condition)
        for role in roles().values()
        for relation, condition in render.conditions(role, "substring('facility_01001', 10)").items()
    }
    each = [f"SELECT count() AS n FROM {relation} WHERE {condition}" for relation, condition in sorted(conditions)]  # noqa: S608
    assert 10 < len(each)
    assert {"n": 0} == one(store, f"SELECT sum(n) AS n FROM ({' UNION ALL '.join(each)})")  # noqa: S608


def test_a_password_is_asked_for_by_the_hash_of_it(tmp_path: Path) -> None:
    """The users file as a server takes it: with the hash in the environment it loads, without it does not."""
    made = render.users_file().replace("<clickhouse>", f"<clickhouse><users_config>{tmp_path}/users.xml</users_config>")
    own = "<users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>"
    own += "<access_management>1</access_management></default>"
    made = made.replace("<users>", own, 1).replace("<profiles>", "<profiles><default></default>", 1)
    made = made.replace("<quotas>", "<quotas><default></default>", 1)
    (tmp_path / "users.xml").write_text(made, encoding="utf-8")
    names = dict.fromkeys(re.findall(r'from_env="(\w+)"', made), "0" * 64)
    assert {f"LIVINGDATA_{role.name.upper()}_PASSWORD_SHA256" for role in roles().values() if not role.own_facility} == set(names)  # fmt: skip

    def opened(environment: dict[str, str]) -> Any:
        return subprocess.run(
            [sys.executable, "-m", "tests.as_role", str(tmp_path / "users.xml"), str(tmp_path / "data")],
            input=json.dumps(["SELECT count() FROM system.users"]), capture_output=True, text=True, timeout=120,
            check=False, cwd=FILE.parents[2], env=environment,
        )  # fmt: skip

    process = opened({"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **names})
    assert 0 == process.returncode, process.stderr[-2000:]
    assert [[[len(names) + 1]]] == json.loads(process.stdout.splitlines()[-1])
    assert 0 != opened({"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}).returncode


def test_the_access_log_has_a_retention_of_its_own(store: ClickHouse) -> None:
    """Here 30 days as the embedded engine is configured; a server gets five years by the file beside."""
    store.command("SYSTEM FLUSH LOGS")
    made = one(store, "SELECT engine_full FROM system.tables WHERE database = 'system' AND name = 'query_log'")
    assert "TTL event_date + toIntervalDay(30)" in made["engine_full"]
    for name in ("query_log.xml", "cluster.xml"):
        log = ElementTree.parse(FILE.parent / name).getroot().find("query_log")  # noqa: S314 (our own files)
        assert log is not None
        assert "event_date + INTERVAL 5 YEAR" == log.findtext("ttl")
