"""The numbered migrations: forward only, in order, each recorded in `schema_migrations`.

What can be derived is not here (`evolve`). A migration's statements can be run twice: several sinks may start at once,
and a start may break off between a statement and its record. Numbers are never used again, entries never changed.
"""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.clickhouse.tables import BY_CAPTURE
from schemas.kinds import KINDS
from sinks.clickhouse.weights import LEAST, MINIMUM, MINUTES, SHARE, WEIGHTS


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    statements: tuple[str, ...] = ()
    changes: tuple[tuple[str, str], ...] = ()
    """Table and what is to change of it where its rows are stored."""


def _defaults(table: str, columns: str, rows: list[str]) -> str:
    """Rows for a table that nobody has filled yet."""
    return f"INSERT INTO {table} ({columns}) SELECT * FROM VALUES({', '.join(rows)}) WHERE NOT (SELECT count() FROM {table})"


def _weights(weights: Mapping[str, Mapping[str, float]]) -> list[str]:
    return [f"('{d}', '{p}', {w})" for d, parts in weights.items() for p, w in parts.items()]


MIGRATIONS: Final[tuple[Migration, ...]] = (
    Migration(1, "base: tables and feeds of the field table"),
    Migration(
        2,
        "weights and thresholds of the scorecard",
        (
            _defaults("scorecard_weights", "dimension, part, weight", _weights(WEIGHTS)),
            _defaults("usable_thresholds", "dimension, minimum", [f"('{d}', {m})" for d, m in MINIMUM.items()]),
        ),
    ),
    Migration(
        3,
        "limit of rejections",
        (_defaults("rejection_limits", "facility, share, minutes, least", [f"('', {SHARE}, {MINUTES}, {LEAST})"]),),
    ),
    Migration(
        4,
        "an index by the time of capture",
        changes=tuple(
            (f"{kind}_{which}", BY_CAPTURE.replace("INDEX", "ADD INDEX IF NOT EXISTS"))
            for kind in KINDS
            for which in ("history", "current")
        ),
    ),
)
