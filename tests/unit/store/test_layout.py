"""One definition, two layouts: what one server is told and what a cluster is told."""

import re

import pytest

from schemas import clickhouse
from schemas.clickhouse import SINGLE, Layout
from schemas.clickhouse.layout import LOCAL
from schemas.kinds import KINDS
from sinks.clickhouse.migrate import RECORD

CLUSTER = Layout("city")


def test_one_server_has_no_word_of_a_cluster() -> None:
    for statement in clickhouse.statements(SINGLE):
        assert not re.search(r"CLUSTER|Replicated|Distributed|_local\b", statement)


def test_every_table_of_a_cluster_is_replicated_and_distributed() -> None:
    tables, _ = clickhouse.model()
    for table in (*tables, *RECORD):
        stored, spread = CLUSTER.create(table)
        assert stored.startswith(f"CREATE TABLE IF NOT EXISTS {table.name}{LOCAL} ON CLUSTER 'city' (")
        assert (
            "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
            in stored
        )
        assert f"ENGINE = Distributed('city', currentDatabase(), '{table.name}{LOCAL}', {table.shard})" in spread


def test_both_layouts_have_the_same_columns() -> None:
    for table in clickhouse.model()[0]:
        (single,), (stored, _) = SINGLE.create(table), CLUSTER.create(table)
        inner = re.compile(r"\((.*)\)\nENGINE", re.S)
        first, second = inner.search(single), inner.search(stored)
        assert first is not None
        assert second is not None
        assert first[1] == second[1]


@pytest.mark.parametrize("name", ["version", "rank", "loaded_at", "done_at"])
def test_the_version_column_is_an_argument_of_either_engine(name: str) -> None:
    table = next(table for table in clickhouse.model()[0] if table.version == name)
    assert f"ReplacingMergeTree({name})" in SINGLE.create(table)[0]
    assert f"'{{replica}}', {name})" in CLUSTER.create(table)[0]


def test_what_collapses_together_lies_on_one_server() -> None:
    """The sharding expression reads the sorting key, or the facility, which rows of one key share."""
    for table in clickhouse.model()[0]:
        if table.engine != "Null" and table.name != "outcomes":
            (column,) = re.findall(r"\((\w+)\)", table.shard)
            assert column in table.order.split(", ") or "facility" == column, table.name


def test_a_feed_reads_and_writes_beside_itself_unless_its_rows_belong_elsewhere() -> None:
    feeds = {feed.name: CLUSTER.feed(feed) for feed in clickhouse.model()[1]}
    assert " TO encounter_current_local AS" in feeds["encounter_to_current"]
    assert "FROM encounter_history_local" in feeds["encounter_to_current"]
    assert " TO ledger_numbers AS" in feeds["outcomes_to_ledger"]
    assert "FROM outcomes_local" in feeds["outcomes_to_ledger"]


def test_a_change_is_made_on_every_server_and_on_the_table_over_them() -> None:
    assert [
        "ALTER TABLE t_local ON CLUSTER 'city' DROP COLUMN x SETTINGS alter_sync = 0, mutations_sync = 0",
        "ALTER TABLE t ON CLUSTER 'city' DROP COLUMN x SETTINGS alter_sync = 0, mutations_sync = 0",
    ] == CLUSTER.alter("t", "DROP COLUMN x")


def test_every_table_and_column_has_a_meaning_in_both_languages() -> None:
    for table in (*clickhouse.model()[0], *RECORD):
        for comment in (table.comment, *(column.comment for column in table.columns)):
            vi, slash, en = comment.partition(" / ")
            assert (True, True, True) == (bool(vi), bool(slash), bool(en)), (table.name, comment)


def test_every_kind_keeps_its_rows_for_years() -> None:
    tables = {table.name: table for table in clickhouse.model()[0]}
    for kind in KINDS:
        for name in (f"{kind}_history", f"{kind}_current"):
            assert "keep_until" == tables[name].ttl
            assert "addYears(" in tables[name].column("keep_until").default
