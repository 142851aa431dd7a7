"""What a database lacks, and only that."""

from typing import Any

import pytest

from schemas import clickhouse, registry
from schemas.clickhouse import SINGLE, Layout
from schemas.clickhouse.table import Column, Feed, Table
from sinks.clickhouse import evolve

TABLE = Table(
    "t_history",
    (Column("a", "Int64", "a / a"), Column("b", "Array(Tuple(x Int32, y Nullable(String)))", "b / b")),
    "t / t",
    order="a",
)
FEED = Feed("t_to_u", "t_history", "u", "SELECT * FROM {source}")


def found(there: dict[str, dict[str, str]], layout: Layout = SINGLE) -> list[str]:
    return evolve.statements((TABLE,), (FEED,), there, layout)


def test_a_missing_table_is_made_with_its_feed() -> None:
    made = found({})
    assert ["CREATE TABLE", "CREATE MATERIALIZED VIEW"] == [
        " ".join(s.split()[:n]) for s, n in zip(made, (2, 3), strict=True)
    ]


def test_what_is_there_is_left_alone() -> None:
    assert [] == found(
        {"t_history": {"a": "Int64", "b": "Array(Tuple(\n    x Int32,\n    `y` Nullable(String)))"}, "t_to_u": {}}
    )


def test_a_missing_column_is_added_after_its_neighbour() -> None:
    there = {"t_history": {"a": "Int64"}, "t_to_u": {}}
    (statement,) = found(there)
    assert statement.startswith("ALTER TABLE t_history ADD COLUMN IF NOT EXISTS b Array(Tuple(")
    assert "AFTER a SETTINGS" in statement


def test_a_line_gains_a_field() -> None:
    (statement,) = found({"t_history": {"a": "Int64", "b": "Array(Tuple(x Int32))"}, "t_to_u": {}})
    assert statement.startswith("ALTER TABLE t_history MODIFY COLUMN b Array(Tuple(x Int32, y Nullable(String)))")


@pytest.mark.parametrize(
    "theirs", ["Array(Tuple(x Int32, y Nullable(String), z Int8))", "Array(Tuple(x Int64))", "String"]
)
def test_what_is_no_addition_is_left_to_a_numbered_migration(theirs: str) -> None:
    assert [] == found({"t_history": {"a": "Int64", "b": theirs}, "t_to_u": {}})


def test_a_cluster_is_changed_on_its_servers_too() -> None:
    made = found({"t_history_local": {"a": "Int64"}, "t_history": {}, "t_to_u": {}}, Layout("c"))
    assert ["t_history_local", "t_history"] == [statement.split()[2] for statement in made]


def test_current_gains_its_column_before_history() -> None:
    tables, _ = clickhouse.model()
    kind = tuple(table for table in tables if table.name.startswith("referral_"))
    there = {table.name: {c.name: c.type for c in table.columns if c.name != "reason"} for table in kind}
    assert ["referral_current", "referral_history"] == [
        s.split()[2] for s in evolve.statements(kind, (), there, SINGLE)
    ]


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("Array(Tuple(a Int32))", {"a": "Int32"}),
        ("Array(Tuple(a Decimal(18, 3), b Array(Tuple(c String, d Int8))))",
         {"a": "Decimal(18,3)", "b": "Array(Tuple(cString,dInt8))"}),
        ("Array(String)", {}),
    ],
)  # fmt: skip
def test_fields_of_lines(type_: str, expected: dict[str, str]) -> None:
    assert expected == evolve.lines(type_)


def _older(fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"fields": fields}


def test_the_way_in_has_plain_columns_and_the_history_low_cardinality() -> None:
    for kind, versions in registry.accepted_versions().items():
        for schema_id, schema in versions.items():
            table, feed = clickhouse.landing(kind, schema_id, schema)
            assert ("Null", f"{kind}_history", table.name) == (table.engine, feed.target, feed.source)
            assert [] == [column.name for column in table.columns if "LowCardinality" in column.type]
    tables = {table.name: table for table in clickhouse.model()[0]}
    assert "LowCardinality(String)" == tables["encounter_history"].column("facility").type


def test_a_schema_with_shorter_lines_has_a_way_in_of_that_shape() -> None:
    newest = registry.accepted_versions()["prescription"]
    (schema_id, schema), *_ = newest.items()
    fields = [dict(field) for field in schema["fields"] if field["name"] != "marks"]
    for field in fields:
        if field["name"] == "lines":
            items = field["type"]["items"]
            short = [line for line in items["fields"] if line["name"] != "dose"]
            field["type"] = {"type": "array", "items": items | {"fields": short}}
    table, feed = clickhouse.landing("prescription", 900, _older(fields))
    assert ("prescription_from_900", "Null", "prescription_history") == (table.name, table.engine, feed.target)
    assert "marks" not in [column.name for column in table.columns]
    assert " dose " not in table.column("lines").type
    assert " drug_name " in table.column("lines").type
    assert 900 != schema_id
