"""CSV files and what they say, whole: `history_csv/<case>/input.csv` by a mapping of docs/adapters/history_csv -> `events.json`.

A case has the name of its mapping. After a wanted change run with LIVINGDATA_GOLDEN=write and read the
difference.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from producers.adapter import Document, Feed, Outcome, Refusal, Translation
from producers.history_csv.listen import DIALECT, CsvOptions
from schemas.kinds import KINDS
from schemas.reasons import REASONS
from schemas.rules import RULES
from schemas.sealed import IDENTITY

FOLDER: Final = Path(__file__).parent / "history_csv"
MAPPINGS: Final = Path(__file__).parents[2] / "docs/adapters/history_csv"
CASES: Final = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def shown(outcome: Outcome) -> dict[str, Any]:
    """As JSON, without what is empty."""
    made = {name: value for name, value in asdict(outcome).items() if value not in (None, {}, [], (), "", False)}
    if isinstance(outcome, Document):
        made["body"] = {name: outcome.body[name] for name in sorted(outcome.body)}
        made["narrative"] = {name: outcome.narrative[name] for name in sorted(outcome.narrative)}
    return made


def told(case: str) -> list[dict[str, Any]]:
    chosen = yaml.safe_load((FOLDER / case / "options.yaml").read_text(encoding="utf-8"))
    options = CsvOptions.model_validate({"mapping": FOLDER / case / chosen["mapping"]})
    feed = Feed("01999.old", "01999", "HIS", "history_csv", options=options.model_dump())
    made = []
    for index, read in enumerate(DIALECT.read(FOLDER / case / "input.csv", feed), 1):
        if isinstance(read.parsed, Refusal):
            translation = Translation((read.parsed,))
        else:
            translation = DIALECT.translator.translate(None, read.parsed, feed)
        outcomes = [shown(outcome) for outcome in translation.outcomes]
        made.append({"index": index, "rows": asdict(translation.rows), "outcomes": outcomes})
    return made


@pytest.mark.parametrize("case", CASES)
def test_what_a_file_says(case: str) -> None:
    made = json.loads(json.dumps(told(case)))
    expected = FOLDER / case / "events.json"
    if os.environ.get("LIVINGDATA_GOLDEN") == "write":
        expected.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert json.loads(expected.read_text(encoding="utf-8")) == made


@pytest.mark.parametrize("case", CASES)
def test_outcomes_speak_the_language_of_the_house(case: str) -> None:
    for message in told(case):
        for outcome in message["outcomes"]:
            if "reason" in outcome:
                assert outcome["reason"] in REASONS
                continue
            clear = {one.name for one in KINDS[outcome["kind"]] if not one.sealed}
            assert set() == outcome["body"].keys() - clear
            assert set() == outcome["identity"].keys() - set(IDENTITY)
            assert set() == set(outcome.get("marks", ())) - RULES.keys()


def test_every_example_has_a_case() -> None:
    assert {path.stem for path in MAPPINGS.glob("*.yaml")} == set(CASES)
