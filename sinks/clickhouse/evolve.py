"""What a database lacks of the field table, and the statements that bring it. Pure.

Only additions are derived: a missing table, column, feed, or a field that the lines of a document have more. Everything
else (a changed type, a moved row, a dropped column) is a numbered migration.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from schemas.clickhouse import Layout
from schemas.clickhouse.layout import LOCAL, add_column, modify_column
from schemas.clickhouse.table import Column, Feed, Table

Existing = Mapping[str, Mapping[str, str]]
"""Table -> column -> type, as `system.columns` has them."""

_LINES: Final = "Array(Tuple("


def statements(tables: tuple[Table, ...], feeds: tuple[Feed, ...], existing: Existing, layout: Layout) -> list[str]:
    """In order: a table before what feeds it, a target's column before its source's."""
    made: list[str] = []
    for table in sorted(tables, key=lambda t: t.name.endswith("_history")):
        there = existing.get(table.name + LOCAL if layout.cluster else table.name)
        if there is None:
            made.extend(layout.create(table))
        else:
            for change in _changes(table, there):
                made.extend(layout.alter(table.name, change))
    made.extend(layout.feed(feed) for feed in feeds if feed.name not in existing)
    return made


def _changes(table: Table, there: Mapping[str, str]) -> Iterator[str]:
    before = ""
    for column in table.columns:
        if column.name not in there:
            yield add_column(column, before)
        elif _lacks_lines(column, there[column.name]):
            yield modify_column(column)
        before = column.name


def _lacks_lines(column: Column, type_there: str) -> bool:
    """Whether ours has fields that theirs lacks, and lacks none of theirs."""
    ours, theirs = lines(column.type), lines(type_there)
    return 0 < len(theirs) < len(ours) and set(theirs.items()) <= set(ours.items())


def lines(type_: str) -> dict[str, str]:
    """Field -> type of an `Array(Tuple(...))`, without blanks and quotes; empty for any other type."""
    plain = " ".join(type_.replace("`", "").split())
    if not plain.startswith(_LINES):
        return {}
    found, depth, start = {}, 0, len(_LINES)
    for at in range(start, len(plain)):
        depth += (plain[at] == "(") - (plain[at] == ")")
        if depth < 0 or (depth == 0 and plain[at] == ","):
            name, _, rest = plain[start:at].strip().partition(" ")
            found[name] = rest.replace(" ", "")
            start = at + 1
        if depth < 0:
            break
    return found
