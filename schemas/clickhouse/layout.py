"""Statements for one server or for a cluster, from the same tables. Pure text.

On one server a table is a `ReplacingMergeTree`. In a cluster it is two: `<name>_local`, replicated, on every server, and
`<name>`, `Distributed` over them, which everything else reads and inserts into. Rows go by facility, so that what
collapses together lies together; a materialized view writes beside its source, save where its rows belong elsewhere.
"""

from dataclasses import dataclass
from typing import Final

from schemas.clickhouse.table import Column, Feed, Table, text

LOCAL: Final = "_local"


@dataclass(frozen=True, slots=True)
class Layout:
    """`cluster` is the name in the servers' `remote_servers`; empty means one server."""

    cluster: str = ""

    def create(self, table: Table) -> list[str]:
        """`CREATE … IF NOT EXISTS`; running it again changes nothing."""
        if not self.cluster:
            return [self._stored(table, table.name)]
        return [self._stored(table, table.name + LOCAL), self._distributed(table)]

    def feed(self, feed: Feed) -> str:
        source = feed.source + (LOCAL if self.cluster else "")
        target = feed.target + (LOCAL if self.cluster and not feed.apart else "")
        sql = feed.sql.replace("{source}", source)
        return f"CREATE MATERIALIZED VIEW IF NOT EXISTS {feed.name}{self.on} TO {target} AS\n{sql}"

    def alter(self, name: str, change: str) -> list[str]:
        """`change` on the table wherever it stands; it does not wait until old parts are rewritten."""
        stored = self.alter_stored(name, change)
        return [stored, self._alter(name, change)] if self.cluster else [stored]

    def alter_stored(self, name: str, change: str) -> str:
        """`change` on the table that stores the rows; parts that are there keep their shape until they are merged."""
        return self._alter(name + LOCAL if self.cluster else name, change)

    def _alter(self, name: str, change: str) -> str:
        return f"ALTER TABLE {name}{self.on} {change} SETTINGS alter_sync = 0, mutations_sync = 0"

    @property
    def on(self) -> str:
        return f" ON CLUSTER {text(self.cluster)}" if self.cluster else ""

    def _stored(self, table: Table, name: str) -> str:
        inner = ",\n  ".join([*(column.sql() for column in table.columns), *([table.index] if table.index else [])])
        head = f"CREATE TABLE IF NOT EXISTS {name}{self.on} (\n  {inner}\n)\nENGINE = {self._engine(table)}"
        clauses = (
            ("PARTITION BY", table.partition),
            ("ORDER BY", f"({table.order})" if table.order else ""),
            ("TTL", table.ttl),
            ("SETTINGS", table.settings),
            ("COMMENT", text(table.comment)),
        )
        return "\n".join([head, *(f"{word} {value}" for word, value in clauses if value)])

    def _engine(self, table: Table) -> str:
        if table.engine == "Null":
            return "Null"
        version = [table.version] if table.version else []
        if not self.cluster:
            return f"{table.engine}({', '.join(version)})"
        place = "'/clickhouse/tables/{shard}/{database}/{table}'"
        return f"Replicated{table.engine}({', '.join([place, text('{replica}'), *version])})"

    def _distributed(self, table: Table) -> str:
        return (
            f"CREATE TABLE IF NOT EXISTS {table.name}{self.on} AS {table.name}{LOCAL}\n"
            f"ENGINE = Distributed({text(self.cluster)}, currentDatabase(), {text(table.name + LOCAL)}, {table.shard})\n"
            f"COMMENT {text(table.comment)}"
        )


SINGLE: Final = Layout()


def add_column(column: Column, after: str) -> str:
    """The change that brings a column; repeating it does nothing."""
    place = f"AFTER {after}" if after else "FIRST"
    return f"ADD COLUMN IF NOT EXISTS {column.sql()} {place}"


def modify_column(column: Column) -> str:
    return f"MODIFY COLUMN {column.name} {column.type}"
