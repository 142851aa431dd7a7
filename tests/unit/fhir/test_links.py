"""Patient.link: who is the same person."""

from typing import Any

import pytest

from producers.adapter import Link
from producers.fhir.json_text import Json
from tests.unit.fhir.told import PATIENT, Source, bundle


def linked(other: str, type_: str, **more: Any) -> Json:
    return PATIENT | {"link": [{"other": {"reference": other}, "type": type_}]} | more


OTHER = PATIENT | {"id": "p2", "identifier": [{"system": "http://his.example", "type": {"coding": [{"code": "MR"}]}, "value": "BN-9"}]}  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "pair"),
    [
        ("replaced-by", ("BN-77", "p2")),
        ("refer", ("BN-77", "p2")),
        ("replaces", ("p2", "BN-77")),
        ("seealso", ("p2", "BN-77")),
    ],
)
def test_who_stays(type_: str, pair: tuple[str, str]) -> None:
    assert (Link(*pair, f"fhir.{type_}"),) == Source().tell(linked("Patient/p2", type_)).outcomes


def test_both_numbers_are_the_hospitals_where_both_stand_in_the_message() -> None:
    made = Source().tell(bundle("batch", linked("Patient/p2", "replaced-by"), OTHER))
    assert (Link("BN-77", "BN-9", "fhir.replaced-by"),) == made.outcomes


def test_two_that_name_each_other_are_told_once() -> None:
    other = OTHER | {"link": [{"other": {"reference": "Patient/p1"}, "type": "seealso"}]}
    made = Source().tell(bundle("batch", linked("Patient/p2", "seealso"), other))
    assert (Link("BN-9", "BN-77", "fhir.seealso"),) == made.outcomes


def test_what_is_not_told_any_more_is_taken_back_and_what_stands_is_not_told_again() -> None:
    source = Source()
    source.tell(linked("Patient/p2", "replaced-by"))
    assert () == source.tell(linked("Patient/p2", "replaced-by", active=True)).outcomes
    meta = {"lastUpdated": "2026-11-24T09:30:00+07:00"}
    assert (Link("BN-77", "p2", "fhir.replaced-by", "unmerge", 1_795_487_400_000),) == source.tell(
        PATIENT | {"meta": meta}
    ).outcomes


def test_an_older_patient_takes_nothing_back() -> None:
    source = Source()
    source.tell(linked("Patient/p2", "replaced-by", meta={"lastUpdated": "2026-11-24T09:30:00+07:00"}))
    assert () == source.tell(PATIENT | {"meta": {"lastUpdated": "2026-11-24T09:00:00+07:00"}}).outcomes


@pytest.mark.parametrize("other", ["RelatedPerson/r1", "Patient/p1"])
def test_a_relative_and_oneself_are_nobody_else(other: str) -> None:
    assert () == Source().tell(linked(other, "seealso")).outcomes
