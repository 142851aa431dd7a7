"""CSV: a message is a CSV file of one row (its heading and the row), so that it can be mended and sent again. Pure.

`feed.options["mapping"]` names the mapping file; it is read once, when the feed is made.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from producers.adapter import Document, Feed, Parsed, Read, Refusal, Rows, State, Translation
from producers.history_csv.bounds import LIMITS, Limits
from producers.history_csv.document import document
from producers.history_csv.mapping import Mapping
from producers.history_csv.plan import Missing, Plan, plan, ready
from producers.history_csv.rows import Row
from producers.history_csv.rows import Rows as RowReader
from producers.history_csv.text import lines

_NO_MORE: Final = 20
"""Columns that are named where they are missing."""


def reads(blocks: Iterable[bytes], mapping: Mapping, facility: str, limits: Limits = LIMITS) -> Iterator[Read]:
    """The messages of a file, one a row, in bounded memory. Never raises on any bytes."""
    rows = iter(RowReader(lines(blocks, mapping.encoding, limits.row * 2), mapping.delimiter, mapping.quote, limits))
    heading = b""
    if mapping.columns:
        made: Plan | Refusal = plan(mapping, mapping.columns)
    else:
        first = next(rows, None)
        if first is None:
            yield Read(b"", Refusal("csv_columns", "row 1", "the file is empty", mapping.kind))
            return
        heading = _line(first.text)
        made = _planned(mapping, first)
    if isinstance(made, Refusal):
        yield Read(heading, made)
        return
    for row in rows:
        yield Read(heading + _line(row.text), _parsed(made, row, facility))


def _line(text: str) -> bytes:
    """UTF-8 with a line end, whatever the file had."""
    return (text if text.endswith("\n") else text + "\n").encode()


def _planned(mapping: Mapping, heading: Row) -> Plan | Refusal:
    if heading.broken:
        return Refusal(heading.broken, "row 1", kind=mapping.kind)
    try:
        return plan(mapping, heading.cells)
    except Missing as missing:
        named = ", ".join(missing.columns[:_NO_MORE])
        return Refusal("csv_columns", "row 1", f"not there, or twice: {named}", mapping.kind)


def _parsed(made: Plan, row: Row, facility: str) -> Parsed | Refusal:
    if row.broken:
        return Refusal(row.broken, f"row {row.number}", kind=made.mapping.kind)
    found = document(made, row.cells, facility, row.number)
    if isinstance(found, Refusal):
        return found
    return Parsed("\x1f".join(found[0].natural_key), None, found)


class CsvTranslator:
    """Nothing is folded: a row is a whole document."""

    def parse(self, raw: bytes, feed: Feed) -> Parsed | Refusal:
        mapping = ready(feed.options["mapping"])
        found = list(reads([raw], mapping.model_copy(update={"encoding": "utf-8"}), feed.facility))
        if len(found) != 1:
            return Refusal("csv_structure", "", f"{len(found)} rows, one expected", mapping.kind)
        return found[0].parsed

    def translate(self, _state: State | None, parsed: Parsed, _feed: Feed) -> Translation:
        made: tuple[Document, Rows] = parsed.content
        return Translation((made[0],), None, made[1])


TRANSLATOR: Final = CsvTranslator()
