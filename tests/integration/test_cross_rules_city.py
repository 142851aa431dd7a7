"""City data, the known flaws put into it, and what rules over several documents find: all of them and nothing else."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from infra.city.city import City
from infra.city.documents import Documents
from infra.city.flaws import NONE, Flaws
from infra.city.folder import write_folder
from infra.city.visits import LOCAL
from infra.conformance.check import Checker
from producers.adapter import Feed
from producers.adapters import dialect
from schemas.rules import RULES
from sinks.clickhouse.client import ClickHouse
from sinks.clickhouse.cross.run import Runner, of_store
from stream_processors.enrich import document_date
from tests.store import doc, put

pytestmark = pytest.mark.long

Event = dict[str, Any]
START: Final = datetime(2026, 11, 24, 9, 30, tzinfo=LOCAL)
DIALECT: Final = "insurance_xml"
MESSAGES: Final = 80
MANY: Final = 600
SHARE: Final = Flaws().no_discharge_paper
"""Of inpatients, in a city as it usually is."""
THOUSAND: Final = 1_000_000
"""Of VND, in thousandths."""


def visits(city: City, folder: Path, count: int) -> dict[str, dict[str, Event]]:
    """Visit number -> the visit as its adapter's documents: kind -> document. Each is told once."""
    write_folder(city, folder, DIALECT, count)
    spoken = dialect(DIALECT)
    options = spoken.options.model_validate({}).model_dump()
    checker = Checker(spoken, Feed("city.xml", city.hospitals[0].code, "HIS-XML", DIALECT, options=options))
    made = {}
    for path in checker.files(folder):
        for checked in checker.check(path):
            documents = {event["kind"]: {**event["header"], **event["body"]} for event in checked.events}
            assert "accepted" == checked.outcome
            assert len(documents) == len(checked.events)
            made[path.stem.rpartition("_")[2].partition("-")[0]] = documents
    return made


def totals(visit: dict[str, Event]) -> None:
    visit["encounter"]["total_hospital"] += THOUSAND


def copay(visit: dict[str, Event]) -> None:
    visit["encounter"]["patient_copay"] += THOUSAND


def supplies(visit: dict[str, Event]) -> None:
    visit["encounter"]["total_supplies"] += THOUSAND


def order_late(visit: dict[str, Event]) -> None:
    visit["prescription"]["lines"][-1]["ordered_at"] = visit["encounter"]["discharged_at"] + 60_000


def paper_differs(visit: dict[str, Event]) -> None:
    visit["appointment"]["main_diagnosis"] = "I10" if visit["encounter"]["main_diagnosis"] != "I10" else "J18.9"


def left_out(kind: str) -> Callable[[dict[str, Event]], None]:
    def spoil(visit: dict[str, Event]) -> None:
        del visit[kind]
        for document in visit.values():
            document["parts"] -= 1

    return spoil


FLAWS: Final[dict[str, tuple[str, Callable[[dict[str, Event]], None], str]]] = {
    "X13b": ("service", totals, "encounter"),
    "X13f": ("prescription", copay, "encounter"),
    "X13d": ("service", supplies, "encounter"),
    "X02c": ("prescription", order_late, "prescription"),
    "X14b": ("appointment", paper_differs, "appointment"),
    "X20": ("referral", left_out("referral"), "encounter"),
    "X20b": ("discharge", left_out("discharge"), "encounter"),
}
"""Rule -> the kind that a visit needs, what is done to it, the kind of the document at fault."""


def found(store: ClickHouse, told: Iterable[dict[str, Event]]) -> set[tuple[str, str]]:
    """(rule, document at fault) of what speaks, once these visits are stored."""
    put(store, [_value(document) for visit in told for document in visit.values()])
    Runner(store, of_store(RULES.values()))(0)
    rows = store.rows("SELECT rule, document_id FROM visit_issues FINAL WHERE found AND mode != 'shadow'")
    return {(row["rule"], row["document_id"]) for row in rows}


def test_known_flaws_are_found_and_no_false_ones(store: ClickHouse, tmp_path: Path) -> None:
    told = list(visits(City(3, 1, start=START, flaws=NONE, people=500), tmp_path / "xml", MESSAGES).values())
    assert MESSAGES == len(told)
    expected: set[tuple[str, str]] = set()
    free = list(told)
    for rule, (kind, spoil, at_fault) in FLAWS.items():
        visit = next(visit for visit in free if kind in visit)
        free.remove(visit)
        spoil(visit)
        expected.add((rule, visit[at_fault]["document_id"]))
    expected.add(("X22c", _second_stay(free)))
    assert expected == found(store, told)


def test_the_discharge_papers_that_the_city_leaves_out_are_missed(store: ClickHouse, tmp_path: Path) -> None:
    city = City(3, 1, start=START, flaws=replace(NONE, no_discharge_paper=SHARE), people=500)
    books = Documents()
    for message in islice((one for one in city.messages(lambda: START) if one.dialect == DIALECT), MANY):
        books.enter(message)
    inpatients = {one.visit for one in books.in_force("encounter") if one.said.visit.inpatient}
    left_out = inpatients - {one.visit for one in books.in_force("discharge")}
    assert SHARE / 2 < len(left_out) / len(inpatients) < SHARE * 2
    told = visits(city, tmp_path / "xml", MANY)
    expected = {told[visit]["encounter"]["document_id"] for visit in left_out}
    # So many visits of one moment are also stays of one person that overlap (X22c).
    assert expected == {document for rule, document in found(store, told.values()) if rule == "X20b"}


def _second_stay(told: list[dict[str, Event]]) -> str:
    """Two inpatients become one person whose second stay begins before the first ends; the document at fault."""
    first, second = [visit for visit in told if visit["encounter"]["visit_type"] == "03"][:2]
    for document in second.values():
        document["patient_key"] = first["encounter"]["patient_key"]
    ordered = sorted((first["encounter"], second["encounter"]), key=lambda event: event["admitted_at"])
    assert ordered[1]["admitted_at"] < ordered[0]["discharged_at"]
    return str(ordered[1]["document_id"])


def _value(document: Event) -> tuple[str, bytes]:
    kind = document["kind"]
    return doc(
        kind,
        **{name: value for name, value in document.items() if name != "kind"},
        document_date=document_date(document),
    )
