"""FHIR R4 and R5 -> documents. Pure: one request, Bundle or NDJSON line is one message.

Options of a feed that are read here: `release`, `profile`, `visit_system`, `patient_system`, `referral_categories`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from typing import Any, Final

from producers.adapter import Feed, Outcome, Parsed, Refusal, Rows, State, Translation
from producers.fhir import fold
from producers.fhir.bounds import DEFAULT, Limits, Problem
from producers.fhir.bundle import Content, Faulty, Item, content
from producers.fhir.fold import Folding
from producers.fhir.json_text import read, rough, write
from producers.fhir.kinds import KIND_OF
from producers.fhir.references import Index
from producers.fhir.releases import Release
from producers.fhir.subjects import patient_key
from producers.fhir.telling import Telling

_MORE: Final = 5
"""Further places named in a refusal's detail."""


@dataclass(frozen=True, slots=True)
class Message:
    """`Parsed.content` of this dialect."""

    content: Content
    index: Index = field(repr=False)


class FhirTranslator:
    def parse(
        self, raw: bytes, feed: Feed, *, release: Release | None = None, target: str = "", limits: Limits = DEFAULT
    ) -> Parsed | Refusal:
        """`release` where the request names one; `target` (`Patient`, `Patient/123`) where its URL does."""
        tree = read(raw, limits)
        if isinstance(tree, Problem):
            return refusal(tree)
        twin = cache(lambda: rough(raw)) if feed.options.get("profile", "full") == "full" else None
        made = content(tree, release or feed.options.get("release", "R4"), twin, limits)
        if isinstance(made, Problem):
            return refusal(made)
        wrong = misdirected(tree, target)
        if wrong is not None:
            return refusal(wrong)
        return _parsed(made, raw)

    def delete(self, target: str) -> Parsed:
        """A request to delete `Type/id`."""
        item = Item("request", None, target=target)
        return _parsed(Content((item,), message_id=f"DELETE {target}"), target.encode("utf-8", "replace"))

    def translate(self, state: State | None, parsed: Parsed, feed: Feed) -> Translation:
        message: Message = parsed.content
        held, options = message.content, feed.options
        refusals = [_refused(faulty, held, position) for position, faulty in enumerate(held.faulty)]
        read_ = len(held.items) + len(held.faulty) + sum(held.skipped.values())
        if refusals and held.whole:
            return Translation(tuple(refusals), None, Rows(read_))
        told = Telling(message.index, options.get("visit_system"), options.get("patient_system"))
        folding = Folding(told, state, fold.categories(options.get("referral_categories", ())))
        outcomes: list[Outcome] = [*folding.documents(held.items), *refusals]
        unmapped = held.skipped | folding.ignored
        rows = Rows(read_, read_ - len(held.faulty) - sum(unmapped.values()), unmapped)
        silence = "folded" if folding.folded else "no_kind"
        return Translation(tuple(outcomes), folding.state if parsed.state_key else None, rows, silence)


def refusal(problem: Problem, kind: str | None = None, original: bytes | None = None) -> Refusal:
    return Refusal(problem.reason, problem.place, problem.detail, kind, original)


def misdirected(tree: Mapping[str, Any], target: str) -> Problem | None:
    """Whether the URL names another type or id than the body."""
    type_, _, id_ = target.partition("/")
    if type_ and tree["resourceType"] != type_:
        return Problem("fhir_target", "resourceType", "the URL names another type")
    if id_ and tree.get("id") != id_:
        return Problem("fhir_target", f"{type_}.id", "the URL names another id")
    return None


def _parsed(held: Content, raw: bytes) -> Parsed:
    index = Index(held.items)
    patients = {patient_key(item, index) for item in held.items} - {None}
    state_key = patients.pop() if len(patients) == 1 else None
    message_id = held.message_id or blake2b(raw, digest_size=16).hexdigest()
    return Parsed(message_id, state_key, Message(held, index))


def _refused(faulty: Faulty, held: Content, position: int) -> Refusal:
    """The first refusal of what is refused whole keeps the whole message, every other its own resource."""
    name = faulty.resource.get("resourceType") if isinstance(faulty.resource, dict) else None
    first, *more = faulty.problems
    also = ", ".join(problem.place for problem in more[:_MORE])
    detail = f"{first.detail}; also {also}".removeprefix("; ") if also else first.detail
    original = None if held.whole and position == 0 else write(faulty.resource)
    kind = KIND_OF.get(name) if isinstance(name, str) else None
    return Refusal(first.reason, first.place, detail, kind, original)


TRANSLATOR: Final = FhirTranslator()
