"""Groups of merged patients are worked out when merges were told, and not for every link."""

from collections.abc import Mapping
from typing import Any

import pytest

from sinks.clickhouse.client import Away
from sinks.clickhouse.merges import LOOK_SECONDS, REST, Merges, settle


class Store:
    """Says what was told as a number; work takes `seconds` of `clock`."""

    def __init__(self) -> None:
        self.told, self.now, self.seconds, self.looks = "0", 100.0, 0.0, 0
        self.away = False
        self.worked: list[int] = []

    def clock(self) -> float:
        return self.now

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        assert "identity_links" in sql
        assert not parameters
        self.looks += 1
        return [{"at": str(int(self.now * 1000)), "told": self.told}]

    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        assert sql.startswith("INSERT INTO identity_merged")
        if self.away:
            raise Away("code 210")
        self.now += self.seconds
        self.worked.append((parameters or {})["at"])


@pytest.fixture
def store() -> Store:
    return Store()


def test_the_first_look_finds_what_another_process_left(store: Store) -> None:
    store.told = "7"
    merges = Merges(store, store.clock)
    assert merges.settle()
    assert [100_000] == store.worked
    assert not merges.settle()
    assert 1 == store.looks


def test_links_without_a_merge_are_a_look_and_no_work(store: Store) -> None:
    merges = Merges(store, store.clock)
    merges.told()
    assert not merges.settle()
    assert (1, []) == (store.looks, store.worked)


def test_a_merge_is_settled_at_once_and_others_are_looked_for_now_and_then(store: Store) -> None:
    merges = Merges(store, store.clock)
    merges.settle()
    store.told = "8"
    assert not merges.settle()
    merges.told()
    assert merges.settle()
    store.told = "9"
    store.now += LOOK_SECONDS
    assert merges.settle()
    assert 2 == len(store.worked)


def test_after_long_work_it_rests_and_forgets_nothing(store: Store) -> None:
    store.told, store.seconds = "7", 2.0
    merges = Merges(store, store.clock)
    assert merges.settle()
    store.told = "8"
    merges.told()
    assert not merges.settle()
    store.now += REST * 2.0
    assert merges.settle()


def test_what_failed_is_done_again(store: Store) -> None:
    store.told, store.away = "7", True
    merges = Merges(store, store.clock)
    with pytest.raises(Away):
        merges.settle()
    store.away = False
    assert merges.settle()


def test_what_was_taken_away_is_worked_out_whatever_is_told(store: Store) -> None:
    settle(store)
    assert [100_000] == store.worked
