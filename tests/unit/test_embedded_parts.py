"""The pure parts of the embedded ClickHouse: bodies and statements."""

import gzip
import zlib
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.embedded.body import PIECE_BYTES, BadBody, unpack
from infra.embedded.clickhouse_statement import BadRequest, Statement, read_arguments, split_statement
from infra.embedded.ready import read_ready, write_ready

MOST = 8 * 1024 * 1024


def split(body: bytes, **arguments: str) -> tuple[Statement, bytes]:
    chunks = iter([body[:7], body[7:]] if body else [])
    statement = split_statement(read_arguments(arguments), chunks)
    return statement, statement.rest + b"".join(chunks)


@pytest.mark.parametrize(
    ("head", "sql", "settings", "name"),
    [
        ("INSERT INTO t FORMAT Avro\n", "INSERT INTO t", "", "Avro"),
        ("insert into `a b`.t (`lines.code`, x.y) format Native\n", None, "", "Native"),
        ("INSERT INTO t (a) SETTINGS async_insert=0, s = 'a\\'FORMAT' FORMAT TSV\n", None, None, "TSV"),
        (" \n INSERT INTO TABLE db.t FORMAT JSONEachRow ", "INSERT INTO TABLE db.t", "", "JSONEachRow"),
        ("INSERT INTO t FORMAT CSV;\n", "INSERT INTO t", "", "CSV"),
        ('INSERT t ("format", b) FORMAT RowBinary\r\n', None, "", "RowBinary"),
    ],
)
def test_insert_head_and_data(head: str, sql: str | None, settings: str | None, name: str) -> None:
    data = b"Obj\x01\xff\n FORMAT Native\n\x00"
    statement, rest = split(head.encode() + data)
    assert (True, name, data) == (statement.is_insert, statement.format, rest)
    if sql is not None:
        assert sql == statement.sql
    if settings is not None:
        assert settings == statement.settings
    else:
        assert "SETTINGS async_insert=0, s = 'a\\'FORMAT'" == statement.settings


@given(st.binary())
def test_data_after_a_statement_in_the_url_are_untouched(data: bytes) -> None:
    statement, rest = split(data, query="INSERT INTO t (a) FORMAT Avro")
    assert ("INSERT INTO t (a)", "Avro", data) == (statement.sql, statement.format, rest)


@given(st.binary())
def test_any_bytes_are_a_statement_or_refused(body: bytes) -> None:
    with suppress(BadRequest):
        statement, rest = split(body)
        assert body.endswith(rest)
        assert statement.is_insert or body.decode() == statement.sql


@pytest.mark.parametrize(
    ("sql", "name", "answers"),
    [
        ("SELECT 1", "TabSeparated", True),
        ("-- why\n /* x */ (SELECT 1) FORMAT JSON ;", "JSON", True),
        ("INSERT INTO t VALUES ('x FORMAT Avro\n')", "TabSeparated", False),
        ("INSERT INTO t SELECT 'FORMAT Avro\n'", "TabSeparated", False),
        ("CREATE TABLE t (a Int8) ENGINE = Memory", "TabSeparated", False),
    ],
)
def test_other_statements_are_whole(sql: str, name: str, answers: bool) -> None:
    statement, rest = split(sql.encode())
    assert (sql, name, answers, False, b"") == (
        statement.sql,
        statement.format,
        statement.answers,
        statement.is_insert,
        rest,
    )


def test_the_url_begins_and_the_body_ends_a_statement() -> None:
    assert "SELECT 1 + 1" == split(b"1 + 1", query="SELECT ")[0].sql
    assert "JSON" == split(b"SELECT 1", default_format="JSON")[0].format


def test_arguments_are_sorted() -> None:
    found = read_arguments({"database": "d", "param_x": "1", "max_threads": "3", "wait_end_of_query": "1"})
    assert ("d", {"x": "1"}, {"max_threads": "3"}) == (found.database, found.parameters, found.settings)
    with pytest.raises(BadRequest, match="setting"):
        read_arguments({"a = 1, b": "2"})


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "deflate", "lz4", "ZSTD"])
@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, 3 * PIECE_BYTES + 1])
def test_bodies_unpack_in_pieces(encoding: str, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    pieces = list(unpack(_pack(body, encoding.lower()), encoding, MOST))
    assert body == b"".join(pieces)
    assert all(0 < len(piece) <= PIECE_BYTES for piece in pieces)


def _pack(body: bytes, encoding: str) -> bytes:
    if encoding in ("gzip", "deflate"):
        return gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
    if encoding == "lz4":
        return bytes(import_module("lz4.frame").compress(body))
    if encoding == "zstd":
        return bytes(pytest.importorskip("backports.zstd").compress(body))
    return body


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "lz4", "zstd"])
def test_damaged_bodies_are_refused(encoding: str) -> None:
    packed = _pack(bytes(range(256)) * 100, encoding)
    for damaged in (packed[:-3], b"x" + packed, packed + b"garbage"):
        with pytest.raises(BadBody):
            list(unpack(damaged, encoding, MOST))


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate", "lz4", "zstd"])
def test_large_bodies_are_refused(encoding: str) -> None:
    with pytest.raises(BadBody, match="larger than 100 bytes"):
        list(unpack(_pack(bytes(101), encoding), encoding, 100))


def test_unknown_encodings_are_refused() -> None:
    with pytest.raises(BadBody, match="Unknown Content-Encoding: br"):
        list(unpack(b"x", "br", MOST))


def test_ready_files(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "one.json"
    write_ready(path, {"url": "http://127.0.0.1:1"})
    assert {"url": "http://127.0.0.1:1"} == read_ready(path)
    assert [path] == list(path.parent.iterdir())
    path.write_text("[]")
    with pytest.raises(ValueError, match="object"):
        read_ready(path)
