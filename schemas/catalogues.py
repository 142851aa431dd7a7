"""National catalogues (ICD-10, facilities, communes, drugs, services) as versions with the day from which each holds.

A folder holds a file a version, `<name>.<first day>.<version>.csv`, with a column `code` and perhaps `parent` (the province
of a commune) and `name`. What holds on a day is the version that began last; a catalogue that is not there says nothing, and
rules fall back to what is built in (`schemas.codes`, WHO's ICD-10, forms of codes).

Files are read once, when a process adopts the folder: before it makes its rules.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

NAMES: Final[dict[str, str]] = {
    "icd10": "Danh mục bệnh ICD-10 / ICD-10",
    "facility": "Danh mục cơ sở KCB / Facilities",
    "commune": "Danh mục xã, phường; parent là tỉnh / Communes; parent is the province",
    "drug": "Danh mục thuốc BHYT / Drugs of the insurance list",
    "service": "Danh mục dịch vụ kỹ thuật / Services",
}
MOST_CODES: Final = 500_000
"""Of one version; more is no catalogue."""
MOST_BYTES: Final = 64 << 20
_FILE: Final = re.compile(r"([a-z0-9]{1,16})\.(\d{4}-\d\d-\d\d)\.([A-Za-z0-9_-]{1,40})\.csv")
_CODE: Final = re.compile(r"\S(.{0,62}\S)?")


class CatalogueError(ValueError):
    """A file is no catalogue; names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a catalogue; `codes` -> parent (empty where there is none)."""

    name: str
    since: date
    version: str
    codes: Mapping[str, str] = field(repr=False)

    @property
    def file(self) -> str:
        return f"{self.name}.{self.since.isoformat()}.{self.version}.csv"


_adopted: list[Version] = []


def read(path: Path, name: str, since: date, version: str) -> Version:
    """A CSV of codes, UTF-8, with a heading. CatalogueError says what is wrong and where."""
    if name not in NAMES:
        raise CatalogueError(f"{name}: a catalogue is one of {', '.join(NAMES)}")
    if _FILE.fullmatch(f"{name}.{since.isoformat()}.{version}.csv") is None:
        raise CatalogueError(f"{name}: a version is at most 40 letters, digits, - and _")
    if path.stat().st_size > MOST_BYTES:
        raise CatalogueError(f"{name}: larger than {MOST_BYTES >> 20} MiB")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            codes = dict(_rows(csv.DictReader(file, restval=""), name))
    except (csv.Error, UnicodeDecodeError) as error:
        raise CatalogueError(f"{name}: not CSV in UTF-8: {type(error).__name__}") from None
    if not codes:
        raise CatalogueError(f"{name}: no code in it")
    return Version(name, since, version, codes)


def _rows(rows: "csv.DictReader[str]", name: str) -> Iterator[tuple[str, str]]:
    if "code" not in (rows.fieldnames or ()):
        raise CatalogueError(f"{name}: the heading lacks code")
    for number, row in enumerate(rows, 2):
        if number > MOST_CODES + 1:
            raise CatalogueError(f"{name}: more than {MOST_CODES} codes")
        code = (row["code"] or "").strip()
        if _CODE.fullmatch(code) is None:
            raise CatalogueError(f"{name}: row {number} has no code of 1 to 64 characters")
        yield code, (row.get("parent") or "").strip()


def stored(folder: Path) -> list[Version]:
    """Every version in a folder, oldest first. CatalogueError names the file that is none."""
    found = []
    for path in sorted(folder.glob("*.csv")):
        named = _FILE.fullmatch(path.name)
        try:
            if named is None:
                raise CatalogueError("a file is named <name>.<first day>.<version>.csv")
            found.append(read(path, named[1], date.fromisoformat(named[2]), named[3]))
        except (CatalogueError, ValueError, OSError) as error:
            said = str(error) if isinstance(error, CatalogueError) else type(error).__name__
            raise CatalogueError(f"{path.name}: {said}") from None
    return sorted(found, key=lambda each: (each.name, each.since, each.version))


def adopt(versions: Iterable[Version]) -> None:
    """From now on these hold, in this process. Rules that were made before keep what they knew."""
    _adopted[:] = sorted(versions, key=lambda each: (each.since, each.version))


def of(name: str, day: date) -> Version | None:
    """The version in force on a day; of two that begin on one day the later named."""
    return next((each for each in reversed(_adopted) if each.name == name and each.since <= day), None)


def changes() -> set[date]:
    """The days on which some catalogue changes."""
    return {each.since for each in _adopted}
