"""Filters as parameters, times as people write them, explanations in both languages, and by which feed a part came."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.workbench import filters
from infra.workbench.explain import alike, explain, explained, with_explanation
from infra.workbench.filters import Filters, local, millis, moment
from infra.workbench.sources import feed_finder
from producers.adapter import Feed
from schemas.numbers import PartNumber
from schemas.reasons import REASONS
from schemas.rules import RULES

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def test_no_filter_is_all() -> None:
    assert ("1", {}) == Filters().where()


def test_no_value_stands_in_the_text_of_a_query() -> None:
    evil = "x' OR 1 --"
    chosen = Filters(evil, evil, evil, evil, evil, (evil,), NOW, NOW, (PartNumber("a", evil, 1, 1),))
    where, values = chosen.where()
    assert evil not in where
    assert {"facility", "reason", "rule", "stage", "kind", "states", "since", "until", "numbers"} == set(values)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", NOW - timedelta(minutes=30)),
        ("2h", NOW - timedelta(hours=2)),
        ("3d", NOW - timedelta(days=3)),
        ("2026-11-23", datetime(2026, 11, 22, 17, 0, tzinfo=UTC)),
        ("2026-11-23T08:30", datetime(2026, 11, 23, 1, 30, tzinfo=UTC)),
        ("2026-11-23T08:30:00Z", datetime(2026, 11, 23, 8, 30, tzinfo=UTC)),
    ],
)
def test_times_as_people_write_them(text: str, expected: datetime) -> None:
    assert expected == moment(text, NOW)


@pytest.mark.parametrize("text", ["yesterday", "2w", "", "-1h", "999999d", "0001-01-01"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"2026-11-23|format|range"):
        moment(text, NOW)


def test_a_time_of_clickhouse_is_utc_with_or_without_a_zone() -> None:
    bare = NOW.replace(tzinfo=None)
    assert ("2026-11-24 10:00:00",) * 2 == (local(NOW), local(bare))
    assert 1_795_489_200_000 == millis(bare) == millis(NOW)


def test_numbers_as_people_quote_them() -> None:
    assert (PartNumber("a", "b", 1, 2),) == filters.numbers(["a/b/1/2"])
    with pytest.raises(ValueError, match="17: a number is"):
        filters.numbers(["a/b/1/2", "17"])


def test_every_reason_and_rule_is_explained_in_both_languages() -> None:
    for name in (*REASONS, *RULES):
        found = explain(name)
        assert found is not None
        assert all((found.vi, found.en, found.mend_vi, found.mend_en))
        assert name == found.line()["id"]


def test_an_unknown_name_is_told_what_is_like_it() -> None:
    assert explain("xml_no_vist") is None
    assert "xml_no_visit" == alike("xml_no_vist")[0]


def test_a_row_carries_its_reason_then_its_rules() -> None:
    assert ["rule", "X01"] == [one.id for one in explained("rule", ["X01", "of a newer release"])]
    row: dict[str, Any] = {"reason": "rule", "rules": ["X01"], "number": "a/b/1/1"}
    assert ["rule", "X01"] == [one["id"] for one in with_explanation(row)["explained"]]


ROW = {"adapter_id": "01003.HIS", "facility": "01003", "source_system": "HIS", "source_format": "hl7v2"}


def test_the_feed_of_the_settings_is_taken() -> None:
    mine = Feed("01003.HIS", "01003", "HIS", "hl7v2", options={"charset": "tcvn3"})
    found = feed_finder([mine])(ROW)
    assert found is not None
    assert mine is found[1]
    again = feed_finder([mine])(ROW | {"adapter_id": "replay.01003"})
    assert again is not None
    assert mine is again[1], "what was replayed came by the same feed"


@pytest.mark.parametrize(
    "configured", [[], [Feed("01003.HIS", "01004", "HIS", "hl7v2")], [Feed("01003.HIS", "01003", "HIS", "fhir")]]
)
def test_else_the_dialects_own_defaults_hold(configured: list[Feed]) -> None:
    found = feed_finder(configured)(ROW)
    assert found is not None
    assert ("hl7v2", "01003", "HIS", "utf-8") == (
        found[0].name, found[1].facility, found[1].source_system, found[1].options["charset"],
    )  # fmt: skip


def test_a_dialect_that_cannot_be_read_without_its_settings() -> None:
    assert feed_finder([])(ROW | {"source_format": "history_csv"}) is None
    assert feed_finder([])(ROW | {"source_format": ""}) is None
