"""Checks of times against each other and against the clock. Times are epoch milliseconds UTC."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from runtime.clock import DAY_MS, local_day
from schemas import codes, notifiable
from stream_processors.checks.papers import day_of_paper
from stream_processors.checks.register import Check, Event, Identity, LineCheck, Narrative, check, line_check

HOUR_MS = 3_600_000


@check
def not_before(later: str, earlier: str) -> Check:
    """`later` is not before `earlier`; where one is missing nothing is said."""

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        a, b = event[later], event[earlier]
        return later if a is not None and b is not None and a < b else None

    return found


@line_check
def line_not_before(later: Sequence[str], earlier: str) -> LineCheck:
    """The same within a line, for each of `later`."""
    names = tuple(later)

    def found(line: Event) -> str | None:
        start = line[earlier]
        if start is not None:
            for name in names:
                if line[name] is not None and line[name] < start:
                    return name
        return None

    return found


@check
def paper_not_before(paper: str, earlier: str) -> Check:
    """The day of a paper (`yyyymmdd`) is not before the day of `earlier`."""

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        day, start = day_of_paper(event[paper]), event[earlier]
        return paper if day is not None and start is not None and day < local_day(start) else None

    return found


@check
def treatment_days() -> Check:
    """0 for types 01, 07, 09; end - arrival + 1 in days for 02, 03, 04, 06. Of 05 and 08 the drugs or services
    decide, which are other documents."""

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        days, kind = event["treatment_days"], event["visit_type"]
        came, left = event["admitted_at"], event["discharged_at"]
        if days is None or kind is None or came is None or left is None:
            return None
        if kind in codes.NO_TREATMENT_DAYS:
            return "treatment_days" if days != 0 else None
        counted = kind in codes.COUNTED_TREATMENT_DAYS and days != local_day(left) - local_day(came) + 1
        return "treatment_days" if counted else None

    return found


_LINE_TIMES: Final = {
    "prescription": ("lines", ("ordered_at", "performed_at")),
    "service": ("lines", ("ordered_at", "performed_at", "resulted_at")),
    "observation": ("results", ("observed_at", "resulted_at")),
}


@check
def sent_within(days: int) -> Check:
    """Taken by the adapter at most `days` after the visit's end; of drugs, services and results, after the last line
    (a long stay's first order is old when the dossier is sent); else after it happened."""
    limit = days * DAY_MS

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        captured = event["captured_at"]
        at = event.get("discharged_at") or event["occurred_at"]
        if at is None or captured - at <= limit:
            return None
        array, names = _LINE_TIMES.get(event["kind"], ("", ()))
        times = [line[name] for line in (event[array] if array else ()) for name in names if line[name] is not None]
        return "captured_at" if captured - max(times, default=at) > limit else None

    return found


@check
def not_ahead(days: int) -> Check:
    """What happened lies at most `days` after it was taken."""
    limit = days * DAY_MS

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        at = event["occurred_at"]
        return "occurred_at" if at is not None and at > event["captured_at"] + limit else None

    return found


@lru_cache(maxsize=20_000)
def _term(code: str) -> str | None:
    """Within what time a case of this code is to be reported."""
    disease = notifiable.disease_of(code.strip())
    return notifiable.DISEASES[disease].deadline if disease is not None else None


@check
def notifiable_within(hours: int, term: str) -> Check:
    """A notifiable disease of a list (`24h`, `48h`) as main diagnosis came in time. The clock starts with the visit:
    when the doctor first suspected the disease is in no field."""
    limit = hours * HOUR_MS

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        code, at = event["main_diagnosis"], event["admitted_at"]
        if code is None or at is None or event["captured_at"] - at <= limit:
            return None
        return "captured_at" if _term(code) == term else None

    return found


@check
def results_within(days: int) -> Check:
    """A result that stays empty (no value, description or conclusion) is completed within `days`."""
    limit = days * DAY_MS

    def found(event: Event, _: Identity, narrative: Narrative) -> str | None:
        at = event["occurred_at"]
        if at is None or event["captured_at"] - at <= limit:
            return None
        for number, line in enumerate(event["results"], 1):
            said = (f"results[{number}].description", f"results[{number}].conclusion")
            if not line["value_text"] and not any(narrative.get(path) for path in said):
                return f"results[{number}].value_text"
        return None

    return found


@check
def marked(mark: str) -> Check:
    """The adapter did not set this mark."""

    def found(event: Event, _: Identity, __: Narrative) -> str | None:
        marks = event["marks"]
        return "marks" if marks and mark in marks else None

    return found
