"""Observation and DiagnosticReport -> `observation`.

Each resource is a document of its own: an Observation with a line for its value and one per component, a report with
its conclusion and the Observations contained in it. An Observation that a report merely refers to is not repeated
there, so that it is counted once and can be corrected alone.
"""

from typing import Any, Final

from producers.adapter import Document
from producers.fhir import coded, results
from producers.fhir.datatypes import Element, code, notes, text_of, texts
from producers.fhir.telling import Telling, document
from producers.fhir.times import millis, start

KIND: Final = "observation"
_USED: Final = frozenset(
    "status code subject encounter effectiveDateTime effectivePeriod effectiveInstant issued valueQuantity "
    "valueCodeableConcept valueString valueBoolean valueInteger valueRange valueRatio valueTime valueDateTime "
    "valuePeriod valueSampledData valueAttachment valueReference component".split()
)
"""`interpretation`, `referenceRange`, `performer` and `category` are read in part, so they are sealed as well."""
_USED_REPORT: Final = frozenset(
    "status code subject encounter effectiveDateTime effectivePeriod issued conclusion".split()
)


def of_observation(observation: Element, told: Telling) -> Document:
    shared = _shared(observation, told, observation)
    lines, narrative = _lines(observation, shared, [])
    concept = observation.get("code")
    panel = "component" in observation or "hasMember" in observation
    return _document(
        observation,
        told,
        {**(_order(concept) if panel else {}), "result_status": code(observation.get("status")), "results": lines},
        narrative | {"extra.code": coded.rest(concept) if panel else None, "note": notes(observation.get("note", ()))},
        shared,
        _USED,
    )


def of_report(report: Element, told: Telling) -> Document:
    shared = _shared(report, told, report)
    lines: list[results.Line] = []
    narrative: dict[str, str | None] = {}
    for reference in report.get("result", ()):
        member = told.index.find(reference, "Observation", report)
        if member is not None and reference.get("reference", "").startswith("#"):
            more, texts_ = _lines(member, _shared(member, told, report), lines)
            lines += more
            narrative |= texts_
    return _document(
        report,
        told,
        {**_order(report.get("code")), "result_status": code(report.get("status")), "results": lines},
        narrative
        | {"extra.code": coded.rest(report.get("code"))}
        | {"conclusion": report.get("conclusion"), "conclusion_codes": texts(report.get("conclusionCode", ()))},
        shared,
        _USED_REPORT,
    )


def _document(
    resource: Element,
    told: Telling,
    body: dict[str, Any],
    narrative: dict[str, str | None],
    shared: results.Line,
    used: frozenset[str],
) -> Document:
    observed, issued = shared["observed_at"], shared["resulted_at"]
    return document(
        KIND,
        resource,
        told.person(resource.get("subject"), resource),
        told.visit(resource.get("encounter"), resource),
        body={**body, "sampled_at": observed},
        narrative=narrative,
        occurred_at=observed if observed is not None else issued,
        recorded_at=issued,
        used=used,
    )


def _shared(resource: Element, told: Telling, container: Element) -> results.Line:
    at = millis(resource.get("effectiveDateTime") or resource.get("effectiveInstant"))
    readers = told.staff(resource.get("resultsInterpreter") or resource.get("performer", ()), container)
    return {
        "status": code(resource.get("status")),
        "observed_at": at if at is not None else start(resource.get("effectivePeriod")),
        "resulted_at": millis(resource.get("issued")),
        "reader": readers[0] if readers else None,
    }


def _order(concept: Element | None) -> dict[str, Any]:
    return {**coded.of_test(concept, "order", "order_"), "order_name": text_of(concept)}


def _lines(
    observation: Element, shared: results.Line, before: list[results.Line]
) -> tuple[list[results.Line], dict[str, str | None]]:
    """(lines, sealed texts by path) of the value and the components, numbered after those `before`."""
    parts = list(observation.get("component", ()))
    if results.has_value(observation) or not (parts or "hasMember" in observation):
        parts.insert(0, observation)
    lines, sealed = [], {}
    for position, part in enumerate(parts, len(before) + 1):
        made, text = results.line(position, part, shared)
        lines.append(made)
        sealed[f"results[{position}].description"] = text
        sealed[f"results[{position}].extra.code"] = coded.rest(part.get("code"))
    return lines, sealed
