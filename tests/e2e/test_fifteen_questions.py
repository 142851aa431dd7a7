"""The fifteen questions of docs/questions.md, asked of a city after its run: the answers are the city's own."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from infra.city.visits import LOCAL
from tests import city_answers as answers
from tests.city_run import Run

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

PAGE: Final = Path(__file__).parents[2] / "docs" / "questions.md"
QUESTIONS: Final = {
    int(number): sql
    for number, sql in re.findall(r"^## (\d+)\..*?```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
}
HOSPITAL: Final = "01003"
"""In the place of the page's example."""

Answer = Callable[[Run], tuple[Any, Any]]
"""Gives (what the books say, what the question is answered)."""
ANSWERS: Final[dict[int, Answer]] = {}


def answer(number: int) -> Callable[[Answer], Answer]:
    def enter(made: Answer) -> Answer:
        ANSWERS[number] = made
        return made

    return enter


def today() -> date:
    return datetime.now(LOCAL).date()


def ask(run: Run, number: int) -> list[tuple[Any, ...]]:
    return run.sql(QUESTIONS[number].replace("'01001'", f"'{HOSPITAL}'"))


@answer(1)
def _(run: Run) -> tuple[Any, Any]:
    """Whoever lies in since yesterday came then."""
    yesterday = today() - timedelta(days=1)
    of_day = [one for one in run.documents.visits() if one.said.visit.arrival.date() == yesterday]
    expected = {(*key, *count, 0.0) for key, count in answers.tally((one.facility,) for one in of_day).items()}
    return expected, set(ask(run, 1))


@answer(2)
def _(run: Run) -> tuple[Any, Any]:
    """Usual is what came at this hour on earlier days; who is listed was busier or quieter than that, by twice."""
    rows = ask(run, 2)
    seen = {(row[0],): (row[1],) for row in rows}
    since = run.sql("SELECT min(hour) FROM visits_live")[0][0].astimezone(LOCAL)
    expected = answers.visits_since(run.documents, since)
    return {key: expected.get(key, (0,)) for key in seen}, seen


@answer(3)
def _(run: Run) -> tuple[Any, Any]:
    """Nobody has a certificate, so every feed of the register is asked for."""
    expected = [(entry["code"], kind) for entry in run.register for each in entry["systems"] for kind in each["kinds"]]
    return sorted(expected), sorted((row[0], row[2]) for row in ask(run, 3))


@answer(4)
def _(run: Run) -> tuple[Any, Any]:
    """Every feed that sent a document, its balance among the conditions."""
    expected = {(one.facility, one.kind, 1) for one in run.documents.in_force()}
    return expected, {(row[0], row[1], row[10]) for row in ask(run, 4) if row[1]}


@answer(5)
def _(run: Run) -> tuple[Any, Any]:
    """The register of the city names no vendor: all documents of the week are of one."""
    week = today() - timedelta(days=7)
    rows = run.sql("SELECT sum(documents) FROM vendor_scorecard WHERE day >= today() - 7")
    at_most = sum(1 for _ in run.documents.in_force())
    of_week = sum(1 for one in run.documents.in_force() if one.said.visit.arrival.date() >= week)
    told = ask(run, 5)
    return (True, [""]), (of_week <= rows[0][0] <= at_most and told[0][1] == rows[0][0], [row[0] for row in told])


@answer(6)
def _(run: Run) -> tuple[Any, Any]:
    """R01, the citizen's number is missing, is what the books know of every document."""
    expected = {count for (facility, _), (count,) in answers.failing(run.documents).items() if facility == HOSPITAL}
    found = {row[2] for row in ask(run, 6) if row[0] == "R01"}
    return True, bool(found) and found <= expected


@answer(7)
def _(run: Run) -> tuple[Any, Any]:
    names = ("published", "accepted", "amended", "duplicate", "rejected", "stored", "missing")
    expected = {code: [page[name] for name in names] for code, page in run.books.facilities().items()}
    found: dict[str, list[int]] = {}
    for row in ask(run, 7):
        assert row[-1], row
        found[row[0]] = [a + b for a, b in zip(found.get(row[0], [0] * 7), row[2:9], strict=True)]
    return expected, found


@answer(8)
def _(run: Run) -> tuple[Any, Any]:
    return sorted(answers.live(run.documents)), sorted(row[:3] for row in ask(run, 8))


@answer(9)
def _(run: Run) -> tuple[Any, Any]:
    """This week's and the week before's new cases, over all communes."""
    first: dict[str, date] = {}
    for (disease, _, day), persons in answers.notifiable(run.documents).items():
        for person in persons if disease == "dengue" else ():
            first[person] = min(day, first.get(person, day))
    days = [(datetime.now(LOCAL).date() - day).days for day in first.values()]
    expected = (sum(ago < 7 for ago in days), sum(7 <= ago < 14 for ago in days))
    rows = ask(run, 9)
    return expected, (sum(row[1] for row in rows), sum(row[2] for row in rows))


@answer(10)
def _(run: Run) -> tuple[Any, Any]:
    expected: dict[str, int] = {}
    for (_, code), (count,) in answers.repeated_tests(run.documents).items():
        expected[code] = expected.get(code, 0) + count
    return expected, {row[0]: row[1] for row in ask(run, 10)}


@answer(11)
def _(run: Run) -> tuple[Any, Any]:
    return answers.referrals(run.documents), {row[:2]: row[2:] for row in ask(run, 11)}


@answer(12)
def _(run: Run) -> tuple[Any, Any]:
    """All appointments of so short a run lie ahead."""
    expected = answers.tally((one.facility,) for one in run.documents.in_force("appointment"))
    return {(key[0], 0, 0, *count) for key, count in expected.items()}, {row[:4] for row in ask(run, 12)}


@answer(13)
def _(run: Run) -> tuple[Any, Any]:
    since, until = today() - timedelta(days=3), today() - timedelta(days=1)
    beds = answers.bed_days(run.documents, today())
    return {(*key, *count[:3]) for key, count in beds.items() if since <= key[1] <= until}, set(ask(run, 13))


@answer(14)
def _(run: Run) -> tuple[Any, Any]:
    worth: dict[str, float] = {}
    for (_, code), (_, amount, _) in answers.drug_use(run.documents).items():
        worth[code] = round(worth.get(code, 0) + amount, 2)
    rows = ask(run, 14)
    expected = sorted(worth.items(), key=lambda each: (-each[1], each[0]))[:10]
    return expected, [(row[0], float(row[3])) for row in rows]


@answer(15)
def _(run: Run) -> tuple[Any, Any]:
    """The citizen with most documents, in the place of the page's pseudonym."""
    most = "SELECT citizen_key FROM patient_timeline WHERE citizen_key IS NOT NULL GROUP BY citizen_key ORDER BY count() DESC LIMIT 1"
    citizen = run.sql(most)[0][0]
    return answers.per_citizen(run.documents)[0], len(run.sql(QUESTIONS[15].replace("1" * 32, citizen)))


def test_all_are_answered() -> None:
    assert list(range(1, 16)) == list(QUESTIONS) == list(ANSWERS)


@pytest.mark.parametrize("number", ANSWERS)
def test_the_answer_is_the_citys(run: Run, number: int) -> None:
    expected, found = ANSWERS[number](run)
    assert expected == found
