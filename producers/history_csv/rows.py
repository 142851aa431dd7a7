"""Lines -> rows (RFC 4180). A row that is broken is a value; the rows after it are read all the same."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from producers.history_csv.bounds import Limits
from producers.history_csv.text import Line


class Row(NamedTuple):
    """One row. `number` counts rows of the file from 1, the heading included, as a spreadsheet does.

    `broken` is a reason of `schemas.reasons`, "" where the row is well; `text` is what was written.
    """

    number: int
    cells: list[str]
    text: str
    broken: str = ""


class Rows:
    """Iterates over the rows of a file; blank lines are no rows, but counted."""

    def __init__(self, lines: Iterable[Line], delimiter: str, quote: str | None, limits: Limits) -> None:
        self._lines = iter(lines)
        self._again: deque[Line] = deque()
        """Lines that a row without an end has eaten, to be read as rows of their own."""
        self._limits = limits
        self._form = {
            "delimiter": delimiter,
            "quotechar": quote or '"',
            "quoting": csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
            "strict": True,
        }
        self._taken: list[Line] = []
        self._size = 0

    def __iter__(self) -> Iterator[Row]:
        number = 0
        reader = self._reader()
        while True:
            self._taken, self._size = [], 0
            try:
                cells = next(reader)
            except StopIteration:
                if not self._taken and not self._again:
                    return
                reader = self._reader()
                continue
            except csv.Error as error:
                number += 1
                yield self._broken(number, "field limit" in str(error))
                reader = self._reader()
                continue
            number += 1
            if cells:
                yield self._whole(number, cells)

    def _reader(self) -> "Iterator[list[str]]":
        return csv.reader(self._feed(), **self._form)  # type: ignore[arg-type]  # the form is of the right types

    def _feed(self) -> Iterator[str]:
        """Lines for the reader; it stops where a row has become too long, and then the reader says that it has no end."""
        again, limits = self._again, self._limits
        while True:
            taken = self._taken
            if taken and (self._size > limits.row or len(taken) >= limits.row_lines):
                return
            line = again.popleft() if again else next(self._lines, None)
            if line is None:
                return
            taken.append(line)
            self._size += len(line.text)
            yield line.text

    def _whole(self, number: int, cells: list[str]) -> Row:
        taken = self._taken
        if len(taken) == 1:
            text, good = taken[0]
        else:
            text, good = "".join(line.text for line in taken), all(line.good for line in taken)
        if not good:
            return Row(number, [], text, "csv_charset")
        if len(text) > self._limits.row or len(cells) > self._limits.columns:
            return Row(number, [], text[: self._limits.row], "csv_too_large")
        if "\0" in text:
            return Row(number, [], text, "csv_structure")
        return Row(number, cells, text)

    def _broken(self, number: int, large: bool) -> Row:
        """The first line alone is the broken row; the others are read again."""
        first, *others = self._taken
        self._again.extendleft(reversed(others))
        reason = "csv_structure" if first.good else "csv_charset"
        if large or len(first.text) > self._limits.row:
            reason = "csv_too_large"
        return Row(number, [], first.text[: self._limits.row], reason)
