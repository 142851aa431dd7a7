"""FHIR messages and what they say, whole: `fhir/<case>/input*.json` and `.ndjson` in order -> `events.json`.

After a wanted change run with LIVINGDATA_GOLDEN=write and read the difference. The people are invented.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest

from producers.adapter import Document, Feed, Outcome, Parsed, State, Translation
from producers.fhir.listen import DIALECT
from schemas.kinds import KINDS
from schemas.ledger import MERGE_ACTIONS
from schemas.reasons import REASONS
from schemas.rules import RULES
from schemas.sealed import IDENTITY

FOLDER: Final = Path(__file__).parent / "fhir"
CASES: Final = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
OPTIONS: Final = {"r5_visit": {"release": "R5"}, "configured_numbers": {"visit_system": "http://his.example/ma-lk"}}


def shown(outcome: Outcome) -> dict[str, Any]:
    """As JSON, without what is empty."""
    made = {name: value for name, value in asdict(outcome).items() if value not in (None, {}, [], (), "", False)}
    made.pop("original", None)
    if isinstance(outcome, Document):
        made["body"] = {name: outcome.body[name] for name in sorted(outcome.body)}
        made["narrative"] = {name: outcome.narrative[name] for name in sorted(outcome.narrative)}
    return made


def told(case: str) -> list[dict[str, Any]]:
    """Each message of the case, in order, with the state kept between them."""
    feed = Feed("01999.his", "01999", "HIS", "fhir", options=OPTIONS.get(case, {}))
    states: dict[str, State] = {}
    made = []
    for path in sorted((FOLDER / case).glob("input*")):
        for read in DIALECT.read(path, feed):
            if isinstance(read.parsed, Parsed):
                key = read.parsed.state_key
                translation = DIALECT.translator.translate(states.get(key or ""), read.parsed, feed)
                if key and translation.state is not None:
                    states[key] = json.loads(json.dumps(translation.state))
            else:
                translation = Translation((read.parsed,))
            silence = translation.silence if not translation.outcomes else ""
            outcomes = [shown(outcome) for outcome in translation.outcomes]
            made.append({"file": path.name, "rows": asdict(translation.rows), "silence": silence, "outcomes": outcomes})
    return made


@pytest.mark.parametrize("case", CASES)
def test_what_a_message_says(case: str) -> None:
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
            if "into_number" in outcome:
                assert outcome["action"] in MERGE_ACTIONS
                continue
            clear = {one.name for one in KINDS[outcome["kind"]] if not one.sealed}
            assert set() == outcome["body"].keys() - clear
            assert set() == outcome.get("identity", {}).keys() - set(IDENTITY)
            assert set() == set(outcome.get("marks", ())) - RULES.keys()
