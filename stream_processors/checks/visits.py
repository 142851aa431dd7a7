"""Checks that need several documents of one visit, as one message of a hospital tells them (a HOSO). The worker sees one
document at a time; these are asked where a whole message is at hand, and of the store by queries that say the same
(`sinks/clickhouse/cross`).

What a check does not find it does not judge: without an encounter, or without the other document, nothing is said.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from runtime.clock import local_day
from stream_processors.checks.money import CENT
from stream_processors.checks.register import Event, Narrative, visit_check

Documents = Mapping[str, Event]
Narratives = Mapping[str, Narrative]
VisitCheck = Callable[[Documents, Narratives], str | None]

_SLACK: Final = CENT * 200
"""Each line of a visit may round by a cent."""


@visit_check
def ordered_within(kinds: Collection[str]) -> VisitCheck:
    """Orders are between arrival and end of the visit."""

    def found(documents: Documents, _: Narratives) -> str | None:
        came, left = (documents["encounter"][name] for name in ("admitted_at", "discharged_at"))
        for kind in kinds:
            for number, line in enumerate(documents[kind]["lines"] if kind in documents else (), 1):
                at = line["ordered_at"]
                if at is not None and ((came is not None and at < came) or (left is not None and at > left)):
                    return f"{kind}.lines[{number}].ordered_at"
        return None

    return found


@visit_check
def total_of_lines(total: str, amount: str, kinds: Collection[str], groups: Collection[str] = ()) -> VisitCheck:
    """A total of the visit is the sum of an amount over lines; of these cost groups, where some are named."""
    wanted = frozenset(groups)

    def found(documents: Documents, _: Narratives) -> str | None:
        said = documents["encounter"][total]
        there = [documents[kind] for kind in kinds if kind in documents]
        if said is None or not there:
            return None
        lines = [line for one in there for line in one["lines"] if not wanted or line["cost_group"] in wanted]
        if any(line[amount] is None for line in lines):
            return None
        return None if abs(said - sum(line[amount] for line in lines)) <= _SLACK else f"encounter.{total}"

    return found


@visit_check
def repeats_visit(kind: str, fields: Sequence[str]) -> VisitCheck:
    """What a paper repeats of the visit is the same, where both say it."""

    def found(documents: Documents, _: Narratives) -> str | None:
        paper, visit = documents.get(kind), documents["encounter"]
        if paper is None:
            return None
        wrong = (name for name in fields if paper[name] and visit[name] and paper[name] != visit[name])
        return next((f"{kind}.{name}" for name in wrong), None)

    return found


@visit_check
def expected_document(
    kind: str, when: Mapping[str, Collection[str]], unless: Mapping[str, Collection[str]]
) -> VisitCheck:
    """A document is told with a visit whose fields have these values, unless others have those."""

    def found(documents: Documents, _: Narratives) -> str | None:
        visit = documents["encounter"]
        if kind in documents or any(visit[name] not in values for name, values in when.items()):
            return None
        return None if any(visit[name] in values for name, values in unless.items()) else kind

    return found


@visit_check
def images_concluded(group: str) -> VisitCheck:
    """A result of a service of this cost group has description and conclusion."""

    def found(documents: Documents, narratives: Narratives) -> str | None:
        services, results = documents.get("service"), documents.get("observation")
        if services is None or results is None:
            return None
        images = {line["service_code"] for line in services["lines"] if line["cost_group"] == group}
        said = narratives.get("observation", {})
        for number, line in enumerate(results["results"], 1):
            path = f"results[{number}]"
            if line["service_code"] in images and line["service_code"]:
                missing = next((n for n in ("description", "conclusion") if not said.get(f"{path}.{n}")), None)
                if missing:
                    return f"observation.{path}.{missing}"
        return None

    return found


@visit_check
def days_of_lines(days: str, kind: str, field: str, when: Mapping[str, Collection[str]]) -> VisitCheck:
    """Of such visits, a number of days is that of the local days on which a line has this time."""

    def found(documents: Documents, _: Narratives) -> str | None:
        visit, other = documents["encounter"], documents.get(kind)
        if other is None or visit[days] is None or any(visit[name] not in values for name, values in when.items()):
            return None
        times = [line[field] for line in other["lines"]]
        if None in times:
            return None
        return None if visit[days] == len({local_day(at) for at in times}) else f"encounter.{days}"

    return found
