# ruff: noqa: S608 (every name put into SQL here is a constant of ours)
"""The ledger's SQL: each part's final outcome, and the balance of each feed's life (conservation).

The mark of an incarnation is the number up to which a heartbeat older than the settling time says that all are
acknowledged; younger is in flight. Where no heartbeat came at all it is the highest number seen. Absent numbers are
counted, never listed: mark - distinct numbers present - numbers without a document.

Old complete numbers are frozen (`freeze`): a row of `ledger_days` stands for them. What comes again of a frozen number is a
repeat and counts no more; what was absent or rejected was never frozen, so when it comes late it counts.
"""

from typing import Final

from schemas.kinds import KINDS

FEED: Final = "facility, adapter_id, incarnation"
NUMBER: Final = f"{FEED}, sequence, part"
_ROW: Final = f"{NUMBER}, parts, kind, captured_at, outcome, identity_tier, rank, keep_until"

OPEN_SINCE: Final = (
    "(SELECT if(count() = 0, toDateTime64(0, 3, 'UTC'), "
    "toDateTime64(addMonths(toStartOfMonth(max(day)), 1), 3, 'Asia/Ho_Chi_Minh')) FROM ledger_days)"
)
"""What was captured before has been through a freezing."""

_RANGES: Final = f"SELECT {FEED}, r.1 AS first, r.2 AS last FROM ledger_days FINAL ARRAY JOIN ranges AS r"


def unfrozen(rows: str) -> str:
    """Of `rows` (a SELECT or a table with FINAL) those whose number is not frozen."""
    same = " AND ".join(f"r.{key} = n.{key}" for key in FEED.split(", "))
    return (
        f"SELECT n.* FROM (SELECT {_ROW} FROM {rows}) AS n\n"
        f"ASOF LEFT JOIN ({_RANGES}) AS r ON {same} AND r.first <= n.sequence WHERE r.last < n.sequence"
    )


_FROZEN: Final = "(SELECT count() > 0 FROM ledger_days)"
"""Nothing is older than the open months where nothing was ever frozen: the table is then read once and not twice."""
_CLOSING: Final = "(SELECT {}(captured_at) FROM ledger_closing)"
_LIVE: Final = f"""SELECT {_ROW} FROM ledger_numbers FINAL WHERE captured_at >= {OPEN_SINCE}
  UNION ALL {unfrozen(f"ledger_numbers FINAL WHERE captured_at < {OPEN_SINCE} AND {_FROZEN}")}
  UNION ALL {unfrozen("ledger_closing FINAL")} AND ({", ".join(f"n.{key}" for key in NUMBER.split(", "))}) NOT IN (
    SELECT {NUMBER} FROM ledger_numbers
    WHERE captured_at BETWEEN {_CLOSING.format("min")} AND {_CLOSING.format("max")})"""
"""The numbers that are not frozen, those of a month that is just being frozen among them."""


def _ledger(more: str) -> str:
    return (
        "SELECT facility, adapter_id, incarnation, sequence, part, parts, kind, captured_at,\n"
        f"  if(rank = 0, 'missing', toString(outcome)) AS outcome, {more}\n"
        f"FROM (\n  {_LIVE}\n) WHERE adapter_id != ''"
    )


LEDGER: Final = _ledger("identity_tier")
"""Row in history -> its outcome; else any rejection; else duplicate (the table's rank decides); a part that a worker
claimed but whose row is not here is missing. Numbers of frozen days are not here but added up. Adapter '' are records without a readable number."""

_FEED: Final = FEED

_NUMBERS: Final = _ledger(
    f"rank = 3 AND captured_at < {OPEN_SINCE} AS late,\n"
    "  CAST(rank = 3 AND NOT late AND (keep_until <= today() OR (facility, adapter_id, incarnation, sequence, part) IN (\n"
    "    SELECT facility, adapter_id, incarnation, sequence, part FROM erased_numbers)), 'Bool') AS gone",
)
"""The same, with whether the row was stored and has since gone, by retention or by a person's request: it still counts as
stored, so that forgetting unbalances nothing."""

_ID: Final = "cityHash64(toString(facility), toString(adapter_id), toString(incarnation))"
"""A feed's life as one number: millions of numbers of messages are grouped by it in half the time of three names."""

_NAMES: Final = (
    f"SELECT {_ID} AS feed, {FEED} FROM ledger_numbers WHERE adapter_id != '' GROUP BY {FEED} UNION DISTINCT "
    f"SELECT {_ID} AS feed, {FEED} FROM ledger_closing WHERE adapter_id != '' GROUP BY {FEED}"
)


def _stored() -> str:
    """Rows in history of what is not frozen. Of the few old numbers that are not, a row is known by its rank."""
    each = " UNION ALL ".join(
        f"SELECT {_FEED} FROM {kind}_history FINAL WHERE captured_at >= {OPEN_SINCE} AND keep_until > today()"
        for kind in KINDS
    )
    each += f" UNION ALL SELECT {_FEED} FROM identity_links FINAL WHERE adapter_id != '' AND linked_at >= {OPEN_SINCE}"
    return f"SELECT {_FEED}, count() AS stored FROM ({each}) GROUP BY {_FEED}"


def sql(settle_seconds: str) -> str:
    """The balance per feed and incarnation. `settle_seconds` is a number or a `{name:UInt32}` to be bound."""
    return f"""WITH
beats AS (
  SELECT {_FEED}, max(h.taken) AS taken, max(h.acknowledged) AS acknowledged, max(h.at) AS last_heartbeat,
    argMax(h.ended, h.at) AS ended,
    maxIf(h.acknowledged, h.at <= now64(3) - toIntervalSecond({settle_seconds})) AS settled
  FROM (
    SELECT {_FEED}, taken, acknowledged, at, ended FROM heartbeats
    UNION ALL SELECT {_FEED}, taken, acknowledged, at, ended FROM incarnations
  ) AS h GROUP BY {_FEED}
),
frozen AS (
  SELECT {_FEED}, sum(d.messages) AS present, sum(d.accepted) AS accepted, sum(d.amended) AS amended,
    sum(d.duplicate) AS duplicate, max(arrayMax(r -> r.2, d.ranges)) AS highest
  FROM ledger_days AS d FINAL GROUP BY {_FEED}
),
numbers AS (
  SELECT l.feed AS feed, l.sequence AS sequence, max(l.parts) AS parts, count() AS present,
    countIf(l.outcome = 'missing') AS promised, countIf(l.outcome = 'accepted') AS accepted,
    countIf(l.outcome = 'amended') AS amended, countIf(l.outcome = 'duplicate') AS duplicate,
    countIf(l.outcome = 'rejected') AS rejected, countIf(l.gone) AS gone, countIf(l.late) AS late
  FROM (SELECT {_ID} AS feed, sequence, parts, outcome, gone, late FROM ({_NUMBERS})) AS l GROUP BY feed, sequence
),
counted AS (
  SELECT n.feed AS feed, max(n.sequence) AS highest,
    sum(n.accepted) AS accepted, sum(n.amended) AS amended, sum(n.duplicate) AS duplicate, sum(n.rejected) AS rejected,
    sum(n.gone) AS gone, sum(n.late) AS late,
    countIf(n.sequence >= 1 AND (ifNull(b.heard, 0) = 0 OR n.sequence <= b.settled)) AS present,
    sumIf(greatest(n.parts - toInt64(n.present), 0) + n.promised, ifNull(b.heard, 0) = 0 OR n.sequence <= b.settled)
      AS missing_parts
  FROM numbers AS n LEFT JOIN (SELECT {_ID} AS feed, settled, 1 AS heard FROM beats) AS b ON b.feed = n.feed
  GROUP BY n.feed
),
quiet AS (
  SELECT h.facility AS facility, h.adapter_id AS adapter_id, h.incarnation AS incarnation,
    intervalLengthSum(h.first, h.last + 1) AS silent,
    intervalLengthSumIf(h.first, least(h.last, b.settled) + 1, h.first <= b.settled) AS silent_below
  FROM (SELECT {_FEED}, s.first AS first, s.last AS last FROM heartbeats FINAL ARRAY JOIN silent AS s) AS h
  INNER JOIN beats AS b ON b.facility = h.facility AND b.adapter_id = h.adapter_id AND b.incarnation = h.incarnation
  GROUP BY h.facility, h.adapter_id, h.incarnation
),
feeds AS (
  SELECT {_FEED}, max(u.heard) AS heard, max(u.taken) AS taken, max(u.acknowledged) AS acknowledged,
    if(heard = 1, max(u.settled), max(u.highest)) AS mark,
    toInt64(sum(u.accepted)) AS accepted, toInt64(sum(u.amended)) AS amended,
    toInt64(sum(u.duplicate)) AS duplicate, toInt64(sum(u.rejected)) AS rejected, toInt64(sum(u.stored)) AS stored,
    toInt64(sum(u.silent)) AS silent, toInt64(sum(u.missing_parts)) AS missing_parts,
    greatest(mark - toInt64(sum(u.present)) - toInt64(sum(u.silent_below)), 0) AS absent,
    max(u.ended) AS ended, max(u.last_heartbeat) AS last_heartbeat
  FROM (
    SELECT {_FEED}, 1 AS heard, taken, acknowledged, settled, toInt64(0) AS highest, ended, last_heartbeat, 0 AS accepted,
      0 AS amended, 0 AS duplicate, 0 AS rejected, 0 AS present, 0 AS missing_parts, 0 AS stored, 0 AS silent,
      0 AS silent_below FROM beats
    UNION ALL
    SELECT f.facility, f.adapter_id, f.incarnation, 0, 0, 0, 0, c.highest, false, toDateTime64(0, 3, 'UTC'), c.accepted,
      c.amended, c.duplicate, c.rejected, c.present, c.missing_parts, c.gone + c.late, 0, 0
    FROM counted AS c INNER JOIN ({_NAMES}) AS f ON f.feed = c.feed
    UNION ALL
    SELECT {_FEED}, 0, 0, 0, 0, highest, false, toDateTime64(0, 3, 'UTC'), accepted, amended, duplicate, 0, present, 0,
      accepted + amended, 0, 0 FROM frozen
    UNION ALL
    SELECT {_FEED}, 0, 0, 0, 0, 0, false, toDateTime64(0, 3, 'UTC'), 0, 0, 0, 0, 0, 0, stored, 0, 0 FROM ({_stored()})
    UNION ALL
    SELECT {_FEED}, 0, 0, 0, 0, 0, false, toDateTime64(0, 3, 'UTC'), 0, 0, 0, 0, 0, 0, 0, silent, silent_below FROM quiet
  ) AS u GROUP BY {_FEED}
)
SELECT {_FEED}, taken, acknowledged, mark, accepted, amended, duplicate, rejected, stored, silent, absent, missing_parts,
  absent + missing_parts AS missing, accepted + amended + duplicate + rejected + absent + missing_parts AS published,
  ended, last_heartbeat,
  CAST(heard = 1 AND taken > acknowledged
    AND (ended OR last_heartbeat <= now64(3) - toIntervalSecond({settle_seconds})), 'Bool') AS lost_tail,
  CAST(absent + missing_parts = 0 AND NOT lost_tail AND stored = accepted + amended, 'Bool') AS balanced
FROM feeds"""
