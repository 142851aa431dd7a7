"""One run of the kit over files: checks, counts, and writes the reports."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from infra.conformance.check import Checked, Checker
from infra.conformance.junit import JUnit
from infra.conformance.page import About, page
from infra.conformance.tally import Tally
from infra.conformance.verdict import verdict


class Run:
    """`check` each of `files`, to its end. `trouble` then says why the last one could not be read, "" where it could."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self._junit = JUnit()
        self.tally = Tally()
        self.trouble = ""

    def files(self, paths: Iterable[Path]) -> list[Path]:
        return [file for path in paths for file in self._checker.files(path)]

    def check(self, path: Path) -> Iterator[Checked]:
        self.trouble = ""
        self.tally.files += 1
        self._junit.file()
        try:
            for checked in self._checker.check(path):
                self.tally.add(checked)
                self._junit.add(checked)
                yield checked
        except OSError as error:
            self.tally.unreadable += 1
            self._junit.unreadable()
            self.trouble = error.strerror or type(error).__name__

    def write(self, report: Path | None, junit: Path | None, about: About) -> None:
        """The reports that are wanted. Raises OSError."""
        if report is not None:
            report.write_text(page(self.tally, about), encoding="utf-8")
        if junit is not None:
            junit.write_bytes(self._junit.render(about.dialect, verdict(self.tally)))
