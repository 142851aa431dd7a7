"""What would become of a file, before anything is sent: counts, reasons with the columns they name, first places. No value."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from producers.adapter import Parsed, Refusal
from producers.history_csv.bounds import LIMITS
from producers.history_csv.mapping import Mapping
from producers.history_csv.translate import reads
from schemas.reasons import REASONS

PLACES: Final = 10
"""Places that are remembered of each reason and column."""


@dataclass(slots=True)
class Preview:
    """`refused` is (reason, column or "") -> rows; `places` the first of them. `unmapped` is column -> rows with a value."""

    rows: int = 0
    documents: int = 0
    marked: int = 0
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    places: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    details: dict[tuple[str, str], str] = field(default_factory=dict)
    unmapped: Counter[str] = field(default_factory=Counter)

    def add(self, parsed: Parsed | Refusal) -> None:
        self.rows += 1
        if isinstance(parsed, Parsed):
            document, rows = parsed.content
            self.documents += 1
            self.marked += bool(document.marks)
            self.unmapped.update(rows.unmapped)
            return
        key = parsed.reason, parsed.place.partition(", column ")[2]
        self.refused[key] += 1
        self.details.setdefault(key, parsed.detail)
        places = self.places.setdefault(key, [])
        if len(places) < PLACES:
            places.append(parsed.place.partition(",")[0])

    def text(self) -> str:
        """For people, in Vietnamese and English."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        refused = self.refused.total()
        yield f"{self.rows} dòng: {self.documents} tài liệu, {refused} bị từ chối, {self.marked} có giá trị sai để trống"
        yield f"{self.rows} rows: {self.documents} documents, {refused} refused, {self.marked} with bad values left empty"
        for (name, column), count in self.refused.most_common():
            reason = REASONS[name]
            yield ""
            yield f"{count} × {name}{f', cột / column {column}' if column else ''}: {', '.join(self.places[name, column])}"
            yield f"    {reason.vi}. {reason.mend_vi}."
            yield f"    {reason.en}. {reason.mend_en}."
            if self.details[name, column]:
                yield f"    ({self.details[name, column]})"
        if self.unmapped:
            yield ""
            yield f"Cột chưa ánh xạ (được niêm phong) / columns not mapped (sealed): {', '.join(sorted(self.unmapped))}"


def preview(path: Path, mapping: Mapping, facility: str = "") -> Preview:
    """Reads the whole file, in bounded memory. OSError where it cannot be opened."""
    found = Preview()
    with path.open("rb") as file:
        for read in reads(iter(lambda: file.read(LIMITS.block), b""), mapping, facility):
            found.add(read.parsed)
    return found
