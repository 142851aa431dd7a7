"""Reads with an expectation: well, or with a problem."""

from producers.insurance_xml.envelope import Dossier, Envelope, Limits, Problem, read
from tests.unit.insurance_xml.files import envelope, hoso


def good(raw: bytes, limits: Limits | None = None) -> Envelope:
    made = read(raw, limits or Limits())
    assert isinstance(made, Envelope), made
    return made


def only(raw: bytes, limits: Limits | None = None) -> Dossier:
    (dossier,) = good(raw, limits).dossiers
    return dossier


def fault(raw: bytes, limits: Limits | None = None) -> Problem:
    made = read(raw, limits or Limits())
    assert isinstance(made, Problem)
    return made


def part_rows(table: str, content: str) -> list[dict[str, str]]:
    dossier = only(envelope(hoso((table, content))))
    assert () == dossier.problems
    (part,) = dossier.parts
    assert table == part.table
    return [dict(fields) for fields in part.rows]


def part_problem(content: str, table: str = "XML2", limits: Limits | None = None) -> Problem:
    dossier = only(envelope(hoso((table, content))), limits)
    assert () == dossier.parts
    (problem,) = dossier.problems
    return problem
