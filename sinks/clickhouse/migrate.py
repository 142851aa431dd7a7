"""Tables and views, and the facility register. Running it again changes nothing."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any, Protocol

from runtime.facilities import Source
from schemas import clickhouse
from sinks.clickhouse import views


class Store(Protocol):
    """What is asked of ClickHouse."""

    def command(self, sql: str) -> None: ...
    def insert_rows(self, table: str, columns: list[str], rows: list[list[Any]]) -> None: ...


def migrate(store: Store) -> None:
    """Make what is missing, replace the views. Raises client.Away."""
    for statement in (*clickhouse.tables(), *views.views()):
        store.command(statement)


def load_register(store: Store, register: Sequence[Source]) -> None:
    """Replace the register: views read only the newest load, so a source that was struck off is gone at once."""
    loaded_at = datetime.now(UTC)
    rows = [asdict(source) | {"since": date.fromisoformat(source.since), "loaded_at": loaded_at} for source in register]
    if rows:
        columns = list(rows[0])
        store.insert_rows("facilities", columns, [[row[name] for name in columns] for row in rows])
