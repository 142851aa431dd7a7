"""References between resources (R4 2.3): literal, relative, by URN inside a Bundle, contained, or by identifier alone.

A resource's *key* is `Type/id`; without an id `Type?system|value` of an identifier; `Type#digest` of its content where
it has neither.
"""

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final

from producers.fhir.bundle import Item
from producers.fhir.datatypes import NONE, Element, first
from producers.fhir.json_text import write

_LITERAL: Final = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})(?:/_history/.*)?", re.DOTALL)
_LONGEST: Final = 2048


def by_identifier(type_: str, identifier: Element) -> str | None:
    value = identifier.get("value")
    return f"{type_}?{identifier.get('system', '')}|{value}" if value else None


def key(resource: Element) -> str:
    type_ = resource["resourceType"]
    if "id" in resource:
        return f"{type_}/{resource['id']}"
    found = by_identifier(type_, first(resource.get("identifier")))
    return found or f"{type_}#{blake2b(write(resource) or b'', digest_size=16).hexdigest()}"


def literal(reference: str) -> str | None:
    """`Type/id` of a relative or absolute reference, with or without version; None of a URN or fragment."""
    found = _LITERAL.fullmatch(reference) if len(reference) <= _LONGEST else None
    return found[1] if found else None


class Index:
    """The resources a message can see, by key: its own, and what the same source said before."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._by_url: dict[str, str] = {}
        self.resources: dict[str, Any] = {}
        for item in items:
            if item.resource is None:
                continue
            name = key(item.resource)
            self.resources[name] = item.resource
            if item.full_url:
                self._by_url[item.full_url] = name
        self._by_identifier: dict[str, str] | None = None

    def see(self, known: Mapping[str, Element]) -> None:
        """What is `known` takes the place of what the message says."""
        self.resources |= known
        self._by_identifier = None

    def key_of(self, reference: Element | None, type_: str) -> str | None:
        """The key of what is referred to, whether it can be seen or not. `type_`: of a reference that does not say."""
        if not reference:
            return None
        said = reference.get("reference", "")
        if said in self._by_url:
            return self._by_url[said]
        found = literal(said)
        if found is not None:
            return found
        identifier = reference.get("identifier")
        if identifier:
            name = by_identifier(reference.get("type", type_), identifier)
            return self._identified().get(name or "", name)
        return None

    def find(self, reference: Element | None, type_: str, container: Element = NONE) -> Element | None:
        """The resource referred to, None where it cannot be seen or is of another type."""
        if not reference:
            return None
        said = reference.get("reference", "")
        found: Any
        if said.startswith("#"):
            found = next((r for r in container.get("contained", ()) if r.get("id") == said[1:]), None)
        else:
            found = self.resources.get(self.key_of(reference, type_) or "")
        return found if found is not None and found.get("resourceType") == type_ else None

    def _identified(self) -> dict[str, str]:
        if self._by_identifier is None:
            self._by_identifier = {
                name: at
                for at, resource in self.resources.items()
                for identifier in resource.get("identifier") or ()
                if isinstance(identifier, dict) and (name := by_identifier(resource["resourceType"], identifier))
            }
        return self._by_identifier
