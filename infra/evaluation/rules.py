"""Cases for rules, as data: documents, and which rules they must and must not fail."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from runtime.clock import now_ms
from schemas import registry, topics
from schemas.kinds import KINDS
from schemas.rules import RULES, RuleError, parse
from schemas.sealed import IDENTITY
from stream_processors.rules import Rulebook
from stream_processors.validate import validate

_KNOWN: Final = frozenset({"name", "kind", "fields", "identity", "narrative", "fails", "passes"})
_HEADER: Final[Mapping[str, Any]] = {
    "adapter_id": "test", "incarnation": "0" * 16, "sequence": 1, "part": 1, "parts": 1, "document_id": "0" * 32,
    "version": 1, "content_hash": "0" * 32, "status": "active", "partial": False, "facility": "00000",
    "source_system": "test", "source_format": "insurance_xml", "sensitivity": "normal", "purpose": "test",
    "legal_basis": "test", "trace_id": "test", "marks": [],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """One case: rule -> place of what failed, and what came out otherwise than it should."""

    name: str
    failed: Mapping[str, str]
    wrong: tuple[str, ...]


def run(text: str) -> list[Result]:
    """The results of a file of cases. RuleError says what is wrong with the file."""
    try:
        read = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RuleError(f"not YAML: {error}") from None
    if not isinstance(read, dict) or not isinstance(read.get("cases"), list):
        raise RuleError("a mapping with a list `cases` is expected")
    own = parse(yaml.safe_dump({"rules": read["rules"], "defaults": read.get("defaults")})) if read.get("rules") else []
    book = Rulebook((RULES | {rule.id: rule for rule in own}).values())
    book.check()
    return [_run(number, case, book) for number, case in enumerate(read["cases"], 1)]


def _run(number: int, case: Any, book: Rulebook) -> Result:
    name = f"case {number}"
    if not isinstance(case, dict) or case.get("kind") not in KINDS:
        raise RuleError(f"{name}: kind is one of {', '.join(KINDS)}")
    unknown = sorted(set(case) - _KNOWN)
    if unknown:
        raise RuleError(f"{name}: unknown {', '.join(unknown)}")
    name = str(case.get("name", name))
    event = _event(name, case["kind"], case.get("fields") or {})
    identity: dict[str, str | None] = {**dict.fromkeys(IDENTITY), **(case.get("identity") or {})}
    verdict = validate(event, identity, case.get("narrative") or {}, book)
    failed = {id_: place for id_, _, place in verdict.failures}
    must, must_not = case.get("fails") or [], case.get("passes") or []
    missing = [id_ for id_ in (*must, *must_not) if id_ not in book.rules]
    if missing:
        raise RuleError(f"{name}: there is no rule {', '.join(missing)}")
    wrong = [f"{id_} should fail and passes" for id_ in must if id_ not in failed]
    wrong += [f"{id_} should pass and fails at {failed[id_]}" for id_ in must_not if id_ in failed]
    return Result(name, failed, tuple(wrong))


def _event(name: str, kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The document as a worker would decode it; RuleError where a field is not of the kind or of another type."""
    made = registry.latest(topics.received(kind))[1]
    unknown = sorted(set(fields) - {field["name"] for field in made.schema["fields"]})
    if unknown:
        raise RuleError(f"{name}: {kind} has no field {', '.join(unknown)}")
    now = now_ms()
    try:
        return made.decode(made.encode({**_HEADER, "kind": kind, "captured_at": now, "occurred_at": now, **fields}))
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise RuleError(f"{name}: a field is of the wrong type ({type(error).__name__})") from None
