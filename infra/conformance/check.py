"""What would become of each message of a file: its events and its issues. Never raises on any bytes.

Reads with the adapter's own translator, composes with throwaway keys, validates with the worker's own rules: what is
said here is what the pipeline will say.
"""

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal

from infra.conformance.codes_met import Met, met
from infra.conformance.priority import filled
from producers import total
from producers.adapter import Dialect, Document, Feed, Link, Read, Refusal, Translation
from producers.event import Keys, Number, compose
from runtime.clock import now_ms
from runtime.seal import SealKey
from schemas import codec, registry
from schemas.header import HEADER
from schemas.reasons import REASONS
from schemas.rules import RULES
from schemas.sealed import IDENTITY
from stream_processors.validate import validate, validate_visit

MOST_STATES: Final = 50_000
"""Visits whose last state is remembered while many messages are checked."""

_HEADER: Final = frozenset(field.name for field in HEADER)
_SECRET: Final = sha256(b"livingdata conformance").digest()
_KEYS: Final = Keys(SealKey.make("check-1", "check", _SECRET), _SECRET)
"""The same for every run, so that one file gives one answer; they protect nothing and open nothing."""


@dataclass(frozen=True, slots=True)
class Issue:
    """What is wrong and how to mend it. `severity`: error (the part is rejected) or warning (quality). Never a value."""

    rule: str
    severity: Literal["error", "warning"]
    path: str
    vi: str
    en: str
    mend_vi: str
    mend_en: str
    detail: str = ""
    kind: str | None = None

    def line(self) -> dict[str, str]:
        """For machines: what is wrong and how to mend it, in one text each."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "path": self.path,
            "vi": f"{self.vi}. {self.mend_vi}.",
            "en": f"{self.en}. {self.mend_en}.",
        }


@dataclass(frozen=True, slots=True)
class Facts:
    """What the report counts of one document. `filled`: first-priority field -> (filled, asked)."""

    kind: str
    filled: Mapping[str, tuple[int, int]]
    codes: tuple[Met, ...] = field(repr=False)
    occurred_at: int | None
    recorded_at: int | None
    captured_at: int


@dataclass(frozen=True, slots=True)
class Checked:
    """One input message. `events` hold kind, document, header and body as they would stand on Kafka (no identity)."""

    path: str
    index: int
    outcome: Literal["accepted", "rejected"]
    events: tuple[Mapping[str, Any], ...] = field(repr=False)
    issues: tuple[Issue, ...]
    silence: str | None = None
    rows_read: int = 0
    rows_used: int = 0
    unmapped: Mapping[str, int] = field(default_factory=dict)
    facts: tuple[Facts, ...] = ()

    def line(self) -> dict[str, Any]:
        """The machine-readable line of the message: a contract, no key more or less."""
        return {
            "path": self.path,
            "index": self.index,
            "outcome": self.outcome,
            "events": list(self.events),
            "issues": [issue.line() for issue in self.issues],
        }


class Checker:
    """Checks one feed's files; what was said of a visit before is folded in, as the adapter does."""

    def __init__(self, dialect: Dialect, feed: Feed) -> None:
        self._dialect, self._feed = dialect, feed
        self._states: dict[str, bytes] = {}
        self._sequence = 0

    def files(self, path: Path) -> list[Path]:
        """The path itself, or the files below a folder that this dialect takes, in order of their names."""
        if not path.is_dir():
            return [path]
        return sorted(
            found
            for found in path.rglob("*")
            if found.name.lower().endswith(self._dialect.suffixes) and found.is_file()
        )

    def check(self, path: Path) -> Iterator[Checked]:
        """Each message of a file. OSError where the file cannot be read, or is none."""
        if not path.is_file():  # a pipe would be waited for, a device read without end
            code = errno.EINVAL if path.exists() else errno.ENOENT
            raise OSError(code, os.strerror(code))
        shown = os.fsencode(path).decode("utf-8", "replace")
        for index, read in enumerate(self._reads(path), 1):
            yield self._one(shown, index, read)

    def _reads(self, path: Path) -> Iterator[Read]:
        """A reader's fault is ours, and ends the file with a refusal instead of the run."""
        reads = iter(self._dialect.read(path, self._feed))
        while True:
            try:
                read = next(reads, None)
            except OSError:
                raise
            except Exception as error:
                read, reads = Read(b"", Refusal("unforeseen", "", type(error).__name__)), iter(())
            if read is None:
                return
            yield read

    def _one(self, path: str, index: int, read: Read) -> Checked:
        self._sequence += 1
        translation = self._translate(read)
        events: list[Mapping[str, Any]] = []
        issues: list[Issue] = []
        facts: list[Facts] = []
        for part, outcome in enumerate(translation.outcomes, 1):
            number = Number("check", "0" * 16, self._sequence, part, len(translation.outcomes))
            if isinstance(outcome, Link):
                continue
            if isinstance(outcome, Document):
                made = self._event(outcome, number, translation)
                if not isinstance(made, Refusal):
                    event, found, fact = made
                    events.append(event)
                    facts.append(fact)
                    issues += found
                    continue
                outcome = made
            issues.append(_refused(total.tidy(outcome)))
        issues += _of_visit(events, translation)
        rejected = any(issue.severity == "error" for issue in issues)
        return Checked(
            path,
            index,
            "rejected" if rejected else "accepted",
            tuple(events),
            tuple(issues),
            None if translation.outcomes else translation.silence,
            translation.rows.read,
            translation.rows.used,
            translation.rows.unmapped,
            tuple(facts),
        )

    def _translate(self, read: Read) -> Translation:
        parsed = read.parsed
        if isinstance(parsed, Refusal):
            return Translation((parsed,))
        key = parsed.state_key
        state = self._states.get(key) if key else None
        translation, new = total.translate(self._dialect.translator, state, parsed, self._feed, _untold)
        if key and new is not None:
            self._states[key] = new
            if len(self._states) > MOST_STATES:
                del self._states[next(iter(self._states))]
        return translation

    def _event(
        self, document: Document, number: Number, translation: Translation
    ) -> tuple[dict[str, Any], list[Issue], Facts] | Refusal:
        made = total.attempt(
            lambda: compose(
                document,
                number,
                self._feed,
                _KEYS,
                captured_at=now_ms(),
                last_version=0,
                message_id="",
                rows=translation.rows,
            ),
            document.kind,
            _untold,
        )
        if isinstance(made, Refusal):
            return made
        framed = codec.unframe(made[0].value)
        coder = registry.codec(framed[0]) if framed else None
        if framed is None or coder is None:
            raise RuntimeError("an event of our own cannot be read")
        event = coder.decode(framed[1])
        identity = dict.fromkeys(IDENTITY) | document.identity
        verdict = validate(event, identity, document.narrative)
        issues = [
            _failed(rule, "error" if mode == "block" else "warning", document.kind, place)
            for rule, mode, place in verdict.failures
            if mode != "shadow"
        ]
        header = {name: value for name, value in event.items() if name in _HEADER}
        body = {name: value for name, value in event.items() if name not in _HEADER}
        return (
            {"kind": document.kind, "document": event["document_id"], "header": header, "body": body},
            issues,
            Facts(
                document.kind,
                filled(document.kind, event, identity),
                tuple(met(event, identity)),
                event["occurred_at"],
                event["recorded_at"],
                event["captured_at"],
            ),
        )


def _untold(_error: Exception) -> None:
    """An issue tells of it."""


def _of_visit(events: Iterable[Mapping[str, Any]], translation: Translation) -> list[Issue]:
    """What the documents of one message say against each other. A message of several visits (two documents of a kind,
    a check-in not counted) is not judged."""
    documents: dict[str, dict[str, Any]] = {}
    for event in events:
        document = {**event["header"], **event["body"]}
        if document.get("visit_state") == "arrived":
            continue
        if event["kind"] in documents:
            return []
        documents[event["kind"]] = document
    told = [outcome for outcome in translation.outcomes if isinstance(outcome, Document)]
    verdict = validate_visit(documents, {document.kind: document.narrative for document in told})
    return [
        _failed(rule, "warning", *place.partition(".")[::2])  # a visit's places begin with the kind
        for rule, mode, place in verdict.failures
        if mode != "shadow"
    ]


def _failed(rule_id: str, severity: Literal["error", "warning"], kind: str, place: str) -> Issue:
    rule = RULES[rule_id]
    return Issue(rule.id, severity, f"{kind}.{place}", rule.vi, rule.en, rule.mend_vi, rule.mend_en, kind=kind)


def _refused(refusal: Refusal) -> Issue:
    reason = REASONS[refusal.reason]
    return Issue(
        reason.id, "error", refusal.place, reason.vi, reason.en, reason.mend_vi, reason.mend_en, refusal.detail,
        refusal.kind,
    )  # fmt: skip
