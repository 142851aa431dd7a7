"""The embedded ClickHouse through the client that everything else uses."""

import gzip
import http.client
import io
import json
import signal
import sys
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import clickhouse_connect
import fastavro
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from infra.embedded.clickhouse import EmbeddedClickHouse
from infra.embedded.supervisor import pss_mib

pytestmark = pytest.mark.slow

SCHEMA = {
    "type": "record",
    "name": "prescription",
    "fields": [
        {"name": "document_id", "type": "string"},
        {"name": "version", "type": "long"},
        {"name": "note", "type": ["null", "string"]},
        {"name": "occurred_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {
            "name": "lines",
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "line",
                    "fields": [
                        {"name": "code", "type": "string"},
                        {"name": "amount", "type": ["null", "long"]},
                    ],
                },
            },
        },
    ],
}
COLUMNS = ["document_id", "version", "note", "occurred_at", "lines.code", "lines.amount"]
TABLE = """
CREATE TABLE prescriptions (
    document_id String, version Int64, note Nullable(String), occurred_at DateTime64(3, 'UTC'),
    lines Nested(code LowCardinality(String), amount Nullable(Int64)), worker String DEFAULT 'none'
) ENGINE = ReplacingMergeTree(version) ORDER BY document_id
"""
INSERT_SETTINGS = {
    "async_insert": 0,
    "deduplicate_insert": "disable",
    "input_format_avro_allow_missing_fields": 1,
    "max_partitions_per_insert_block": 0,
}


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "lz4": lambda body: bytes(import_module("lz4.frame").compress(body)),
    # Two frames, one after the other, are one body.
    "zstd": lambda body: b"".join(bytes(compress_zstd(part)) for part in (body[:10_000], body[10_000:])),
}


def compress_zstd(body: bytes) -> bytes:
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    return bytes(import_module(name).compress(body))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClickHouse]:
    with EmbeddedClickHouse(tmp_path_factory.mktemp("clickhouse")) as one:
        yield one


@pytest.fixture
def client(server: EmbeddedClickHouse, request: pytest.FixtureRequest) -> Iterator[Any]:
    database = f"t_{abs(hash(request.node.name))}"
    with clickhouse_connect.get_client(host=server.host, port=server.port) as first:
        first.command(f"CREATE DATABASE {database}")
        with clickhouse_connect.get_client(host=server.host, port=server.port, database=database) as one:
            yield one
        first.command(f"DROP DATABASE {database}")


def records(count: int, version: int = 1, note_bytes: int = 0) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {
            "document_id": f"d{number}",
            "version": version,
            "note": None if number % 2 else f"ghi chú\n{number}" + "x" * note_bytes,
            "occurred_at": 1_700_000_000_123 + number,
            "lines": [{"code": "C09AA", "amount": 1500}, {"code": "C07AB", "amount": None}][: number % 3],
        }


def container(rows: Iterator[dict[str, Any]], codec: str = "null") -> bytes:
    file = io.BytesIO()
    fastavro.writer(file, SCHEMA, rows, codec=codec)
    return file.getvalue()


def insert_avro(client: Any, body: bytes, **more: Any) -> Any:
    return client.raw_insert("prescriptions", COLUMNS, insert_block=body, fmt="Avro", settings=INSERT_SETTINGS, **more)


def test_avro_rows_arrive_whole(client: Any) -> None:
    client.command(TABLE)

    summary = insert_avro(client, container(records(5)))

    assert 5 == summary.written_rows
    rows = client.query("SELECT * FROM prescriptions ORDER BY document_id").named_results()
    expected = [
        (one["document_id"], one["note"], [line["code"] for line in one["lines"]], [x["amount"] for x in one["lines"]])
        for one in records(5)
    ]
    found = list(rows)
    assert expected == [(r["document_id"], r["note"], r["lines.code"], r["lines.amount"]) for r in found]
    assert [1_700_000_000_123 + n for n in range(5)] == [round(r["occurred_at"].timestamp() * 1000) for r in found]
    assert {"none"} == {r["worker"] for r in found}


@pytest.mark.parametrize("compression", sorted(PACKERS))
def test_packed_bodies(client: Any, compression: str) -> None:
    client.command(TABLE)
    body = container(records(3000))
    packed = PACKERS[compression](body)

    insert_avro(client, packed, compression=compression)

    assert 3000 == client.command("SELECT count() FROM prescriptions")


def test_large_insert_is_one_part(client: Any) -> None:
    client.command(TABLE)

    insert_avro(client, container(records(40_000, note_bytes=2000)))

    assert 40_000 == client.command("SELECT count() FROM prescriptions")
    parts = "SELECT count() FROM system.parts WHERE active AND database = currentDatabase()"
    assert 1 == client.command(parts)


def test_a_setting_takes_effect_and_is_gone_with_its_request(client: Any) -> None:
    client.command(TABLE)
    body = container(records(1))
    columns = [*COLUMNS, "worker"]

    with pytest.raises(DatabaseError, match="THERE_IS_NO_COLUMN"):
        client.raw_insert("prescriptions", columns, insert_block=body, fmt="Avro")
    client.raw_insert("prescriptions", columns, insert_block=body, fmt="Avro", settings=INSERT_SETTINGS)
    with pytest.raises(DatabaseError, match="THERE_IS_NO_COLUMN"):
        client.raw_insert("prescriptions", columns, insert_block=body, fmt="Avro")

    assert "1" == str(client.command("SELECT getSetting('max_threads')", settings={"max_threads": 1}))
    assert "2" == str(client.command("SELECT getSetting('max_threads')"))


@pytest.mark.parametrize(("limit", "works"), [(0, True), (2, False)])
def test_partitions_of_one_insert(client: Any, limit: int, works: bool) -> None:
    client.command("CREATE TABLE many (p UInt32) ENGINE = MergeTree PARTITION BY p ORDER BY p")
    rows = [[number] for number in range(150)]
    settings = {"max_partitions_per_insert_block": limit, "throw_on_max_partitions_per_insert_block": 1}

    if works:
        client.insert("many", rows, column_names=["p"], settings=settings)
    else:
        with pytest.raises(DatabaseError, match="TOO_MANY_PARTS"):
            client.insert("many", rows, column_names=["p"], settings=settings)

    assert (150 if works else 0) == client.command("SELECT count() FROM many")


def test_the_same_insert_twice_is_stored_twice(client: Any) -> None:
    client.command("CREATE TABLE plain (n Int64) ENGINE = MergeTree ORDER BY n")
    for _ in range(2):
        client.insert("plain", [[1], [2]], column_names=["n"], settings={"deduplicate_insert": "disable"})
    assert 4 == client.command("SELECT count() FROM plain")


def test_native_insert_and_select(client: Any) -> None:
    client.command(
        "CREATE TABLE n (id Int64, name LowCardinality(String), tags Array(Nullable(String)), m Map(String, Int64),"
        " amount Decimal(18, 3), at DateTime64(3, 'Asia/Ho_Chi_Minh')) ENGINE = MergeTree ORDER BY id"
    )
    client.query("INSERT INTO n VALUES (3, 'FORMAT Avro\\nx', [], {}, 0.5, '2026-11-24 07:00:00.5')")
    client.insert("n", [[1, "Bạch Mai", ["a", None], {"k": 7}]], column_names=["id", "name", "tags", "m"])

    found = client.query("SELECT id, name, tags, m, toString(amount), toString(at, 'UTC') FROM n ORDER BY id")

    assert (1, "Bạch Mai", ["a", None], {"k": 7}, "0", "1970-01-01 00:00:00.000") == found.result_rows[0]
    assert (3, "FORMAT Avro\nx", [], {}, "0.5", "2026-11-24 00:00:00.500") == found.result_rows[1]


def test_parameters(client: Any) -> None:
    text = "tab\t quote' back\\slash\nline `x` Đỗ"
    sql = "SELECT {text:String}, {many:Array(Int32)}, {none:Nullable(String)}, {long:String}"
    values = {"text": text, "many": [1, 2], "none": None, "long": "x" * 200_000}

    ((found, many, none, long),) = client.query(sql, parameters=values).result_rows

    assert (text, [1, 2], None, 200_000) == (found, many, none, len(long))


@pytest.mark.parametrize(
    ("sql", "code"),
    [("SELECT * FROM nowhere", 60), ("SELEC 1", 62), ("SELECT 1 SETTINGS no_such_setting = 1", 115), ("1 + 1", 62)],
)
def test_errors_carry_code_and_text(client: Any, sql: str, code: int) -> None:
    with pytest.raises(DatabaseError) as caught:
        client.command(sql)
    assert code == caught.value.code
    assert f"Code: {code}. DB::Exception" in str(caught.value)


def test_a_damaged_insert_stores_nothing(client: Any) -> None:
    client.command(TABLE)
    body = container(records(100))
    with pytest.raises(DatabaseError):
        insert_avro(client, body[: len(body) // 2])
    with pytest.raises(DatabaseError, match="ends early"):
        insert_avro(client, gzip.compress(body)[:-50], compression="gzip")
    with pytest.raises(DatabaseError, match="damaged"):
        insert_avro(client, b"no gzip at all", compression="gzip")
    assert 0 == client.command("SELECT count() FROM prescriptions")


def test_view_and_final(client: Any) -> None:
    client.command(TABLE)
    client.command(
        "CREATE TABLE current (document_id String, version Int64) "
        "ENGINE = ReplacingMergeTree(version) ORDER BY document_id"
    )
    client.command("CREATE MATERIALIZED VIEW feed TO current AS SELECT document_id, version FROM prescriptions")

    for version in (2, 3, 1):
        insert_avro(client, container(records(10, version)))

    assert 30 == client.command("SELECT count() FROM current")
    assert [(10, 3, 3)] == client.query("SELECT count(), min(version), max(version) FROM current FINAL").result_rows


def test_a_view_that_fails_fails_the_insert(client: Any) -> None:
    client.command(TABLE)
    client.command("CREATE TABLE checked (version Int64) ENGINE = MergeTree ORDER BY version")
    client.command(
        "CREATE MATERIALIZED VIEW check TO checked AS SELECT version + throwIf(version = 7, 'seven') AS version"
        " FROM prescriptions"
    )
    with pytest.raises(DatabaseError, match="seven"):
        insert_avro(client, container(records(10, version=7)))
    assert 0 == client.command("SELECT count() FROM checked")


def test_the_query_log_knows_the_purpose(client: Any) -> None:
    client.query("SELECT 41 + 1", settings={"log_comment": "weekly report"})
    client.command("SYSTEM FLUSH LOGS")
    sql = "SELECT query FROM system.query_log WHERE log_comment = 'weekly report' AND type = 'QueryFinish'"
    assert [("SELECT 41 + 1\n FORMAT Native",)] == client.query(sql).result_rows


def test_statements_run_side_by_side(server: EmbeddedClickHouse, client: Any) -> None:
    with clickhouse_connect.get_client(host=server.host, port=server.port) as other, ThreadPoolExecutor(1) as threads:
        slow = threads.submit(
            other.query,
            "SELECT sum(sleepEachRow(0.05)) FROM numbers(4000)",
            settings={"max_block_size": 1, "max_execution_time": 20, "log_comment": "the slow one"},
        )
        while not client.command("SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow(0.05)%4000%'"):
            pass
        assert 2 == client.command("SELECT 1 + 1")
        assert not slow.done()
        client.command("KILL QUERY WHERE query LIKE '%sleepEachRow(0.05)%4000%' ASYNC")
        assert isinstance(slow.exception(30), DatabaseError)


def ask(server: EmbeddedClickHouse, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, str]:
    with closing(http.client.HTTPConnection(server.host, server.port)) as connection:
        connection.request("POST", "/", body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_plain_http(server: EmbeddedClickHouse) -> None:
    assert (200, "1\t2\n") == ask(server, b"SELECT 1, 2")
    status, body = ask(server, b"SELECT 1 AS a FORMAT JSON")
    assert (200, [{"a": 1}]) == (status, json.loads(body)["data"])
    assert 404 == ask(server, b"SELECT * FROM nowhere")[0]
    assert 400 == ask(server, b"\xff\xfe")[0]
    assert 400 == ask(server, b"  ")[0]


def test_get_only_reads(server: EmbeddedClickHouse, client: Any) -> None:
    client.command("CREATE TABLE plain (n Int64) ENGINE = MergeTree ORDER BY n")
    with closing(http.client.HTTPConnection(server.host, server.port)) as connection:
        for sql, status in (("SELECT 1", 200), ("INSERT INTO plain VALUES (1)", 500), ("DROP TABLE plain", 500)):
            connection.request("GET", "/?" + urlencode({"query": sql, "database": client.database}))
            answer = connection.getresponse()
            answer.read()
            assert status == answer.status
    assert 0 == client.command("SELECT count() FROM plain")


def test_data_after_a_statement_in_the_url(client: Any) -> None:
    client.command("CREATE TABLE plain (n Int64, s String) ENGINE = MergeTree ORDER BY n")
    client.command("INSERT INTO plain FORMAT JSONEachRow", data='{"n": 1, "s": "FORMAT x\\n"}\n{"n": 2}')
    client.command("INSERT INTO plain (n) SETTINGS input_format_allow_errors_num = 1 FORMAT TSV\n3\nx\n4")
    assert [(1, "FORMAT x\n"), (2, ""), (3, ""), (4, "")] == client.query("SELECT * FROM plain ORDER BY n").result_rows


def test_data_after_a_statement_with_comments(client: Any) -> None:
    client.command("CREATE TABLE plain (s String) ENGINE = MergeTree ORDER BY s")
    insert = '-- one\n/* two */ INSERT INTO plain FORMAT JSONEachRow\n{"s": ";\\nDROP TABLE plain"}\n'
    client.query(insert)
    assert [(";\nDROP TABLE plain",)] == client.query("SELECT * FROM plain").result_rows


def test_one_statement_a_request(client: Any) -> None:
    client.command("CREATE TABLE plain (s String) ENGINE = MergeTree ORDER BY s")
    with pytest.raises(DatabaseError, match="Multi-statements"):
        client.command("CREATE TABLE other (n Int8) ENGINE = Memory; DROP TABLE plain")
    client.command("INSERT INTO plain VALUES ('a; b'), ('c;\n');")
    assert 2 == client.command("SELECT count() FROM plain; -- that is all")
    assert ["plain"] == [name for (name,) in client.query("SHOW TABLES").result_rows]


def test_other_users_are_refused(server: EmbeddedClickHouse) -> None:
    with pytest.raises(DatabaseError) as caught:
        clickhouse_connect.get_client(host=server.host, port=server.port, username="analyst")
    assert 516 == caught.value.code
    assert 403 == ask(server, b"SELECT 1", {"X-ClickHouse-User": "analyst"})[0]
    assert 403 == ask(server, b"SELECT 1", {"Authorization": "Basic ???"})[0]
    assert 200 == ask(server, b"SELECT 1", {"X-ClickHouse-User": "default"})[0]


def test_what_needs_a_session_is_refused(server: EmbeddedClickHouse) -> None:
    for sql in (b"SET max_threads = 1", b"USE system", b"CREATE TEMPORARY TABLE t (a Int8)"):
        status, text = ask(server, sql)
        assert 501 == status
        assert "no sessions" in text


def test_web_pages_are_refused(server: EmbeddedClickHouse) -> None:
    assert 403 == ask(server, b"SELECT 1", {"Origin": "https://example.org"})[0]
    assert 403 == ask(server, b"SELECT 1", {"Host": "evil.example"})[0]


def test_a_bomb_is_refused(server: EmbeddedClickHouse) -> None:
    packer = zlib.compressobj(9, wbits=31)
    blanks = b" " * (1 << 20)
    bomb = b"".join(packer.compress(blanks) for _ in range(600)) + packer.flush()
    before = pss_mib([server.pid])

    status, text = ask(server, bomb, {"Content-Encoding": "gzip"})

    assert 400 == status
    assert "longer than" in text
    assert 200 > pss_mib([server.pid]) - before


def test_a_long_statement_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with EmbeddedClickHouse(tmp_path) as server, ThreadPoolExecutor(1) as threads:
        slow = threads.submit(
            ask, server, b"SELECT sum(sleepEachRow(0.05)) FROM numbers(4000) SETTINGS max_block_size = 1"
        )
        while (
            "0\n"
            == ask(
                server,
                b"SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow(0.05)%4000%'"
                b" AND query NOT LIKE '%processes%'",
            )[1]
        ):
            pass
        assert 0 == server.end(signal.SIGTERM)
        assert slow.exception(20) is not None or 200 != slow.result()[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_data_survive_a_restart(tmp_path: Path, number: signal.Signals) -> None:
    with EmbeddedClickHouse(tmp_path) as server:
        with clickhouse_connect.get_client(host=server.host, port=server.port) as client:
            client.command("CREATE TABLE kept (n Int64) ENGINE = MergeTree ORDER BY n")
            client.insert("kept", [[n] for n in range(1000)], column_names=["n"])
        server.end(number)
    with (
        EmbeddedClickHouse(tmp_path) as again,
        clickhouse_connect.get_client(host=again.host, port=again.port) as client,
    ):
        assert [1000, 499_500] == [int(v) for v in client.command("SELECT count(), sum(n) FROM kept")]
