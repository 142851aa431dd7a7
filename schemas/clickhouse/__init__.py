"""The shape of ClickHouse: tables made from the field table, for one server or a cluster."""

from schemas.clickhouse.layout import SINGLE, Layout
from schemas.clickhouse.tables import NUMBER_KEY, columns_of, landing, landing_name, model, statements, table_name

__all__ = [
    "NUMBER_KEY",
    "SINGLE",
    "Layout",
    "columns_of",
    "landing",
    "landing_name",
    "model",
    "statements",
    "table_name",
]
