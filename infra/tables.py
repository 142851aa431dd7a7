"""Tables that people fill in, as CSV: read row by row, in bounded memory, mistakes told by row and column only."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

MOST_FIELD: Final = 4_096
"""Characters of one field."""


class WrongTable(ValueError):
    """The file is not such a table; says what is wrong with its heading or form."""


def read(path: Path, required: frozenset[str], optional: frozenset[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """(row number, column -> text) of each row; row 1 is the heading. Columns may stand in any order; UTF-8.

    WrongTable where a required column is missing, one is unknown, or the bytes are no CSV. A row of another length has
    its missing columns empty; what it has too much of is refused.
    """
    before = csv.field_size_limit(MOST_FIELD)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            columns = [name.strip().lower() for name in reader.fieldnames or ()]
            _heading(columns, required, optional)
            reader.fieldnames = columns
            for number, row in enumerate(reader, 2):
                if None in row:
                    raise WrongTable(f"row {number} has more columns than the heading")
                yield number, row
    except (csv.Error, UnicodeDecodeError) as error:
        raise WrongTable(f"not CSV in UTF-8: {type(error).__name__}") from None
    finally:
        csv.field_size_limit(before)


def _heading(columns: list[str], required: frozenset[str], optional: frozenset[str]) -> None:
    missing, unknown = sorted(required - set(columns)), sorted(set(columns) - required - optional)
    if missing:
        raise WrongTable(f"the heading lacks {', '.join(missing)}")
    if unknown:
        raise WrongTable(f"unknown columns: {len(unknown)}; known are {', '.join(sorted(required | optional))}")
    if len(columns) != len(set(columns)):
        raise WrongTable("a column stands twice in the heading")
