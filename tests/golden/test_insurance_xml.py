"""Files of insurance XML and what they say, whole: `insurance_xml/<case>/input*.xml` in order -> `events.json`.

After a wanted change run with LIVINGDATA_GOLDEN=write and read the difference.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest

from producers.adapter import Document, Feed, Outcome, Parsed, State, Translation
from producers.insurance_xml.listen import DIALECT
from schemas.kinds import KINDS
from schemas.reasons import REASONS
from schemas.rules import RULES
from schemas.sealed import IDENTITY

FOLDER: Final = Path(__file__).parent / "insurance_xml"
CASES: Final = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
FEED: Final = Feed("01999.his", "01999", "HIS", "insurance_xml")


def shown(outcome: Outcome) -> dict[str, Any]:
    """As JSON, without what is empty."""
    made = {name: value for name, value in asdict(outcome).items() if value not in (None, {}, [], (), "", False)}
    if isinstance(outcome, Document):
        made["body"] = {name: outcome.body[name] for name in sorted(outcome.body)}
        made["narrative"] = {name: outcome.narrative[name] for name in sorted(outcome.narrative)}
    return made


def told(case: str) -> list[dict[str, Any]]:
    """Each message of the case's files, in order, with the state kept between them."""
    states: dict[str, State | None] = {}
    made = []
    for path in sorted((FOLDER / case).glob("input*.xml")):
        for index, read in enumerate(DIALECT.read(path, FEED), 1):
            parsed = read.parsed
            translation = Translation((parsed,)) if not isinstance(parsed, Parsed) else translate(parsed, states)
            rows = asdict(translation.rows)
            made.append(
                {"file": path.name, "index": index, "rows": rows, "outcomes": [shown(o) for o in translation.outcomes]}
            )
    return made


def translate(parsed: Parsed, states: dict[str, State | None]) -> Translation:
    key = parsed.state_key or ""
    translation = DIALECT.translator.translate(states.get(key), parsed, FEED)
    if translation.state is not None:
        states[key] = json.loads(json.dumps(translation.state))
    return translation


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
