"""A few hundred changed golden inputs through every dialect, the same each time; `make fuzz` looks for others."""

from pathlib import Path
from typing import Final

import pytest

from producers.adapters import DIALECTS
from tests.fuzz.mutate import mutants
from tests.fuzz.seeds import TOKENS, seeds
from tests.fuzz.target import Target

COUNT: Final = {"hl7v2": 150, "fhir": 60, "dicom": 300, "insurance_xml": 300, "history_csv": 100}
"""Changed inputs of each dialect: about a third of a second."""
FOUND: Final = Path(__file__).parents[1] / "fuzz" / "found"
"""Inputs that once were faults: `found/<dialect>/<what>`."""


@pytest.mark.parametrize("name", DIALECTS)
def test_changed_inputs(tmp_path: Path, name: str) -> None:
    target = Target(name, tmp_path)
    read = [target.run(data) for data in (*TOKENS[name], *mutants(name, COUNT[name]))]
    assert COUNT[name] // 2 < sum(read)  # most are still messages, so that more than the first line is fuzzed


def test_the_inputs_are_the_same_each_time() -> None:
    assert list(mutants("hl7v2", 20)) == list(mutants("hl7v2", 20))
    assert all(len(seeds(name)) > 3 for name in DIALECTS)


def test_what_was_once_a_fault(tmp_path: Path) -> None:
    for path in sorted(FOUND.glob("*/*")):
        Target(path.parent.name, tmp_path).run(path.read_bytes())


def test_a_fault_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.target.REASONS", {})
    with pytest.raises(AssertionError, match="hl7_no_msh"):
        Target("hl7v2", tmp_path).run(b"no message")
