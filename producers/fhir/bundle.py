"""A message as its resources: one alone, or the entries of a Bundle, each with what is to be done with it.

Which Bundles are taken whole or not at all follows the standard: a transaction, a document and a message are one act;
of a batch, a search result, a history and a collection each entry stands for itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from producers.fhir.bounds import DEFAULT, Limits, Problem
from producers.fhir.check import Rough, check, place
from producers.fhir.json_text import Json
from producers.fhir.releases import Release

WHOLE: Final = frozenset(("transaction", "document", "message"))
_ANSWERS: Final = frozenset(("transaction-response", "batch-response", "subscription-notification"))
_STORED: Final = frozenset(("PUT", "POST"))
_URL: Final = re.compile(r"/([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})\Z")
_STUB: Final = {"resourceType": "Parameters"}
"""Stands for an entry's resource while the Bundle around it is checked."""


@dataclass(frozen=True, slots=True)
class Item:
    """One resource, or the deletion of one (`resource` None, `target` says which: `Patient/123`)."""

    place: str
    resource: Json = field(repr=False)
    full_url: str = field(default="", repr=False)
    target: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Faulty:
    """A resource that may not be taken, and why."""

    place: str
    resource: Json = field(repr=False)
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """What a message holds. `whole`: one fault refuses all of it. `bundle`: the Bundle's type, `entries` its entries.

    `versioned`: the message says itself which version it is, so that the same bytes are the same message.
    `skipped` counts by type what asks for nothing here (reads, operations, answers).
    """

    items: tuple[Item, ...]
    faulty: tuple[Faulty, ...] = ()
    whole: bool = True
    bundle: str = ""
    entries: int = 0
    versioned: bool = False
    message_id: str = field(default="", repr=False)
    skipped: dict[str, int] = field(default_factory=dict)


def content(tree: Json, release: Release, rough: Rough | None = None, limits: Limits = DEFAULT) -> Content | Problem:
    """The resources of a message, checked; with `rough` by the models too (see `check`). A Problem only where there is
    no telling which resources it holds.
    """
    if isinstance(tree, dict) and tree.get("resourceType") == "Bundle":
        return _bundle(tree, release, rough, limits)
    problems = check(tree, release, rough, limits)
    if problems and problems[0].reason in ("fhir_no_type", "fhir_unknown_type"):
        return problems[0]
    name = tree["resourceType"]
    item = Item(name, tree)
    faulty = (Faulty(name, tree, tuple(problems)),) if problems else ()
    return Content(
        items=() if problems else (item,),
        faulty=faulty,
        versioned=_versioned(tree),
        message_id=_single_id(tree),
    )


def _bundle(tree: dict[str, Any], release: Release, rough: Rough | None, limits: Limits) -> Content | Problem:
    entries = tree.get("entry", [])
    if isinstance(entries, list) and len(entries) > limits.entries:
        return Problem("too_large", "Bundle.entry", f"{len(entries)} entries, at most {limits.entries}")
    shell = _shell(tree)
    problems = check(shell, release, None, limits)
    if problems:
        return Content((), (Faulty("Bundle", tree, tuple(problems)),), bundle="Bundle")
    kind = tree["type"] if isinstance(tree.get("type"), str) else ""
    items: list[Item] = []
    faulty: list[Faulty] = []
    skipped: dict[str, int] = {}
    for found in _entries(tree, entries, release, rough, limits):
        if isinstance(found, str):
            skipped[found] = skipped.get(found, 0) + 1
        elif isinstance(found, Faulty):
            faulty.append(found)
        else:
            items.append(found)
    return Content(
        tuple(items),
        tuple(faulty),
        whole=kind in WHOLE,
        bundle=kind,
        entries=len(entries),
        versioned=_versioned(tree) or "timestamp" in tree or "identifier" in tree,
        message_id=_bundle_id(tree),
        skipped=skipped,
    )


def _shell(tree: dict[str, Any]) -> dict[str, Any]:
    entries = tree.get("entry")
    if not isinstance(entries, list):
        return tree
    return tree | {
        "entry": [{**e, "resource": _STUB} if isinstance(e, dict) and "resource" in e else e for e in entries]
    }


def _entries(
    tree: dict[str, Any], entries: list[dict[str, Any]], release: Release, rough: Rough | None, limits: Limits
) -> Iterator[Item | Faulty | str]:
    """In order; a name where an entry asks for nothing."""
    if tree.get("type") in _ANSWERS:
        yield from ("Bundle.answer" for _ in entries)
        return
    for index, entry in enumerate(entries):
        where = place("Bundle", ("entry", index))
        request = entry.get("request", {})
        method, url = request.get("method", ""), request.get("url", "")
        resource = entry.get("resource")
        if method == "DELETE":
            yield Item(f"{where}.request", None, target=url)
        elif method == "PATCH":
            yield Faulty(f"{where}.request", entry, (Problem("fhir_patch", f"{where}.request.method"),))
        elif resource is None or (method and method not in _STORED) or "$" in url:
            yield f"Bundle.entry.{method or 'empty'}"
        else:
            at = f"{where}.resource"
            problems = check(resource, release, _entry_of(rough, index), limits)
            if problems:
                yield Faulty(at, resource, tuple(_moved(problem, at) for problem in problems))
            else:
                full_url = entry.get("fullUrl", "")
                yield Item(at, _named(resource, full_url), full_url)


def _entry_of(rough: Rough | None, index: int) -> Rough | None:
    return None if rough is None else lambda: rough()["entry"][index]["resource"]


def _named(resource: dict[str, Any], full_url: str) -> dict[str, Any]:
    """With the id that only its URL tells."""
    found = _URL.search(full_url) if "id" not in resource else None
    return resource if found is None or found[1] != resource["resourceType"] else resource | {"id": found[2]}


def _moved(problem: Problem, at: str) -> Problem:
    """`Observation.status` of an entry -> `Bundle.entry[3].resource.status`."""
    _, dot, rest = problem.place.partition(".")
    return Problem(problem.reason, f"{at}{dot}{rest}", problem.detail)


def _versioned(resource: dict[str, Any]) -> bool:
    meta = resource.get("meta")
    return isinstance(meta, dict) and ("lastUpdated" in meta or "versionId" in meta)


def _single_id(resource: dict[str, Any]) -> str:
    meta = resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return f"{resource['resourceType']}/{resource.get('id', '')}/{version or ''}" if "id" in resource else ""


def _bundle_id(tree: dict[str, Any]) -> str:
    identifier = tree.get("identifier")
    value = identifier.get("value") if isinstance(identifier, dict) else None
    found = value or tree.get("id")
    return f"Bundle/{found}" if isinstance(found, str) else ""
