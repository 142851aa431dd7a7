"""The benchmark's rows are the city's shape, and every question of it has an answer."""

from collections.abc import Iterator

import pytest

from runtime.settings import ClickHouseSettings, load
from sinks.clickhouse.client import ClickHouse, connect
from tests.bench.bench_queries import QUERIES, fill
from tests.bench.generated import AMENDED
from tests.store import one

pytestmark = pytest.mark.slow

ROWS = 1_200
MAY_BE_EMPTY = (
    "progress", "repeated tests", "repeated tests of a week", "a citizen's timeline",
    *(f"question {number}" for number in (1, 2, 3, 10, 11, 12, 14, 15)),
)  # fmt: skip


@pytest.fixture(scope="module")
def filled(clickhouse_url: str) -> Iterator[ClickHouse]:
    admin = connect(load(ClickHouseSettings, clickhouse=clickhouse_url))
    admin.command("CREATE DATABASE bench")
    made = connect(load(ClickHouseSettings, clickhouse=clickhouse_url, database="bench"))
    fill(made, ROWS)
    yield made
    made.close()
    admin.command("DROP DATABASE bench")
    admin.close()


def test_a_fiftieth_is_amended_some_come_twice_and_no_document_stands_under_two_dates(filled: ClickHouse) -> None:
    assert {"n": ROWS + ROWS // AMENDED} == one(filled, "SELECT count() AS n FROM encounter_history FINAL")
    assert {"n": ROWS, "ids": ROWS} == one(filled, "SELECT count() AS n, uniqExact(document_id) AS ids FROM encounters")
    assert {"n": 12} == one(
        filled, "SELECT uniqExact(toYYYYMM(document_date)) IN (10, 11) ? 12 : 0 AS n FROM encounters"
    )
    assert {"n": 20 * ROWS // 5} == one(filled, "SELECT count() AS n FROM observation_results")


@pytest.mark.parametrize("what", QUERIES)
def test_every_question_is_answered(filled: ClickHouse, what: str) -> None:
    rows = filled.rows(QUERIES[what])
    assert rows or what in MAY_BE_EMPTY
