"""Files and what they say, whole: `<dialect>/<case>/input*` in order -> `events.json`, what the adapter makes of them.

A case may have `options.yaml`, the feed's options. After a wanted change run with LIVINGDATA_GOLDEN=write and read the
difference. The people are invented.
"""

import json
import os
from dataclasses import asdict
from typing import Any, Final

import pytest

from producers.adapter import Dialect, Document, Feed, Outcome, Parsed, State, Translation
from producers.adapters import dialect
from schemas.fields import Field
from schemas.kinds import KINDS
from schemas.ledger import MERGE_ACTIONS
from schemas.reasons import REASONS
from schemas.rules import RULES
from schemas.sealed import IDENTITY
from tests.cases import CASES, HERE, options_of

MAPPINGS: Final = HERE.parents[1] / "docs/adapters/history_csv"


def shown(outcome: Outcome) -> dict[str, Any]:
    """As JSON, without what is empty; of a refused piece's bytes the beginning."""
    made = {name: value for name, value in asdict(outcome).items() if value not in (None, {}, [], (), "", False)}
    if "original" in made:
        made["original"] = made["original"][:60].decode(errors="replace")
    if isinstance(outcome, Document):
        made["body"] = {name: value for name, value in sorted(outcome.body.items()) if value not in (None, [])}
        made["narrative"] = dict(sorted(outcome.narrative.items()))
    return made


def told(case: str) -> list[dict[str, Any]]:
    """Each message of the case's files, in order, with the state kept between them."""
    name, _, _ = case.partition("/")
    one = dialect(name)
    feed = Feed(
        "01999.his", "01999", "HIS", name, options=one.options.model_validate(options_of(HERE / case)).model_dump()
    )
    states: dict[str, State] = {}
    made = []
    for path in sorted((HERE / case).glob("input*")):
        for index, read in enumerate(one.read(path, feed), 1):
            parsed = read.parsed
            said = translate(one, parsed, feed, states) if isinstance(parsed, Parsed) else Translation((parsed,))
            message: dict[str, Any] = {"file": path.name, "index": index, "rows": asdict(said.rows)}
            if not said.outcomes:
                message["silence"] = said.silence
            made.append(message | {"outcomes": [shown(outcome) for outcome in said.outcomes]})
    return made


def translate(one: Dialect, parsed: Parsed, feed: Feed, states: dict[str, State]) -> Translation:
    key = parsed.state_key or ""
    translation = one.translator.translate(states.get(key), parsed, feed)
    if translation.state is not None:
        states[key] = json.loads(json.dumps(translation.state))
    return translation


@pytest.mark.parametrize("case", CASES)
def test_what_the_files_say(case: str) -> None:
    made = json.loads(json.dumps(told(case)))
    expected = HERE / case / "events.json"
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
            elif "into_number" in outcome:
                assert outcome["action"] in MERGE_ACTIONS
            else:
                fields = clear(KINDS[outcome["kind"]])
                assert set() == outcome["body"].keys() - fields.keys()
                for name, lines in fields.items():
                    for line in outcome["body"].get(name, ()) if lines else ():
                        assert set() == line.keys() - clear(lines).keys()
                assert set() == outcome.get("identity", {}).keys() - set(IDENTITY)
                assert set() == set(outcome.get("marks", ())) - RULES.keys()


def test_every_example_of_a_mapping_has_a_case() -> None:
    cases = {path.name for path in (HERE / "history_csv").iterdir() if path.is_dir()}
    assert {path.stem for path in MAPPINGS.glob("*.yaml")} == cases
