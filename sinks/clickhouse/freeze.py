# ruff: noqa: S608 (every name put into SQL here is a constant of ours)
"""Freezing old months of the ledger: complete numbers collapse to one row per feed and day; nothing is mutated.

A month older than the freezing age is moved out of `ledger_numbers` whole (a partition move is atomic). Then its complete
numbers are added up into `ledger_days`, the others go back, and the moved parts are dropped. Complete is a number with
all its parts, each accepted, amended or duplicate. What is absent, promised, or was ever rejected is never frozen, nor are
replays: the workbench needs them one by one. A month of which history has lost a row ends the run, and with it the freezing
of all later ones, until the row is there again or on record as erased: the balance must go on showing it.

Each step may be repeated, so a crash between any two is mended by the next run, and `ledger_balance` is right meanwhile:
it reads the moved parts too, and passes over numbers that are frozen already. One run at a time.
"""

from dataclasses import dataclass
from typing import Any, Final, Protocol

from schemas.kinds import KINDS
from schemas.numbers import REPLAY
from sinks.clickhouse.balance import FEED, NUMBER, unfrozen

OLDER_THAN_DAYS: Final = 60
"""Longer than claims live: until then the worker may answer an old number again."""
LEAST_DAYS: Final = 45
_MONTH: Final = "toYYYYMM(captured_at, 'Asia/Ho_Chi_Minh')"
_DAY: Final = "toDate(captured_at, 'Asia/Ho_Chi_Minh')"
_COLUMNS: Final = f"{NUMBER}, parts, kind, captured_at, outcome, identity_tier, rank, keep_until"


class Store(Protocol):
    """What is asked of ClickHouse (`client.ClickHouse`)."""

    def command(self, sql: str) -> None: ...
    def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Frozen:
    """A month that was frozen; `parts` still stand one by one. `lost` > 0: it was not, messages have lost a row."""

    month: int
    messages: int
    parts: int
    lost: int = 0


def freeze(store: Store, older_than_days: int = OLDER_THAN_DAYS) -> list[Frozen]:
    """Freeze every month whose last day is so old and that has something to freeze. Raises client.Away."""
    done = [close(store)] if store.rows("SELECT 1 FROM ledger_closing LIMIT 1") else []
    for month in _old(store, older_than_days):
        complete, lost = _look(store, month)
        if lost:
            return [*done, Frozen(month, 0, 0, lost)]
        if not complete:
            continue
        store.command(f"ALTER TABLE ledger_numbers MOVE PARTITION {month} TO TABLE ledger_closing")
        done.append(close(store))
    return done


def _old(store: Store, older_than_days: int) -> list[int]:
    """Months in order, as `yyyymm`."""
    rows = store.rows(
        f"SELECT DISTINCT {_MONTH} AS month FROM ledger_numbers WHERE captured_at > toDateTime64(0, 3, 'UTC')\n"
        f"AND {_MONTH} < toYYYYMM(now() - toIntervalDay({{days:UInt32}}), 'Asia/Ho_Chi_Minh') ORDER BY month",
        {"days": older_than_days},
    )
    return [int(row["month"]) for row in rows]


def close(store: Store) -> Frozen:
    """Add up what was moved out, give back what is not complete, drop the rest."""
    (month,) = store.rows(f"SELECT toUInt32(max({_MONTH})) AS month FROM ledger_closing")
    store.command(_ADD)
    store.command(f"INSERT INTO ledger_numbers ({_COLUMNS})\n{unfrozen('ledger_closing FINAL')}")
    (left,) = store.rows(f"SELECT count() AS parts FROM ({unfrozen('ledger_closing FINAL')})")
    store.command("TRUNCATE TABLE ledger_closing")
    where = "toYYYYMM(day) = {month:UInt32}"
    (sums,) = store.rows(f"SELECT sum(messages) AS n FROM ledger_days FINAL WHERE {where}", {"month": month["month"]})
    return Frozen(int(month["month"]), int(sums["n"]), int(left["parts"]))


def _look(store: Store, month: int) -> tuple[int, int]:
    """How many messages of the month could be frozen, and how many have lost a row."""
    rows = f"ledger_numbers FINAL WHERE {_MONTH} = {month}"
    (row,) = store.rows(
        f"SELECT countIf(NOT m.lost) AS complete, countIf(m.lost) AS broken FROM ({_messages(rows)}) AS m"
    )
    return int(row["complete"]), int(row["broken"])


def _stored(rows: str) -> str:
    """Parts with a row in history, by number, of the time that `rows` are of."""
    bounds = f"captured_at BETWEEN (SELECT min(captured_at) FROM {rows}) AND (SELECT max(captured_at) FROM {rows})"
    each = " UNION ALL ".join(f"SELECT {NUMBER} FROM {kind}_history WHERE {bounds}" for kind in KINDS)
    return f"SELECT {FEED}, sequence, uniqExact(part) AS kept FROM ({each}) GROUP BY {FEED}, sequence"


def _messages(rows: str) -> str:
    """Messages of `rows` with all parts: feed, number, day, parts by outcome, whether history lacks one."""
    gone = f"keep_until <= today() OR ({NUMBER}) IN (SELECT {NUMBER} FROM erased_numbers)"
    refused = f"({FEED}, sequence) NOT IN (SELECT {FEED}, sequence FROM rejected)"
    named = ", ".join(f"m.{key} AS {key}" for key in f"{FEED}, sequence".split(", "))
    same = " AND ".join(f"h.{key} = m.{key}" for key in f"{FEED}, sequence".split(", "))
    return f"""SELECT {named}, m.day AS day, m.accepted AS accepted, m.amended AS amended, m.duplicate AS duplicate,
  h.kept + m.gone < m.accepted + m.amended AS lost
FROM (
  SELECT {FEED}, sequence, min({_DAY}) AS day, countIf(outcome = 'accepted') AS accepted,
    countIf(outcome = 'amended') AS amended, countIf(outcome = 'duplicate') AS duplicate, countIf({gone}) AS gone
  FROM ({unfrozen(rows)})
  WHERE adapter_id != '' AND NOT startsWith(adapter_id, '{REPLAY}.') AND sequence > 0 AND {refused}
  GROUP BY {FEED}, sequence
  HAVING count() >= max(parts) AND countIf(rank NOT IN (1, 3)) = 0
) AS m
LEFT JOIN ({_stored(rows)}) AS h ON {same}"""


_ADDED: Final = ("messages", "accepted", "amended", "duplicate")
_ADD: Final = f"""INSERT INTO ledger_days ({FEED}, day, {", ".join(_ADDED)}, ranges)
SELECT {FEED}, day, {", ".join(f"sum(d.{name})" for name in _ADDED)}, arraySort(groupArrayArray(d.ranges))
FROM (
  SELECT {FEED}, day, {", ".join(_ADDED)}, ranges, 0 AS fresh FROM ledger_days FINAL
  UNION ALL
  SELECT {FEED}, day, sum(r.messages), sum(r.accepted), sum(r.amended), sum(r.duplicate),
    groupArray((r.first, r.last)) AS ranges, 1 AS fresh
  FROM (
    SELECT {FEED}, day, min(sequence) AS first, max(sequence) AS last, count() AS messages,
      sum(c.accepted) AS accepted, sum(c.amended) AS amended, sum(c.duplicate) AS duplicate
    FROM (
      SELECT *, sequence - row_number() OVER (PARTITION BY {FEED}, day ORDER BY sequence) AS run
      FROM ({_messages("ledger_closing FINAL")}) WHERE NOT lost
    ) AS c GROUP BY {FEED}, day, run
  ) AS r GROUP BY {FEED}, day
) AS d
GROUP BY {FEED}, day HAVING sum(d.fresh) > 0"""
