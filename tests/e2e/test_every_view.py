# ruff: noqa: S608 (the names put into SQL are the tests' own)
"""Every view, asked through `livingdata sql` after a run of the city, equals the city's own books.

A view that the books do not answer is listed with the reason; a new view must be entered in one place or the other.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest

from infra.city.documents import Documents
from infra.city.visits import LOCAL
from sinks.clickhouse.views import DOCUMENTS, views
from tests import city_answers as answers
from tests.city_answers import Rows
from tests.city_run import Run

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]


def today() -> date:
    return datetime.now(LOCAL).date()


Check = Callable[[Run], tuple[Any, Any]]
"""Gives (what the books say, what the view says)."""
CHECKS: Final[dict[str, Check]] = {}


def check(*names: str) -> Callable[[Check], Check]:
    def enter(made: Check) -> Check:
        for name in names:
            CHECKS[name] = made
        return made

    return enter


def _document(kind: str, view: str) -> None:
    keys = "facility, source_system"
    CHECKS[view] = lambda run: (answers.of_kind(run.documents, kind), run.keyed(keys, "count()", view))
    CHECKS[f"{view}_history"] = lambda run: (
        answers.versions(run.documents, kind),
        run.keyed(keys, "count()", f"{view}_history"),
    )


for _kind, _view in DOCUMENTS.items():
    _document(_kind, _view)


@check("facility_register")
def _(run: Run) -> tuple[Any, Any]:
    expected = {
        (entry["code"], system["system"], kind)
        for entry in run.register
        for system in entry["systems"]
        for kind in system["kinds"]
    }
    return expected, set(run.sql("SELECT DISTINCT facility, source_system, kind FROM facility_register"))


@check("prescription_lines")
def _(run: Run) -> tuple[Any, Any]:
    sums = "count(), toFloat64(sum(quantity)), toFloat64(sum(ifNull(amount_hospital, 0)))"
    return answers.prescription_lines(run.documents), run.keyed("facility, source_system", sums, "prescription_lines")


@check("service_lines")
def _(run: Run) -> tuple[Any, Any]:
    sums = "count(), toFloat64(sum(amount_hospital))"
    return answers.service_lines(run.documents), run.keyed("facility, source_system", sums, "service_lines")


@check("observation_results")
def _(run: Run) -> tuple[Any, Any]:
    return answers.observation_results(run.documents), run.keyed("facility, source_system", "count()", "observation_results")  # fmt: skip


@check("diagnoses")
def _(run: Run) -> tuple[Any, Any]:
    return answers.diagnoses(run.documents), run.keyed("facility, kind, code", "count()", "diagnoses")


_VISIT: Final = "facility, visit_type, main_diagnosis, document_date"


@check("visits")
def _(run: Run) -> tuple[Any, Any]:
    return answers.visits(run.documents), run.keyed(_VISIT, "count()", "visits")


@check("visits_between")
def _(run: Run) -> tuple[Any, Any]:
    since, until = today() - timedelta(days=20), today() - timedelta(days=1)
    expected = {key: count for key, count in answers.visits(run.documents).items() if since <= key[-1] <= until}
    return expected, run.keyed(_VISIT, "count()", f"visits_between(since = '{since}', until = '{until}')")


@check("visit_counts")
def _(run: Run) -> tuple[Any, Any]:
    expected = answers.tally((one.facility, one.said.visit.arrival.date()) for one in run.documents.visits())
    rows = run.keyed("facility, document_date", "sum(visits), sum(unlinked)", "visit_counts")
    return {key: (*count, 0) for key, count in expected.items()}, rows


@check("visits_live")
def _(run: Run) -> tuple[Any, Any]:
    ((since,),) = run.sql("SELECT min(hour) FROM visits_live")
    rows = run.keyed("facility", "sum(visits)", f"visits_live WHERE hour >= toDateTime('{since:%F %T}', 'UTC')")
    expected = answers.visits_since(run.documents, since.astimezone(LOCAL))
    return expected, {key: count for key, count in rows.items() if count != (0,)}


@check("patient_timeline")
def _(run: Run) -> tuple[Any, Any]:
    rows = run.sql(
        "SELECT count() AS n FROM patient_timeline WHERE citizen_key IS NOT NULL GROUP BY citizen_key ORDER BY n DESC"
    )
    return (answers.timeline(run.documents), answers.per_citizen(run.documents)), (
        run.keyed("facility, kind", "count()", "patient_timeline"),
        [n for (n,) in rows],
    )


@check("timeline_of")
def _(run: Run) -> tuple[Any, Any]:
    """The citizen with most documents, by the pseudonym."""
    most = "SELECT citizen_key FROM patient_timeline WHERE citizen_key IS NOT NULL GROUP BY citizen_key ORDER BY count() DESC LIMIT 1"
    (((citizen),),) = run.sql(most)
    rows = run.sql(f"SELECT document_id FROM timeline_of(citizen = '{citizen}')")
    return answers.per_citizen(run.documents)[0], len(set(rows))


@check("ledger")
def _(run: Run) -> tuple[Any, Any]:
    outcomes = ("accepted", "amended", "duplicate", "rejected")
    expected = {
        (code, outcome): (page[outcome],)
        for code, page in run.books.facilities().items()
        for outcome in outcomes
        if page[outcome]
    }
    return expected, run.keyed("facility, outcome", "count()", "ledger")


@check("ledger_balance")
def _(run: Run) -> tuple[Any, Any]:
    counts = ("published", "accepted", "amended", "duplicate", "rejected", "stored", "missing")
    expected = {(code,): (*(page[count] for count in counts), True) for code, page in run.books.facilities().items()}
    sums = ", ".join(f"sum({count})" for count in counts)
    return expected, run.keyed("facility", f"{sums}, min(balanced) = 1", "ledger_balance")


def _rejected(run: Run) -> Rows:
    return {(code,): (count,) for code, count in run.documents.rejected.items()}


@check("rejected_parts")
def _(run: Run) -> tuple[Any, Any]:
    return _rejected(run), run.keyed("facility", "count()", "rejected_parts WHERE state = 'open'")


@check("rejections")
def _(run: Run) -> tuple[Any, Any]:
    """A part that breaks two rules stands under both."""
    twice = "SELECT sum(greatest(length(rules), 1) - 1) FROM rejected_parts"
    return (
        sum(run.documents.rejected.values()) + run.sql(twice)[0][0],
        run.sql("SELECT sum(rejections) FROM rejections")[0][0],
    )


@check("faulty_feeds")
def _(run: Run) -> tuple[Any, Any]:
    expected = {
        (code,): (page["published"], page["rejected"])
        for code, page in run.books.facilities().items()
        if page["published"]
    }
    return expected, run.keyed("facility", "sum(parts), sum(rejected)", "faulty_feeds")


@check("feed_freshness")
def _(run: Run) -> tuple[Any, Any]:
    """What was captured live in the run was stored in it."""
    expected: dict[tuple[str], tuple[int, bool]] = {}
    for (facility, _, _), count in answers.live(run.documents).items():
        expected[facility,] = (expected.get((facility,), (0, True))[0] + count, True)
    least = f"min(p50) >= 0 AND max(p99) <= {run.report['seconds'] + 60} AND min(occurred_p50) >= min(p50)"
    return expected, run.keyed("facility", f"sum(rows), {least}", "feed_freshness")


def _feeds(run: Run) -> Rows:
    return {key: (count,) for key, count in run.documents.versions.items()}


@check("feeds_seen")
def _(run: Run) -> tuple[Any, Any]:
    return _feeds(run), run.keyed("facility, source_system, kind", "sum(rows)", "feeds_seen")


@check("silent_feeds")
def _(run: Run) -> tuple[Any, Any]:
    """Whether one is silent by now hangs on when it is asked; that its outbox is empty does not. History is not there."""
    expected = dict.fromkeys(answers.live(run.documents), (1, 0))
    return expected, run.keyed("facility, source_system, kind", "count(), sum(outbox_depth)", "silent_feeds")


def _in_force(run: Run) -> Rows:
    return answers.tally((one.facility, one.kind) for one in run.documents.in_force())


@check("facility_scorecard", "facility_scorecard_hourly")
def _(run: Run) -> tuple[Any, Any]:
    """Documents, rejections, and one part of a score: how many have a citizen."""
    known = answers.tally((one.facility, one.kind) for one in run.documents.in_force() if one.citizen)
    documents = {key: (*count, *known.get(key, (0,))) for key, count in _in_force(run).items()}
    sums = "sum(documents), toUInt64(round(sum(correct_identity * documents)))"
    rejected = {key: count for key, count in _rejected(run).items() if count != (0,)}
    seen = [
        (
            run.keyed("facility, kind", sums, f"{view} WHERE documents > 0"),
            run.keyed("facility", "sum(rejected)", f"{view} WHERE rejected > 0"),
        )
        for view in ("facility_scorecard", "facility_scorecard_hourly")
    ]
    return [(documents, rejected)] * 2, seen


@check("vendor_scorecard")
def _(run: Run) -> tuple[Any, Any]:
    expected = answers.tally((one.kind,) for one in run.documents.in_force())
    return expected, run.keyed("kind", "sum(documents)", "vendor_scorecard WHERE documents > 0")


@check("rule_issues")
def _(run: Run) -> tuple[Any, Any]:
    """R01, no citizen's number, is what the books know of every document."""
    return answers.failing(run.documents), run.keyed("facility, kind", "sum(warned)", "rule_issues WHERE rule = 'R01'")


@check("usable_feeds")
def _(run: Run) -> tuple[Any, Any]:
    expected = {key: (*count, True) for key, count in _in_force(run).items()}
    rows = run.keyed("facility, kind", "sum(documents), min(is_balanced) = 1", "usable_feeds WHERE documents > 0")
    return expected, rows


@check("connection_progress")
def _(run: Run) -> tuple[Any, Any]:
    """Without a certificate a feed that sends is testing (or silent, asked late), and one that never sent is told."""
    expected = {
        (entry["code"], system["system"], kind): (
            run.documents.versions[entry["code"], system["system"], kind] == 0,
            entry["unit_responsible"],
        )
        for entry in run.register
        for system in entry["systems"]
        for kind in system["kinds"]
    }
    states = "any(state) = 'never_connected' OR any(state) NOT IN ('testing', 'silent'), any(unit_responsible)"
    return expected, run.keyed("facility, source_system, kind", states, "connection_progress")


@check("lab_tests")
def _(run: Run) -> tuple[Any, Any]:
    expected = answers.tally((one.facility, code) for one, code, _ in answers.results(run.documents))
    return expected, run.keyed("facility, national_code", "count()", "lab_tests")


@check("test_coverage")
def _(run: Run) -> tuple[Any, Any]:
    sums = "sum(results), sum(without_code), sum(without_citizen)"
    return answers.comparable(run.documents), run.keyed("facility", sums, "test_coverage")


@check("repeated_tests")
def _(run: Run) -> tuple[Any, Any]:
    return answers.repeated_tests(run.documents), run.keyed("facility, national_code", "count()", "repeated_tests")


@check("repeated_tests_between")
def _(run: Run) -> tuple[Any, Any]:
    source = f"repeated_tests_between(since = '{today() - timedelta(days=60)}', until = '{today()}')"
    return answers.repeated_tests(run.documents), run.keyed("facility, national_code", "count()", source)


@check("referral_flow")
def _(run: Run) -> tuple[Any, Any]:
    sums = "sum(referrals), sum(traceable), sum(arrived)"
    return answers.referrals(run.documents), run.keyed("from_facility, to_facility", sums, "referral_flow")


@check("follow_ups")
def _(run: Run) -> tuple[Any, Any]:
    month = "toStartOfMonth(toDate(appointed_at, 'Asia/Ho_Chi_Minh')) AS month"
    rows = run.keyed("facility, month, state", "count()", f"(SELECT facility, {month}, state FROM follow_ups)")
    return answers.follow_ups(run.documents, datetime.now(LOCAL)), rows


def _kept(documents: Documents) -> Rows:
    expected: dict[tuple[str, date], list[int]] = {}
    for (facility, month, state), (count,) in answers.follow_ups(documents, datetime.now(LOCAL)).items():
        counts = expected.setdefault((facility, month), [0, 0, 0])
        counts[("kept", "missed", "open").index(state)] += count
    return {key: (sum(counts), *counts) for key, counts in expected.items()}


@check("follow_up_kept")
def _(run: Run) -> tuple[Any, Any]:
    counts = "sum(appointments), sum(kept), sum(missed), sum(open)"
    return _kept(run.documents), run.keyed("facility, month", counts, "follow_up_kept")


@check("bed_days")
def _(run: Run) -> tuple[Any, Any]:
    sums = "sum(bed_days), sum(admitted), sum(discharged), sum(still_in)"
    return answers.bed_days(run.documents, today()), run.keyed("facility, day", sums, "bed_days")


@check("drug_use")
def _(run: Run) -> tuple[Any, Any]:
    sums = "toFloat64(sum(quantity)), toFloat64(sum(ifNull(amount, 0))), sum(prescriptions)"
    return answers.drug_use(run.documents), run.keyed("facility, drug_code", sums, "drug_use")


@check("notifiable_cases")
def _(run: Run) -> tuple[Any, Any]:
    return answers.cases(run.documents), run.keyed("disease, facility, day", "sum(cases)", "notifiable_cases")


@check("notifiable_daily")
def _(run: Run) -> tuple[Any, Any]:
    return answers.new_cases(run.documents), run.keyed("disease", "sum(cases)", "notifiable_daily")


def shown(run: Run) -> Documents:
    """What may be counted for publication."""
    return run.documents.where(answers.normal)


@check("published_visits")
def _(run: Run) -> tuple[Any, Any]:
    found = shown(run).visits()
    expected = answers.tally((k.said.visit.arrival.date(), k.facility, answers.visit_type(k) or "") for k in found)
    return answers.suppressed(expected), run.keyed("day, facility, visit_type", "any(visits)", "published_visits")


@check("published_cases")
def _(run: Run) -> tuple[Any, Any]:
    """By week and commune almost all are small in so short a run: what is shown is at most what the books have."""
    hidden, shown = run.sql("SELECT countIf(suppressed), ifNull(sum(cases), 0) FROM published_cases")[0]
    whole = sum(count for key, (count,) in answers.new_cases(run.documents).items() if key != ("hiv",))
    return True, shown + hidden <= whole <= shown + hidden * (answers.SMALLEST - 1)


@check("published_drug_use")
def _(run: Run) -> tuple[Any, Any]:
    expected = answers.suppressed(answers.drug_patients(shown(run)))
    return expected, run.keyed("facility, month, drug_code", "any(patients)", "published_drug_use")


@check("published_referrals")
def _(run: Run) -> tuple[Any, Any]:
    expected = {key: counts[:1] for key, counts in answers.referrals(shown(run)).items()}
    return answers.suppressed(expected), run.keyed(
        "from_facility, to_facility", "sum(referrals)", "published_referrals"
    )


@check("published_repeated_tests")
def _(run: Run) -> tuple[Any, Any]:
    expected = answers.suppressed(answers.repeated_tests(shown(run)))
    return expected, run.keyed("facility, national_code", "sum(repeats)", "published_repeated_tests")


@check("published_follow_ups")
def _(run: Run) -> tuple[Any, Any]:
    expected = {key: counts[:3] for key, counts in _kept(shown(run)).items()}
    return answers.suppressed(expected), run.keyed("facility, month", "any(appointments), any(kept), any(missed)", "published_follow_ups")  # fmt: skip


@check("published_bed_days")
def _(run: Run) -> tuple[Any, Any]:
    expected: dict[tuple[str, date], tuple[int]] = {}
    for (facility, day), (count, *_) in answers.bed_days(shown(run), today()).items():
        month = facility, day.replace(day=1)
        expected[month] = (expected.get(month, (0,))[0] + count,)
    return answers.suppressed(expected), run.keyed("facility, month", "any(bed_days)", "published_bed_days")


NOT_OF_THE_BOOKS: Final = {
    "quality_rules": "the rules themselves",
    "notifiable_diseases": "the list itself",
    "birth_children": "the city's hospitals send no XML9",
    "tuberculosis_courses": "the city's hospitals send no XML15",
    "identity_now": "nobody is linked late in a demo",
    "identity_held": "no hospital of the city merges patients",
    "document_issues": "filled by the process of rules over several documents, which the demo does not run",
}


def test_every_view_is_compared_or_said_why_not() -> None:
    assert {view.name for view in views()} == CHECKS.keys() | NOT_OF_THE_BOOKS.keys()


@pytest.mark.parametrize("view", CHECKS)
def test_a_view_equals_the_books(run: Run, view: str) -> None:
    expected, found = CHECKS[view](run)
    assert expected == found


def test_the_run_shows_something_of_everything(run: Run) -> None:
    """Else two empty answers would agree."""
    empty = {"birth", "hiv_care", "leave", "tuberculosis"}  # the city writes none of them
    told = {one.kind for one in run.documents.in_force()}
    assert DOCUMENTS.keys() - empty == told
    assert answers.repeated_tests(shown(run))
    assert any(arrived for _, _, arrived in answers.referrals(shown(run)).values())
    assert answers.new_cases(run.documents)
