"""Merges, changed numbers and links between patients."""

import pytest

from producers.adapter import Link
from tests.unit.hl7v2.telling import Telling, adt, pid, segment

AT = 1_795_487_400_000
"""2026-11-24T09:30:00+07:00."""
OLD = "MRG|BN0^^^01003^MR"


def told(event: str, *lines: str, at: str = "20261124093000") -> list[Link]:
    outcomes = Telling().translate(adt(event, *lines, at=at)).outcomes
    return [outcome for outcome in outcomes if isinstance(outcome, Link)]


@pytest.mark.parametrize("event", ["A18", "A30", "A34", "A36", "A39", "A40", "A46", "A47"])
def test_the_prior_number_goes_into_the_one_that_stays(event: str) -> None:
    assert [Link("BN0", "BN1", f"hl7.{event}", "merge", AT)] == told(event, pid(), OLD)


def test_each_pair_is_merged_by_itself_and_once() -> None:
    lines = (pid(), OLD, pid(f3="BN2^^^01003^MR"), "MRG|BN9", pid(), OLD)
    assert [("BN0", "BN1"), ("BN9", "BN2")] == [(link.patient_number, link.into_number) for link in told("A40", *lines)]


def test_the_facilitys_own_number_is_taken() -> None:
    assert ["BN0"] == [link.patient_number for link in told("A40", pid(), "MRG|7^^^X^PI~5^^^01999^MR~BN0^^^01003^MR")]
    assert ["BN3"] == [link.patient_number for link in told("A34", pid(), segment("MRG", f4="BN3"))]


def test_two_patients_are_linked_and_parted() -> None:
    pids = (pid(), pid(f3="BN2^^^01003^MR"))
    assert [Link("BN1", "BN2", "hl7.A24", "merge", AT)] == told("A24", *pids)
    assert [Link("BN1", "BN2", "hl7.A37", "unmerge", AT)] == told("A37", *pids)


def test_without_a_time_to_the_second_the_order_of_arrival_decides() -> None:
    assert [None] == [link.corrected_at for link in told("A40", pid(), OLD, at="202611240930")]


def test_the_same_number_is_no_merge() -> None:
    assert "same_number" == Telling().silent(adt("A40", pid(), "MRG|BN1^^^01003^MR"))


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        ("A40", (pid(),)),
        ("A40", (pid(), "MRG|")),
        ("A40", ("PID|1", OLD)),
        ("A24", (pid(),)),
        ("A37", (pid(), "PID|2")),
    ],
)
def test_who_is_not_named_is_refused(event: str, lines: tuple[str, ...]) -> None:
    assert "hl7_no_patient" == Telling().refused(adt(event, *lines))
