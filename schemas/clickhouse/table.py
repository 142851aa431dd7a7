"""What a table, a column and a feed (materialized view) are, before any engine is named.

`schemas.clickhouse.layout` makes statements of them, for one server or for a cluster.
"""

from dataclasses import dataclass

from schemas.fields import Field, clickhouse_type


@dataclass(frozen=True, slots=True)
class Column:
    """`default` is the clause after the type (`DEFAULT …`, `MATERIALIZED …`), `ttl` when the value is emptied.

    `comment` is Vietnamese / English.
    """

    name: str
    type: str
    comment: str
    default: str = ""
    ttl: str = ""

    def sql(self) -> str:
        parts = (self.name, self.type, self.default, f"COMMENT {text(self.comment)}", self.ttl and f"TTL {self.ttl}")
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Table:
    """A ReplacingMergeTree, or an engine without storage (`engine` = "Null").

    `version` is the column by which the newest of equal keys is kept; empty keeps the last inserted. `shard` decides
    which server of a cluster holds a row: rows that collapse together must agree in it.
    """

    name: str
    columns: tuple[Column, ...]
    comment: str
    order: str = ""
    version: str = ""
    partition: str = ""
    ttl: str = ""
    index: str = ""
    settings: str = ""
    engine: str = "ReplacingMergeTree"
    shard: str = "cityHash64(facility)"

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True, slots=True)
class Feed:
    """A materialized view: what is inserted into `source` is also written to `target`.

    `sql` is the SELECT with `{source}` for the table read. `apart`: the rows do not belong where the source's row lies,
    so in a cluster they are sent to their own server.
    """

    name: str
    source: str
    target: str
    sql: str
    apart: bool = False


def text(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def column(field: Field) -> Column:
    return Column(field.name, clickhouse_type(field), f"{field.vi} / {field.en}")


def columns(fields: tuple[Field, ...]) -> tuple[Column, ...]:
    """The columns of those fields that are not sealed."""
    return tuple(column(field) for field in fields if not field.sealed)
