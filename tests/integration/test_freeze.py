# ruff: noqa: S608 (the names put into SQL are the tests' own)
"""Freezing the ledger: what is complete collapses, nothing changes its balance, whatever comes late or breaks off."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from sinks.clickhouse import freeze, reconcile
from sinks.clickhouse.client import ClickHouse
from tests.store import doc, heartbeat, one, outcomes, put, rejected

pytestmark = pytest.mark.slow

NOW: Final = time.time_ns() // 1_000_000
LONG_AGO: Final = int((datetime.now(UTC) - timedelta(days=150)).replace(day=10, hour=5).timestamp() * 1000)
AN_HOUR: Final = 3_600_000
RANGES: Final = "arrayMap(r -> [r.1, r.2], ranges)"
ADAPTER: Final = {"facility": "01001", "adapter_id": "01001.his"}


def part(sequence: int, outcome: str = "accepted", at: int = LONG_AGO, **fields: Any) -> list[tuple[str, bytes]]:
    """One message of one document as the sink sees it: its row or its refusal, and the outcome."""
    made = [outcomes({"sequence": sequence, "captured_at": at, "outcome": outcome}, **ADAPTER)]
    number = {"sequence": sequence, "captured_at": at, "document_date": at // (24 * AN_HOUR), **ADAPTER, **fields}
    if outcome in ("accepted", "amended"):
        made.append(doc("encounter", document_id=f"d{sequence}", outcome=outcome, **number))
    elif outcome == "rejected":
        made = [rejected(sequence=sequence, captured_at=at, rejected_at=at, stage="worker", reason="rule", **ADAPTER)]
    return made


def beat(taken: int, at: int = NOW - AN_HOUR, **fields: Any) -> tuple[str, bytes]:
    return heartbeat(at=at, taken=taken, acknowledged=taken, **ADAPTER, **fields)


@pytest.fixture
def old(store: ClickHouse) -> ClickHouse:
    """Seven old messages (3 absent, 4 rejected, 6 a duplicate) and two new ones."""
    for values in (part(1), part(2, "amended"), part(4, "rejected"), part(5), part(6, "duplicate"), part(7)):
        put(store, values)
    put(store, [*part(8, at=NOW - 2 * AN_HOUR), *part(9, "rejected", at=NOW - 2 * AN_HOUR), beat(9)])
    return store


def balance(store: ClickHouse) -> dict[str, Any]:
    (row,) = reconcile.balance(store)
    return row


def alone(store: ClickHouse) -> list[int]:
    return [row["sequence"] for row in store.rows("SELECT sequence FROM ledger_numbers FINAL ORDER BY sequence")]


def test_complete_numbers_collapse_and_the_balance_stays(old: ClickHouse) -> None:
    before = balance(old)
    assert (9, 4, 1, 1, 2, 5, 1, False) == tuple(before[name] for name in ("published", "accepted", "amended", "duplicate", "rejected", "stored", "missing", "balanced"))  # fmt: skip
    (frozen,) = freeze.freeze(old)
    assert (5, 1) == (frozen.messages, frozen.parts)
    assert [4, 8, 9] == alone(old)
    day = one(old, f"SELECT messages, accepted, amended, duplicate, {RANGES} AS r FROM ledger_days FINAL")
    assert (5, 3, 1, 1, [[1, 2], [5, 7]]) == tuple(day.values())
    assert before == balance(old)
    assert [] == freeze.freeze(old)


def test_what_is_young_is_left_alone(store: ClickHouse) -> None:
    put(store, [*part(1, at=NOW - AN_HOUR), beat(1)])
    assert [] == freeze.freeze(store)


def test_late_arrivals_are_accounted_for(old: ClickHouse) -> None:
    freeze.freeze(old)
    repeated, filled, mended = part(1), part(3), part(4)
    put(old, repeated)
    assert (4, 1) == (balance(old)["accepted"], balance(old)["missing"])
    put(old, filled)
    assert (5, 0, True) == tuple(balance(old)[name] for name in ("accepted", "missing", "balanced"))
    put(old, mended)
    after = balance(old)
    assert (6, 1, 7, True) == tuple(after[name] for name in ("accepted", "rejected", "stored", "balanced"))
    # The next run takes in what filled the hole; what was rejected once stays for the workbench.
    freeze.freeze(old)
    assert [4, 8, 9] == alone(old)
    assert [[1, 2], [3, 3], [5, 7]] == one(old, f"SELECT {RANGES} AS r FROM ledger_days FINAL")["r"]
    assert after == balance(old)


def test_a_part_that_is_missing_keeps_its_message(store: ClickHouse) -> None:
    put(store, [*part(1, parts=2), *part(2), beat(2)])
    put(store, [outcomes({"sequence": 3, "captured_at": LONG_AGO, "outcome": "accepted"}, **ADAPTER)])
    freeze.freeze(store)
    assert [1, 3] == alone(store)


def test_a_row_that_history_lost_goes_on_showing(store: ClickHouse) -> None:
    put(store, [*part(1), *part(2), beat(2)])
    store.command("DELETE FROM encounter_history WHERE sequence = 2 SETTINGS lightweight_deletes_sync = 2")
    assert [(0, 1)] == [(month.messages, month.lost) for month in freeze.freeze(store)]
    assert (1, False) == (balance(store)["stored"], balance(store)["balanced"])
    put(store, part(2))
    assert [(2, 0)] == [(month.messages, month.lost) for month in freeze.freeze(store)]
    assert (2, True) == (balance(store)["stored"], balance(store)["balanced"])


class Crash(Exception):
    """The process died."""


class Dying:
    """A client that dies before, or after, its n-th command."""

    def __init__(self, store: ClickHouse, at: int) -> None:
        self.store, self.left = store, at

    def command(self, sql: str) -> None:
        if self.left == 0:
            raise Crash
        self.left -= 1
        self.store.command(sql)

    def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        return self.store.rows(sql, parameters)


@pytest.mark.parametrize("commands", range(4))
def test_a_crash_between_any_two_steps(old: ClickHouse, commands: int) -> None:
    """Move, add up, give back, drop: the balance is right in between, and the next run ends what was begun."""
    before = balance(old)
    with pytest.raises(Crash):
        freeze.freeze(Dying(old, commands))
    assert before == balance(old)
    put(old, [*part(1), *part(9, "rejected", at=NOW - 2 * AN_HOUR)])  # a redelivery meanwhile
    assert before == balance(old)
    freeze.freeze(old)
    assert before == balance(old)
    assert [1] == [row["n"] for row in old.rows("SELECT count() AS n FROM ledger_days FINAL")]
    assert {4, 8, 9} <= set(alone(old)) <= {1, 4, 8, 9}
    assert [] == old.rows("SELECT * FROM ledger_closing")


def test_a_lost_tail_stands_when_its_heartbeats_are_gone(store: ClickHouse) -> None:
    lost = {"at": LONG_AGO, "taken": 3, "acknowledged": 2, **ADAPTER}
    put(store, [*part(1), *part(2), heartbeat(ended=True, **lost)])
    assert balance(store)["lost_tail"]
    store.command("TRUNCATE TABLE heartbeats")  # as their retention does
    assert balance(store)["lost_tail"]
