"""What a source last said of one patient, kept so that single resources make whole documents: the Patient, its
Encounters, their Conditions, and MedicationRequests that share a prescription. Pure.

A resource replaces the one of its key, unless it says itself that it is older.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from producers.adapter import State
from producers.fhir.bundle import Item
from producers.fhir.datatypes import NONE, Element
from producers.fhir.json_text import plain
from producers.fhir.prescription import group
from producers.fhir.references import key, literal
from producers.fhir.times import to_the_second

MOST: Final = {"Patient": 1, "Encounter": 30, "Condition": 200, "MedicationRequest": 100}
"""Resources kept of a type; the one told longest ago goes first."""
_DROPPED: Final = frozenset(("text", "photo"))
"""Of any of them: what is only for the eye."""
_META: Final = frozenset(("lastUpdated", "security"))


def known(state: State | None) -> dict[str, Any]:
    """Key -> resource."""
    found: dict[str, Any] = state["resources"] if state else {}
    return found


def is_kept(resource: Element) -> bool:
    type_ = resource["resourceType"]
    return type_ in MOST and (type_ != "MedicationRequest" or group(resource) is not None)


def fold(before: Mapping[str, Any], items: Iterable[Item]) -> dict[str, Any]:
    """Key -> resource as it stands after the message, slim and in JSON's own types, so that the same resource makes the
    same document now and later. `before` is left as it is."""
    after = dict(before)
    for item in items:
        if item.resource is None:
            after.pop(literal(item.target) or "", None)
            continue
        name = key(item.resource)
        if not is_kept(item.resource) or _older(item.resource, after.get(name)):
            continue
        after.pop(name, None)
        after[name] = _slim(item.resource)
    return after


def _older(resource: Element, kept: Element | None) -> bool:
    told, last = (to_the_second((r or NONE).get("meta", NONE).get("lastUpdated")) for r in (resource, kept))
    return told is not None and last is not None and told < last


def state(resources: Mapping[str, Any]) -> State:
    """To be sealed: bounded."""
    kept: dict[str, Any] = {}
    room = dict(MOST)
    for name in reversed(list(resources)):
        resource = resources[name]
        type_ = resource["resourceType"]
        if room[type_] > 0:
            room[type_] -= 1
            kept[name] = resource
    return {"resources": {name: kept[name] for name in reversed(list(kept))}}


def _slim(resource: Element) -> Any:
    made = {name: value for name, value in resource.items() if name not in _DROPPED}
    if "meta" in made:
        made["meta"] = {name: value for name, value in made["meta"].items() if name in _META}
    return plain(made)
