"""The measure of identification: it can tell good from bad, and the house meets its targets on a small town."""

from dataclasses import replace

import pytest

from infra.evaluation.identity import TARGETS, Event, Report, Shares, Town, evaluate
from stream_processors.identify import Identity

NO_FLAWS = Shares(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def town() -> Town:
    made = Town(3_000)
    made.register()
    return made


def test_the_targets_are_met(town: Town) -> None:
    figures = evaluate(town, 5_000).figures()
    for name, target in TARGETS.items():
        assert target <= figures[name], name


def test_without_flaws_everybody_is_verified() -> None:
    town = Town(500, NO_FLAWS)
    town.register()
    report = evaluate(town, 1_000)
    assert {"verified": [1_000, 1_000, 0]} == report.tiers
    assert {"precision_verified": 1.0, "precision": 1.0, "recall": 1.0, "strangers_left_alone": 1.0} == report.figures()


def test_an_empty_registry_knows_nobody() -> None:
    figures = evaluate(Town(200), 500).figures()
    assert (0.0, 0.0, 1.0) == (figures["recall"], figures["precision"], figures["strangers_left_alone"])


def test_a_wrong_link_is_seen() -> None:
    report = Report()
    linked = Identity("verified", "I1@1", 1000, "a" * 32)
    report.enter(Event({}, "n"), linked, True)
    report.enter(Event({}, "n"), linked, False)
    report.enter(Event({}, None), linked, False)
    report.enter(Event({}, None), replace(linked, tier="unmatched", rule="I0@1", citizen_key=None), False)
    figures = report.figures()
    assert (1 / 3, 0.5, 0.5) == (figures["precision_verified"], figures["recall"], figures["strangers_left_alone"])
    assert {"I1": [3, 1, 2], "I0": [1, 0, 0]} == report.rules


def test_the_same_town_for_the_same_seed() -> None:
    one, other = Town(100, seed=5), Town(100, seed=5)
    assert [event.said for event in one.events(50)] == [event.said for event in other.events(50)]
    assert [event.said for event in Town(100, seed=6).events(50)] != [
        event.said for event in Town(100, seed=5).events(50)
    ]
