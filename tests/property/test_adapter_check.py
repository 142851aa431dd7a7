"""`adapter check` on any bytes, and on damaged messages of every dialect: always an answer, never a crash."""

import json
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.conformance.check import Checker
from infra.conformance.page import About, page
from infra.conformance.run import Run
from producers.adapter import Feed
from producers.adapters import DIALECTS, dialect

ROOT = Path(__file__).parents[2]
MAPPING = {"mapping": str(ROOT / "docs/adapters/history_csv/vietnamese_visits.yaml")}
SAMPLES = {
    name: [p.read_bytes() for p in sorted((ROOT / "tests/golden" / name).glob("*/input*")) if p.stat().st_size < 40_000]
    for name in DIALECTS
}


def answered(name: str, path: Path, data: bytes) -> int:
    made = dialect(name)
    options = made.options.model_validate(MAPPING if name == "history_csv" else {}).model_dump()
    path.write_bytes(data)
    run = Run(Checker(made, Feed("check", "", "check", name, options=options)))
    lines = [json.loads(orjson.dumps(checked.line())) for checked in run.check(path)]
    assert all(line["outcome"] in ("accepted", "rejected") for line in lines)
    assert len(lines) == run.tally.messages
    assert page(run.tally, About(name, "", "", "", 0))
    return len(lines)


@pytest.mark.parametrize("name", DIALECTS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400))
def test_any_bytes(tmp_path: Path, name: str, data: bytes) -> None:
    answered(name, tmp_path / "any", data)


@pytest.mark.parametrize("name", DIALECTS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_messages(tmp_path: Path, name: str, data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(SAMPLES[name]))
    at = data.draw(st.integers(0, len(sample)))
    cut = data.draw(st.integers(at, min(at + 200, len(sample))))
    answered(name, tmp_path / "damaged", sample[:at] + data.draw(st.binary(max_size=20)) + sample[cut:])
