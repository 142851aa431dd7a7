"""One embedded ClickHouse for all tests of the store."""
# ruff: noqa: S608 (the names put into SQL are the tests' own)

from collections.abc import Iterator

import pytest

from infra.embedded.clickhouse import EmbeddedClickHouse
from runtime.settings import SinkSettings, load
from sinks.clickhouse import migrate
from sinks.clickhouse.client import ClickHouse, connect
from sinks.clickhouse.migrations import MIGRATIONS


@pytest.fixture(scope="session")
def clickhouse_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an embedded ClickHouse."""
    with EmbeddedClickHouse(tmp_path_factory.mktemp("clickhouse"), memory_mib=2_048) as made:
        yield made.url


@pytest.fixture(scope="session")
def migrated(clickhouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    made = connect(
        load(SinkSettings, kafka="unused:1", data=tmp_path_factory.mktemp("sink"), clickhouse=clickhouse_url)
    )
    migrate.migrate(made)
    yield made
    made.close()


@pytest.fixture
def store(migrated: ClickHouse) -> ClickHouse:
    """All tables and views, empty."""
    kept = "'schema_migrations', 'schema_views'"
    filled = (
        f"SELECT name FROM system.tables WHERE database = currentDatabase() AND total_rows > 0 AND name NOT IN ({kept})"
    )
    for row in migrated.rows(filled):
        migrated.command(f"TRUNCATE TABLE {row['name']}")
    for migration in MIGRATIONS:
        for statement in migration.statements:
            migrated.command(statement)
    return migrated
