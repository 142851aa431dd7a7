"""The report for a build server: JUnit XML, a suite per file, a case per message.

Files are numbered in the order in which they were checked (that of `--json`) instead of named: a file's name may hold a
patient's. Of very many messages only the first are told one by one; the counts are always of all.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET

from infra.conformance.check import Checked, Issue
from infra.conformance.verdict import TITLES, Verdict

MOST_CASES: Final = 20_000

_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True)
class _Suite:
    cases: int = 0
    failed: int = 0
    broken: bool = False
    told: list[tuple[int, Sequence[Issue]]] = field(default_factory=list)


class JUnit:
    """`file` for each file, then `add` for each of its messages; `unreadable` where reading it failed."""

    def __init__(self) -> None:
        self._suites: list[_Suite] = []
        self._told = 0

    def file(self) -> None:
        self._suites.append(_Suite())

    def add(self, checked: Checked) -> None:
        suite = self._suites[-1]
        suite.cases += 1
        suite.failed += checked.outcome == "rejected"
        if self._told < MOST_CASES:
            self._told += 1
            suite.told.append((checked.index, checked.issues))

    def unreadable(self) -> None:
        self._suites[-1].broken = True

    def render(self, dialect: str, found: Verdict) -> bytes:
        """UTF-8, with the verdict as a suite of its own."""
        root = ET.Element("testsuites", name=f"livingdata adapter check {dialect}")
        for number, suite in enumerate(self._suites, 1):
            root.append(_suite(f"{dialect}.file-{number:05d}", suite))
        verdict = ET.SubElement(root, "testsuite", name="verdict", tests="1", errors="0")
        case = ET.SubElement(verdict, "testcase", classname="verdict", name=found.grade, time="0")
        text = "\n".join(f"{reason.vi}. {reason.en}." for reason in found.reasons)
        grave = found.grade == "not_yet"
        verdict.set("failures", str(int(grave)))
        told = ET.SubElement(case, "failure" if grave else "system-out")
        if grave:
            told.set("message", TITLES["not_yet"][1])
        told.text = text
        root.set("tests", str(1 + sum(suite.cases for suite in self._suites)))
        root.set("failures", str(int(grave) + sum(suite.failed for suite in self._suites)))
        root.set("errors", str(sum(suite.broken for suite in self._suites)))
        body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return body + b"\n"


def _suite(name: str, suite: _Suite) -> ET.Element:
    made = ET.Element("testsuite", name=name, tests=str(suite.cases), failures=str(suite.failed))
    made.set("errors", str(int(suite.broken)))
    if suite.broken:
        case = ET.SubElement(made, "testcase", classname=name, name="file", time="0")
        ET.SubElement(case, "error", message="the file cannot be read")
    for index, issues in suite.told:
        case = ET.SubElement(made, "testcase", classname=name, name=f"message-{index:06d}", time="0")
        errors = [issue for issue in issues if issue.severity == "error"]
        if errors:
            failure = ET.SubElement(case, "failure", message=_plain(errors[0].en), type=errors[0].rule)
            failure.text = "\n".join(_told(issue) for issue in errors)
        if len(issues) > len(errors):
            warnings = (_told(issue) for issue in issues if issue.severity != "error")
            ET.SubElement(case, "system-out").text = "\n".join(warnings)
    return made


def _told(issue: Issue) -> str:
    line = issue.line()
    return _plain(f"{issue.severity} {issue.rule} {issue.path}: {line['vi']} {line['en']}")


def _plain(text: str) -> str:
    """What XML can carry."""
    return _NO_XML.sub(" ", text)
