"""Restricted kinds stand alone: no table fed from several kinds and no view over several kinds holds their documents."""

import re

import pytest

from schemas.clickhouse.tables import kind_feeds
from schemas.kinds import KINDS, RESTRICTED
from schemas.topics import TOPICS
from sinks.clickhouse.views import DOCUMENTS, views

COUNTS_ONLY = frozenset(
    """ledger ledger_balance feed_freshness feeds_seen silent_feeds rejections facility_scorecard facility_scorecard_hourly
    vendor_scorecard usable_feeds connection_progress rule_issues rejected_parts""".split()
)
"""Views over all kinds that count messages and failed rules, or know parts by their number; they show no document and
nobody. Add one only if so."""


def test_there_is_one() -> None:
    assert {"hiv_care"} == RESTRICTED


@pytest.mark.parametrize("kind", sorted(RESTRICTED))
def test_no_person_is_found_through_them(kind: str) -> None:
    targets = {feed.target for feed in kind_feeds(kind)}
    assert "person_documents" not in targets
    assert {f"{kind}_current", "ledger_numbers"} == targets
    assert "person_documents" in {feed.target for feed in kind_feeds("encounter")}


@pytest.mark.parametrize("kind", sorted(RESTRICTED))
def test_only_their_own_view_reads_them(kind: str) -> None:
    named = re.compile(rf"\b(?:{kind}_current|{kind}_history|{DOCUMENTS[kind]})\b")
    own = {DOCUMENTS[kind], f"{DOCUMENTS[kind]}_history"}
    assert own == {view.name for view in views() if named.search(view.sql)} - COUNTS_ONLY


@pytest.mark.parametrize("kind", sorted(RESTRICTED))
def test_they_have_topics_of_their_own(kind: str) -> None:
    assert {f"received.{kind}", f"accepted.{kind}"} <= TOPICS.keys()
    assert RESTRICTED < KINDS.keys()
