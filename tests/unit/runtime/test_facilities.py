"""The facility register, flattened: a row per facility, system and kind."""

from pathlib import Path
from typing import Any

import pytest

from runtime.facilities import Source, load, sources

REGISTER = """
- code: "01001"
  name: Bệnh viện A
  unit_responsible: Phòng CNTT
  since: 2026-08-01
  source_of_record: {encounter: [HIS, EMR]}
  systems:
    - {system: EMR, dialect: fhir, kinds: [encounter]}
    - {system: HIS, dialect: insurance_xml, kinds: [encounter, prescription]}
    - {system: LIS, dialect: hl7v2, kinds: [encounter]}
"""


def flattened(folder: Path, text: str) -> list[Source]:
    path = folder / "facilities.yaml"
    path.write_text(text, encoding="utf-8")
    return sources(load(path))


def test_the_source_of_record_comes_first_and_the_unranked_last(tmp_path: Path) -> None:
    rows = flattened(tmp_path, REGISTER)
    assert {
        ("encounter", "HIS"): 0,
        ("encounter", "EMR"): 1,
        ("encounter", "LIS"): 2,
        ("prescription", "HIS"): 0,
    } == {(row.kind, row.source_system): row.precedence for row in rows}


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    row = flattened(tmp_path, REGISTER)[0]
    assert ("01001", "Bệnh viện A", "Bệnh viện A", False) == (row.facility, row.name, row.organisation, row.synthetic)
    assert ("Phòng CNTT", "2026-08-01", "fhir") == (row.unit_responsible, row.since, row.source_format)


@pytest.mark.parametrize("missing", ["code", "name", "systems"])
def test_an_entry_without_the_necessary_is_an_error(missing: str) -> None:
    entry: dict[str, Any] = {"code": "01001", "name": "A", "systems": [{"system": "S", "dialect": "d", "kinds": ["k"]}]}
    assert 1 == len(sources([entry]))
    del entry[missing]
    with pytest.raises(KeyError, match=missing):
        sources([entry])
