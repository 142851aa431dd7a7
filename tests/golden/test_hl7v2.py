"""Files of HL7 v2 and what they say, whole: `hl7v2/<case>/input*.hl7` in order -> `events.json`.

After a wanted change run with LIVINGDATA_GOLDEN=write and read the difference.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest

from producers.adapter import Document, Feed, Outcome, Parsed, Refusal, State, Translation
from producers.hl7v2.listen import DIALECT
from schemas.fields import Field
from schemas.kinds import KINDS
from schemas.ledger import MERGE_ACTIONS
from schemas.reasons import REASONS
from schemas.rules import RULES
from schemas.sealed import IDENTITY

FOLDER: Final = Path(__file__).parent / "hl7v2"
CASES: Final = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
FEED: Final = Feed("01999.his", "01999", "HIS", "hl7v2")


def shown(outcome: Outcome) -> dict[str, Any]:
    """As JSON, without what is empty."""
    made = {name: value for name, value in asdict(outcome).items() if value not in (None, {}, [], (), "", False)}
    if isinstance(outcome, Document):
        made["body"] = {name: value for name, value in sorted(outcome.body.items()) if value not in (None, [])}
        made["narrative"] = {name: outcome.narrative[name] for name in sorted(outcome.narrative)}
    elif isinstance(outcome, Refusal) and outcome.original is not None:
        made["original"] = outcome.original.decode()
    return made


def told(case: str) -> list[dict[str, Any]]:
    """Each message of the case's files, in order, with the state kept between them."""
    states: dict[str, State] = {}
    made = []
    for path in sorted((FOLDER / case).glob("input*.hl7")):
        for index, read in enumerate(DIALECT.read(path, FEED), 1):
            parsed = read.parsed
            translation = translate(parsed, states) if isinstance(parsed, Parsed) else Translation((parsed,))
            message: dict[str, Any] = {"file": path.name, "index": index, "rows": asdict(translation.rows)}
            if not translation.outcomes:
                message["silence"] = translation.silence
            made.append(message | {"outcomes": [shown(outcome) for outcome in translation.outcomes]})
    return made


def translate(parsed: Parsed, states: dict[str, State]) -> Translation:
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


def clear(fields: tuple[Field, ...]) -> dict[str, tuple[Field, ...]]:
    return {one.name: one.lines for one in fields if not one.sealed}


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
            fields = clear(KINDS[outcome["kind"]])
            assert set() == outcome["body"].keys() - fields.keys()
            for name, lines in fields.items():
                for line in outcome["body"].get(name, ()) if lines else ():
                    assert set() == line.keys() - clear(lines).keys()
            assert set() == outcome["identity"].keys() - set(IDENTITY)
            assert set() == set(outcome.get("marks", ())) - RULES.keys()
