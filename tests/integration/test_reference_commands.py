"""`livingdata identity`, `codes` and `claims` between files, a real Redis and a real ClickHouse."""

import asyncio
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from infra.cli import build
from infra.embedded.redis import EmbeddedRedis
from runtime import keyring
from runtime.clock import now_ms
from sinks.clickhouse.client import ClickHouse
from stream_processors import claims, identify
from stream_processors.lookup import Answers
from stream_processors.stores import Store
from tests.received import KEYRING
from tests.store import doc, put

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as made:
        yield made.url


@pytest.fixture
def city(tmp_path: Path) -> Path:
    keyring.save(KEYRING, tmp_path / "keyring.json")
    return tmp_path


def told(*arguments: str, **variables: str) -> Result:
    return CliRunner(env={"COLUMNS": "200", **variables}).invoke(build(arguments[0]), list(arguments))


def ask(url: str, event: dict[str, Any], persons: list[bytes], codes: list[tuple[bytes, bytes]]) -> Answers:
    async def run() -> Answers:
        store = Store(url, 1)
        answers = await store.claim_and_find([claims.key(event)], claims.ask(event, 1), persons, codes)
        await store.close()
        return answers

    return asyncio.run(run())


EVENT = {"adapter_id": "t", "incarnation": "i", "sequence": 1, "part": 1, "document_id": "ff" * 16, "version": 1,
         "content_hash": "a" * 32}  # fmt: skip

PEOPLE = """number,full_name,birth,sex,card
001080123456,Nguyễn Văn An,19800203,1,DN4010123456789
001199000001,Trần Thị Bình,1999,2,
12,Lê Sai Số,19700101,1,
001170000002,,19700101,1,
"""


def test_the_registry_is_imported_as_hashes(city: Path, redis: str) -> None:
    file = city / "people.csv"
    file.write_text("\ufeff" + PEOPLE, encoding="utf-8")
    command = ("identity", "import", str(file), "--keyring", str(city / "keyring.json"), "--redis", redis)
    result = told(*command, "--json")
    assert 1 == result.exit_code
    assert {"written": 2, "left_out": 2, "columns": {"number": 1, "full_name": 1}} == json.loads(result.stdout)
    shown = told(*command)
    assert "row 4: number" in shown.stderr
    assert "Lê" not in shown.output
    key = KEYRING.citizen or b""
    said = identify.ask(key, {"full_name": "NGUYỄN VĂN AN", "birth": "19800203", "cards": "0123456789"})
    found = ask(redis, EVENT, list(said.keys), [])
    assert ("probable", "I4@1") == (
        identify.decide(key, said, found.persons).tier,
        identify.decide(key, said, found.persons).rule,
    )


@pytest.mark.parametrize(
    "text", ["name,birth\n", "number,full_name,birth,secret\n", "number,full_name,birth\n1,2,3,4\n"]
)
def test_a_file_that_is_no_registry_is_misuse(city: Path, redis: str, text: str) -> None:
    file = city / "people.csv"
    file.write_text(text, encoding="utf-8")
    result = told("identity", "import", str(file), "--keyring", str(city / "keyring.json"), "--redis", redis)
    assert 2 == result.exit_code
    assert "secret" not in result.output


def test_evaluate_says_whether_the_targets_are_met() -> None:
    result = told("identity", "evaluate", "--people", "2000", "--events", "3000", "--json")
    summary = json.loads(result.stdout)
    assert (0, []) == (result.exit_code, summary["missed"])
    assert 3000 == sum(row["events"] for row in summary["tiers"].values())
    assert "what it means" in told("identity", "evaluate", "--people", "500", "--events", "500").stdout


MAPS = """facility,system,local_code,national_system,national_code,valid_from,valid_to,rule_id
01001,LAB,GLU,QD1227,2300101,2020-01-01,,map.1
,LAB,CRE,QD1227,2300103,2020-01-01,2030-01-01,map.2
01001,LAB,,QD1227,2300103,2020-01-01,,map.3
01001,LAB,URE,QD1227,2300104,yesterday,,map.4
"""


def test_code_maps_reach_workers_and_queries(city: Path, redis: str, store: ClickHouse, clickhouse_url: str) -> None:
    results = [
        {"line": n, "test_code": code, "test_system": "LAB", "test_name": name, "unit": "mmol/L"}
        for n, (code, name) in enumerate([("GLU", "Glucose"), ("CRE", "Creatinin"), ("URE", "Urê máu")], 1)
    ]
    national = [{"line": 1, "test_code": "2300104", "test_name": "Urê", "unit": "mmol/L"}]
    put(store, [doc("observation", results=results),
                doc("observation", results=national, document_id="0" * 32, sequence=2, facility="01002")])  # fmt: skip
    unmapped = [
        json.loads(line) for line in told("codes", "unmapped", "--url", clickhouse_url, "--json").stdout.splitlines()
    ]
    assert {("01001", "LAB", code) for code in ("GLU", "CRE", "URE")} == {
        (row["facility"], row["system"], row["local_code"]) for row in unmapped
    }
    file = city / "maps.csv"
    file.write_text(MAPS, encoding="utf-8")
    command = ("codes", "import", str(file), "--redis", redis, "--url", clickhouse_url, "--json")
    assert {"rows": 2, "local_codes": 2, "left_out": 2} == json.loads(told(*command).stdout)
    assert 0 == told(*command[:2], str(_only_good(city)), *command[3:]).exit_code
    places = [(b"codes:01001:LAB", b"GLU"), (b"codes::LAB", b"CRE")]
    assert all(ask(redis, EVENT, [], places).codes.values())
    left = told("codes", "unmapped", "--facility", "01001", "--url", clickhouse_url).stdout
    assert "URE" in left
    assert "GLU" not in left
    suggested = list(
        csv.DictReader(io.StringIO(told("codes", "suggest", "--least", "0.4", "--url", clickhouse_url).stdout))
    )
    assert [("URE", "2300104")] == [(row["local_code"], row["national_code"]) for row in suggested]
    assert "" == suggested[0]["valid_from"]


def _only_good(city: Path) -> Path:
    path = city / "good.csv"
    path.write_text("\n".join(MAPS.splitlines()[:3]), encoding="utf-8")
    return path


def test_claims_are_rebuilt_from_history(redis: str, store: ClickHouse, clickhouse_url: str) -> None:
    first, second = "01" * 16, "f2" * 16
    now = now_ms()
    put(store, [
        doc("encounter", document_id=first, content_hash="a" * 32, version=10, processed_at=now),
        doc("encounter", document_id=first, content_hash="b" * 32, version=20, sequence=2, outcome="amended", processed_at=now),
        doc("service", document_id=second, content_hash="c" * 32, version=5, sequence=3, processed_at=now),
    ])  # fmt: skip
    command = ("claims", "rebuild", "--redis", redis, "--url", clickhouse_url, "--days", "2", "--json")
    written = json.loads(told(*command).stdout)["written"]
    assert (1, 1, 2) == (written["encounter"], written["service"], sum(written.values()))
    assert 0 == sum(json.loads(told(*command).stdout)["written"].values())

    def outcome(document: str, number: int, version: int, content: str) -> str:
        event = {"adapter_id": "01001.his", "incarnation": "a" * 16, "sequence": number, "part": 1,
                 "document_id": document, "version": version, "content_hash": content * 32}  # fmt: skip
        return ask(redis, event, [], []).claims[0].outcome

    assert "accepted" == outcome(first, 1, 10, "a")  # its number is known
    assert "duplicate" == outcome(first, 9, 30, "b")
    assert "amended" == outcome(first, 10, 40, "a")
    assert "accepted" == outcome(second, 3, 5, "c")
    assert "duplicate" == outcome(second, 11, 6, "c")
