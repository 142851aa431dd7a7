"""A message's resources and what was said before -> the documents that now stand differently. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

from producers.adapter import Document, Link, Outcome, Refusal, State
from producers.fhir import appointment, diagnoses, encounter, imaging, observation, prescription, referral, service
from producers.fhir import state as kept
from producers.fhir.bundle import Item
from producers.fhir.datatypes import Element
from producers.fhir.kinds import KIND_OF, SUPPORTING
from producers.fhir.links import links
from producers.fhir.person import person
from producers.fhir.references import key, literal
from producers.fhir.telling import Telling

_ALONE: Final[dict[str, Callable[[Element, Telling], Document]]] = {
    "Observation": observation.of_observation,
    "DiagnosticReport": observation.of_report,
    "Procedure": service.build,
    "ServiceRequest": referral.build,
    "Appointment": appointment.build,
    "ImagingStudy": imaging.build,
}


_UNDERSTOOD: Final = SUPPORTING | {"Encounter"}


def categories(own: Iterable[str]) -> frozenset[str]:
    return referral.CATEGORIES | frozenset(own)


class Folding:
    """Once per message. `folded`: something was kept for later documents. `ignored`: resources of no kind, by type."""

    def __init__(self, told: Telling, state: State | None, referrals: frozenset[str]) -> None:
        self._told, self._referrals = told, referrals
        self._before = kept.known(state)
        self._after: dict[str, Any] = {}
        self.folded = False
        self.ignored: dict[str, int] = {}

    @property
    def state(self) -> State | None:
        """None where nothing changed: what is kept stays as it is."""
        return kept.state(self._after) if self.folded else None

    def documents(self, items: Sequence[Item]) -> list[Outcome]:
        """One per document and link, in the order of their first mention; of repeats the one corrected last."""
        self._after = kept.fold(self._before, items)
        self._told.index.see(self._after)
        visits, groups = self._touched(items)
        found: dict[tuple[str, ...], Outcome] = {}
        for name in visits:
            _add(found, self._encounter(name))
        for name in groups:
            _add(found, self._prescription(name))
        for item in items:
            for outcome in self._alone(item):
                _add(found, outcome)
        return list(found.values())

    def _touched(self, items: Iterable[Item]) -> tuple[list[str], list[str]]:
        """Keys of the encounters and of the prescriptions that must be told again: what a resource belongs to now, and
        what it belonged to before."""
        visits: dict[str, None] = {}
        groups: dict[str, None] = {}
        for item in items:
            name = key(item.resource) if item.resource else literal(item.target) or ""
            before = self._before.get(name)
            told = [resource for resource in (before, item.resource) if resource and kept.is_kept(resource)]
            self.folded = self.folded or bool(told)
            for resource in told:
                type_ = resource["resourceType"]
                if type_ == "Encounter":
                    visits[name] = None
                elif type_ == "Condition":
                    visits |= dict.fromkeys(self._visits_of(name, resource))
                elif type_ == "MedicationRequest" and prescription.is_order(resource):
                    groups[prescription.group(resource) or ""] = None
            if self._is_other_person(name):
                visits |= dict.fromkeys(n for n, r in self._after.items() if r["resourceType"] == "Encounter")
        return list(visits), list(groups)

    def _visits_of(self, name: str, condition: Element) -> list[str]:
        """The encounters that name a condition or are named by it, as far as they are known."""
        said = self._told.index.key_of(condition.get("encounter"), "Encounter")
        found = [said] if said and self._after.get(said, {}).get("resourceType") == "Encounter" else []
        return found + self._naming.get(name, [])

    @cached_property
    def _naming(self) -> dict[str, list[str]]:
        """Condition -> the encounters whose `diagnosis` names it."""
        found: dict[str, list[str]] = {}
        for visit, resource in self._after.items():
            if resource["resourceType"] == "Encounter":
                for name in self._linked(resource):
                    found.setdefault(name, []).append(visit)
        return found

    def _linked(self, visit: Element) -> list[str]:
        links = visit.get("diagnosis", ())
        named = (self._told.index.key_of(ref, "Condition") for link in links for ref in diagnoses.targets(link))
        return list(dict.fromkeys(name for name in named if name))

    @cached_property
    def _of_visit(self) -> dict[str, list[str]]:
        """Encounter -> the Conditions that name it."""
        found: dict[str, list[str]] = {}
        for name, resource in self._told.index.resources.items():
            if resource["resourceType"] == "Condition":
                said = self._told.index.key_of(resource.get("encounter"), "Encounter")
                found.setdefault(said or "", []).append(name)
        return found

    def _is_other_person(self, name: str) -> bool:
        """Whether what identifies the patient was said otherwise before."""
        now, before = self._after.get(name), self._before.get(name)
        if now is None or before is None or now["resourceType"] != "Patient":
            return False
        return person(now, None).identity != person(before, None).identity

    def _encounter(self, name: str) -> Document:
        visit = self._after.get(name)
        if visit is None:  # deleted
            return _in_error(encounter.build(self._before[name], {}, self._told))
        resources = self._told.index.resources
        names = dict.fromkeys([*self._linked(visit), *self._of_visit.get(name, ())])
        conditions = {at: resources[at] for at in names if at in resources}
        return encounter.build(visit, conditions, self._told)

    def _prescription(self, name: str) -> Document:
        now = self._grouped[0].get(name)
        before = self._grouped[1].get(name, [])
        return prescription.build(now, self._told) if now else _in_error(prescription.build(before, self._told))

    @cached_property
    def _grouped(self) -> tuple[dict[str, list[Element]], dict[str, list[Element]]]:
        """Prescription -> its requests, as they are now and as they were before."""
        both: tuple[dict[str, list[Element]], dict[str, list[Element]]] = ({}, {})
        for found, resources in zip(both, (self._after, self._before), strict=True):
            for resource in resources.values():
                if resource["resourceType"] == "MedicationRequest":
                    found.setdefault(prescription.group(resource) or "", []).append(resource)
        return both

    def _alone(self, item: Item) -> list[Outcome]:
        """The document of a resource that stands for itself."""
        resource = item.resource
        if resource is None:
            return self._deleted(item)
        type_ = resource["resourceType"]
        if type_ == "Patient":
            name = key(resource)
            return list(links(self._after.get(name) or resource, self._before.get(name), self._told))
        if type_ == "MedicationRequest" and prescription.is_order(resource):
            return [] if kept.is_kept(resource) else [prescription.build([resource], self._told)]
        build = _ALONE.get(type_)
        if build is not None and (type_ != "ServiceRequest" or referral.is_referral(resource, self._referrals)):
            return [build(resource, self._told)]
        if type_ not in _UNDERSTOOD:
            self.ignored[type_] = self.ignored.get(type_, 0) + 1
        return []

    def _deleted(self, item: Item) -> list[Outcome]:
        name = literal(item.target)
        type_ = item.target.partition("/")[0].partition("?")[0]
        kind = KIND_OF.get(type_)
        if kind is None and type_ not in SUPPORTING:
            self.ignored[type_] = self.ignored.get(type_, 0) + 1
        if kind is None:
            return []
        if name is None:
            return [Refusal("fhir_delete", item.place, "the URL names no id", kind)]
        if name in self._before and kept.is_kept(self._before[name]):
            return []  # told by what was folded
        return [Document(kind, tuple(name.split("/", 1)), status="entered_in_error", partial=True)]


def _in_error(document: Document) -> Document:
    """A deletion carries no time of correction: it is as late as it is told."""
    return replace(document, status="entered_in_error", corrected_at=None)


def _add(found: dict[tuple[str, ...], Outcome], outcome: Outcome) -> None:
    if isinstance(outcome, Refusal):
        found["refusal", outcome.place] = outcome
        return
    if isinstance(outcome, Link):
        found["link", outcome.patient_number, outcome.into_number] = outcome
        return
    name = (outcome.kind, *outcome.natural_key)
    before = found.get(name)
    told = before.corrected_at if isinstance(before, Document) else None
    if told is None or outcome.corrected_at is None or outcome.corrected_at >= told:
        found[name] = outcome
