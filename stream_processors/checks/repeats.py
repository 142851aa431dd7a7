"""Checks of the lines of one document against each other."""

from collections.abc import Collection
from itertools import pairwise

from stream_processors.checks.register import Check, Event, Identity, Narrative, check


@check
def surgery_once(each: str, groups: Collection[str]) -> Check:
    """No service of these cost groups stands twice at one time."""
    wanted = frozenset(groups)

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        seen = set()
        for number, line in enumerate(event[each], 1):
            if line["cost_group"] in wanted and line["service_code"] and line["performed_at"] is not None:
                one = (line["service_code"], line["performed_at"])
                if one in seen:
                    return f"{each}[{number}].performed_at"
                seen.add(one)
        return None

    return found


@check
def beds_apart(each: str, groups: Collection[str]) -> Check:
    """Bed days of these cost groups, each from its order to its result, do not overlap."""
    wanted = frozenset(groups)

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        spans = sorted(
            (line["ordered_at"], line["resulted_at"], number)
            for number, line in enumerate(event[each], 1)
            if line["cost_group"] in wanted and line["ordered_at"] is not None and line["resulted_at"] is not None
        )
        for (_start, end, _number), (start, _end, number) in pairwise(spans):
            if start < end:
                return f"{each}[{number}].ordered_at"
        return None

    return found
