"""What is fuzzed: a file of any bytes through `read`, `translate` and `compose` of its dialect, and what its sender is told.

A fault is an exception. What may be said is checked here, so that a wrong word is a fault too.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from producers.adapter import Feed, Link, Outcome, Parsed, Read, Receipt, Refusal, State, Translation
from producers.adapters import dialect
from producers.event import Keys, Number, compose, refuse
from producers.fhir import answer as fhir_answer
from producers.hl7v2.answer import answers
from producers.hl7v2.message import Message, header_of
from producers.link import compose_link
from producers.total import tidy
from runtime import keyring
from schemas.reasons import REASONS
from schemas.rules import RULES
from schemas.sealed import IDENTITY

FACILITY: Final = "01999"
NOW: Final = datetime(2026, 11, 24, 1, tzinfo=UTC)
NOW_MS: Final = int(NOW.timestamp() * 1000)
MAPPINGS: Final = Path(__file__).parents[2] / "docs/adapters/history_csv"

_KEYS: Final = Keys.of(keyring.create([FACILITY]), FACILITY)
_OPTIONS: Final[dict[str, Sequence[dict[str, Any]]]] = {
    "hl7v2": ({}, {"acknowledgement": "original"}),
    "fhir": ({}, {"release": "R5", "profile": "light"}),
    "dicom": ({},),
    "insurance_xml": ({"signatures": "require"},),
    "history_csv": ({"mapping": MAPPINGS / "vietnamese_visits.yaml"},),
}
"""Each input is read with each of them."""
_SUFFIXES: Final = {"fhir": (".json", ".ndjson")}
"""Where the name of a file decides how it is read."""


class Target:
    """`run` raises where the dialect has a fault. `folder` takes the file that is read; nothing else is written."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name: Final = name
        self._dialect = dialect(name)
        self._paths = [folder / f"input{suffix}" for suffix in _SUFFIXES.get(name, ("",))]
        self._feeds = [
            Feed(
                "01999.fuzz", FACILITY, "FUZZ", name, options=self._dialect.options.model_validate(chosen).model_dump()
            )
            for chosen in _OPTIONS[name]
        ]

    def run(self, data: bytes) -> int:
        """The number of messages that were found in it."""
        found = 0
        for path in self._paths:
            path.write_bytes(data)
            for feed in self._feeds:
                states: dict[str, State | None] = {}
                for read in self._dialect.read(path, feed):
                    found += 1
                    self._message(read, feed, states)
        return found

    def _message(self, read: Read, feed: Feed, states: dict[str, State | None]) -> None:
        """Told twice: into what is known of earlier messages, and into what it left itself."""
        if isinstance(read.parsed, Refusal):
            self._outcome(read.parsed, read, feed, Translation((read.parsed,)))
            self._told(read, feed, (read.parsed,))
            return
        key = read.parsed.state_key
        for _ in range(2):
            state = states.get(key) if key is not None else None
            made = self._dialect.translator.translate(state, read.parsed, feed)
            for outcome in made.outcomes:
                self._outcome(outcome, read, feed, made)
            if key is not None and made.state is not None:
                states[key] = json.loads(json.dumps(made.state))
                assert states[key] == made.state, "a state that JSON does not carry"
        self._told(read, feed, tuple(one for one in made.outcomes if isinstance(one, Refusal)))

    def _outcome(self, outcome: Outcome, read: Read, feed: Feed, made: Translation) -> None:
        number = Number(feed.adapter_id, "f" * 16, 1, 1, max(len(made.outcomes), 1))
        message_id = read.parsed.message_id if isinstance(read.parsed, Parsed) else ""
        if isinstance(outcome, Refusal):
            assert outcome.reason in REASONS, outcome.reason
            refuse(
                tidy(outcome), number, feed, _KEYS,
                captured_at=NOW_MS, message_id=message_id, original=outcome.original or read.raw, original_place=None,
            )  # fmt: skip
            return
        if isinstance(outcome, Link):
            compose_link(outcome, number, feed, _KEYS, captured_at=NOW_MS)
            return
        assert outcome.marks == tuple(mark for mark in outcome.marks if mark in RULES), outcome.marks
        assert outcome.identity.keys() <= set(IDENTITY)
        compose(
            outcome, number, feed, _KEYS,
            captured_at=NOW_MS, last_version=0, message_id=message_id, rows=made.rows,
        )  # fmt: skip

    def _told(self, read: Read, feed: Feed, refusals: tuple[Refusal, ...]) -> None:
        receipt = Receipt(1, refusals)
        self._dialect.answer([receipt]).encode()
        if self.name == "hl7v2":
            content = read.parsed.content[0] if isinstance(read.parsed, Parsed) else header_of(read.raw)
            message: Message | None = content
            enhanced = feed.options["acknowledgement"] != "original"
            answers(message, receipt, now=NOW, control_id="LD1", enhanced=enhanced)
        elif self.name == "fhir":
            json.loads(fhir_answer.answer(read.parsed, receipt).body)
