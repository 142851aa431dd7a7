"""Bringing a database up to date, and the facility register. Running it again changes nothing.

In order: tables, columns and feeds that the field table has and the database lacks (`evolve`), numbered migrations, views.
A database that is ahead of this release (a newer one has migrated it) only gains what is still missing: its views and
its migrations are the newer release's.
"""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, Final, Protocol

from runtime import logs
from runtime.facilities import Source
from schemas import clickhouse, registry
from schemas.clickhouse.layout import SINGLE, Layout
from schemas.clickhouse.table import Column, Table, text
from sinks.clickhouse import evolve
from sinks.clickhouse.client import Away
from sinks.clickhouse.migrations import MIGRATIONS, Migration
from sinks.clickhouse.views import View, views

log = logs.get("sink")

_WHEN: Final = Column("applied_at", "DateTime64(3, 'UTC')", "Thời điểm / When", "DEFAULT now64(3)")
RECORD: Final = (
    Table(
        "schema_migrations",
        (
            Column("number", "UInt32", "Số thứ tự / Number"),
            Column("name", "String", "Nội dung / What it does"),
            _WHEN,
        ),
        "Các bước nâng cấp đã chạy / Migrations that have run",
        order="number",
        shard="number",
    ),
    Table(
        "schema_views",
        (
            Column("name", "String", "Khung nhìn / View"),
            Column("fingerprint", "String", "Dấu của định nghĩa / Hash of its definition"),
            _WHEN,
        ),
        "Định nghĩa khung nhìn đang dùng / Definitions of the views in place",
        order="name",
        version="applied_at",
        shard="cityHash64(name)",
    ),
)


class Store(Protocol):
    """What is asked of ClickHouse."""

    def command(self, sql: str) -> None: ...
    def rows(self, sql: str) -> list[dict[str, Any]]: ...
    def insert_rows(self, table: str, columns: list[str], rows: list[list[Any]]) -> None: ...


@dataclass(slots=True)
class Plan:
    """What a database lacks. `ahead`: a newer release has migrated it; `there`: tables and views that it has."""

    applied: dict[int, str] = field(default_factory=dict)
    pending: list[Migration] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    ahead: bool = False
    there: frozenset[str] = frozenset()

    @property
    def current(self) -> bool:
        return not (self.pending or self.missing or self.views)


def plan(store: Store, layout: Layout = SINGLE) -> Plan:
    """What `migrate` would do; changes nothing. Raises client.Away."""
    existing = _existing(store)
    found = Plan(missing=_missing(existing, layout), there=frozenset(existing))
    if "schema_migrations" in existing:
        rows = store.rows("SELECT number, name FROM schema_migrations FINAL ORDER BY number")
        found.applied = {int(row["number"]): row["name"] for row in rows}
    known = {migration.number for migration in MIGRATIONS}
    found.ahead = any(number > max(known) for number in found.applied)
    found.pending = [migration for migration in MIGRATIONS if migration.number not in found.applied]
    if not found.ahead:
        prints = _fingerprints(store) if "schema_views" in existing else {}
        found.views = [view.name for view in views() if prints.get(view.name) != _definition(view, layout)]
    return found


def migrate(store: Store, layout: Layout = SINGLE) -> Plan:
    """Bring it up to date; what was done is returned. Raises client.Away."""
    found = plan(store, layout)
    for statement in found.missing:
        store.command(statement)
    for migration in found.pending:
        for statement in migration.statements:
            store.command(statement)
        for table, change in migration.changes:
            if table in found.there:  # one made just now is made as it shall be
                store.command(layout.alter_stored(table, change))
        store.insert_rows("schema_migrations", ["number", "name"], [[migration.number, migration.name]])
    if found.missing or found.views:
        # A view over a table that has changed is made anew too: its columns are fixed when it is made.
        _replace_views(store, layout, set(found.views), everything=bool(found.missing))
    return found


def _missing(existing: evolve.Existing, layout: Layout) -> list[str]:
    tables, feeds = clickhouse.model(registry.accepted_versions())
    return evolve.statements((*RECORD, *tables), feeds, existing, layout)


def _existing(store: Store) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in store.rows("SELECT table, name, type FROM system.columns WHERE database = currentDatabase()"):
        found.setdefault(row["table"], {})[row["name"]] = row["type"]
    return found


def _fingerprints(store: Store) -> dict[str, str]:
    """Of the views that are in place; one that somebody dropped is not."""
    there = "name IN (SELECT name FROM system.tables WHERE database = currentDatabase())"
    rows = store.rows(f"SELECT name, fingerprint FROM schema_views FINAL WHERE {there}")
    return {row["name"]: row["fingerprint"] for row in rows}


def _definition(view: View, layout: Layout) -> str:
    said = [view.name, view.comment, view.sql, str(sorted(view.columns.items())), str(view.open), layout.on]
    return sha256("\0".join(said).encode()).hexdigest()[:32]


def _replace_views(store: Store, layout: Layout, changed: set[str], *, everything: bool) -> None:
    done: list[View] = []
    for view in views():
        if not everything and view.name not in changed:
            continue
        try:
            store.command(_create(view, layout, view.open))
        except Away as trouble:
            if not view.open:
                raise
            # Making a view that runs with nobody's rights is itself a right. With the reader's it shows no more.
            log.warning("view_not_open", view=view.name, trouble=str(trouble))
            store.command(_create(view, layout, opened=False))
        done.append(view)
    existing = _existing(store)
    for view in done:
        if not view.parameters:
            store.command(_explain(view, list(existing[view.name]), layout))
    if done:
        store.insert_rows("schema_views", ["name", "fingerprint"], [[v.name, _definition(v, layout)] for v in done])


def _create(view: View, layout: Layout, opened: bool) -> str:
    security = "" if view.parameters else f" SQL SECURITY {'NONE' if opened else 'INVOKER'}"
    return f"CREATE OR REPLACE VIEW {view.name}{layout.on}{security} AS\n{view.sql}\nCOMMENT {text(view.comment)}"


def _explain(view: View, columns: Sequence[str], layout: Layout) -> str:
    """What each column means, as its comment."""
    said = ", ".join(f"COMMENT COLUMN `{name}` {text(view.meaning(name))}" for name in columns)
    return f"ALTER TABLE {view.name}{layout.on} {said}"


def load_register(store: Store, register: Sequence[Source]) -> None:
    """Replace the register: views read only the newest load, so a source that was struck off is gone at once."""
    loaded_at = datetime.now(UTC)
    rows = [asdict(source) | {"since": date.fromisoformat(source.since), "loaded_at": loaded_at} for source in register]
    if rows:
        columns = list(rows[0])
        store.insert_rows("facilities", columns, [[row[name] for name in columns] for row in rows])
