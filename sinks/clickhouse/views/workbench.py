"""Rejected parts one by one with what became of them, and feeds of which too much is rejected.

A part stays rejected for ever; it is *mended* once what was sent in its place (a mended replay, or its own bytes again)
has its row or was a duplicate of one. In the ledger the number of its own bytes keeps the rejection, which outweighs a
duplicate; that it was one is read from the chunks' outcomes.
"""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from typing import Final

from schemas.kinds import KINDS
from schemas.numbers import REPLAY
from sinks.clickhouse.views.view import View

LONGEST_MINUTES: Final = 7 * 24 * 60
"""A window of a limit is at most so long."""

BEFORE_DECISION_HOURS: Final = 24
"""A decision is written after the broker has the record: its outcome may be older, but not by more than a run takes."""

_NUMBER: Final = "facility, adapter_id, incarnation, sequence, part"
_MESSAGE: Final = "facility, adapter_id, incarnation, sequence"
_SENT_AS: Final = "replay_adapter_id, replay_incarnation, replay_sequence"
_TEXT: Final = "concat(adapter_id, '/', incarnation, '/', toString(sequence), '/', toString(part))"
_WELL: Final = "('accepted', 'amended', 'duplicate')"
_OF_REPLAY: Final = f"startsWith(adapter_id, '{REPLAY}.')"

STATES: Final = ("open", "in_flight", "replayed", "mended", "discarded")


def _stored_replays() -> str:
    return "\n  UNION DISTINCT ".join(
        f"SELECT assumeNotNull(replay_of), {_MESSAGE} FROM {table} WHERE replay_of IS NOT NULL"
        for table in ("rejected", *(f"{kind}_history" for kind in KINDS))
    )


def rejected_parts() -> View:
    """`open` wants somebody; `in_flight` was sent again and has no outcome yet; `replayed` was refused again under a
    newer number, which stands for it; `mended` is stored; `discarded` was given up by a person."""
    return View(
        "rejected_parts",
        "Từng phần bị từ chối và việc đã làm / Each rejected part and what became of it",
        f"""WITH
own AS (
  SELECT {_TEXT} AS number, {_NUMBER} FROM rejected WHERE adapter_id != ''
  UNION DISTINCT
  SELECT {_TEXT} AS number, facility, {_SENT_AS}, replay_part FROM rejection_decisions WHERE decision = 'republished'
),
stored AS (
  SELECT DISTINCT {_NUMBER} FROM ledger_numbers WHERE rank = 3 AND ({_NUMBER}) IN (SELECT {_NUMBER} FROM own)
),
again AS (
  SELECT facility, {_SENT_AS}, replay_part, decided_at FROM rejection_decisions WHERE decision = 'republished'
),
repeated AS (
  SELECT DISTINCT facility, adapter_id, incarnation, sequence, part FROM (
    SELECT o.feeds[n.feed + 1].facility AS facility, o.feeds[n.feed + 1].adapter_id AS adapter_id,
      o.feeds[n.feed + 1].incarnation AS incarnation, n.sequence AS sequence, n.part AS part
    FROM outcomes AS o ARRAY JOIN o.numbers AS n
    WHERE n.outcome = 'duplicate' AND (SELECT count() FROM again) > 0
      AND o.processed_at >= (SELECT min(decided_at) - INTERVAL {BEFORE_DECISION_HOURS} HOUR FROM again)
  ) WHERE ({_NUMBER}) IN (SELECT facility, {_SENT_AS}, replay_part FROM again)
),
sent AS (
  SELECT {_TEXT} AS number, facility, {_SENT_AS} FROM rejection_decisions WHERE decision = 'replayed'
  UNION DISTINCT {_stored_replays()}
),
replays AS (
  SELECT {_MESSAGE}, max(parts) AS parts, countIf(outcome IN {_WELL} AND rank > 0) AS well,
    countIf(outcome = 'rejected') AS refused
  FROM ledger_numbers FINAL WHERE {_OF_REPLAY} GROUP BY {_MESSAGE}
),
fates AS (
  SELECT f.number AS number, max(f.mended) AS mended, max(f.refused) AS refused, sum(f.replays) AS replays FROM (
    SELECT o.number AS number, 1 AS mended, 0 AS refused, 0 AS replays
    FROM own AS o INNER JOIN (SELECT * FROM stored UNION ALL SELECT * FROM repeated) AS s ON s.facility = o.facility AND s.adapter_id = o.adapter_id
      AND s.incarnation = o.incarnation AND s.sequence = o.sequence AND s.part = o.part
    UNION ALL
    SELECT t.number, toUInt8(r.parts > 0 AND r.well >= r.parts), toUInt8(r.refused > 0), 1
    FROM sent AS t LEFT JOIN replays AS r ON r.facility = t.facility AND r.adapter_id = t.replay_adapter_id
      AND r.incarnation = t.replay_incarnation AND r.sequence = t.replay_sequence
  ) AS f GROUP BY number
),
given_up AS (
  SELECT {_TEXT} AS number, argMax(why, decided_at) AS why, argMax(decided_by, decided_at) AS decided_by
  FROM rejection_decisions FINAL WHERE decision = 'discarded' AND NOT lifted GROUP BY number
)
SELECT p.number AS number, p.facility AS facility, p.source_system AS source_system, p.source_format AS source_format,
  p.adapter_id AS adapter_id, p.incarnation AS incarnation, p.sequence AS sequence, p.part AS part, p.parts AS parts,
  ifNull(p.kind, '') AS kind, p.stage AS stage, p.reason AS reason, p.rules AS rules, p.place AS place,
  p.detail AS detail, p.captured_at AS captured_at, p.rejected_at AS rejected_at, p.original_size AS original_size,
  p.original_place AS original_place, p.has_original AS has_original, p.topic AS topic,
  p.source_partition AS source_partition, p.source_offset AS source_offset, p.replay_of AS replay_of,
  ifNull(p.replay_count, 0) AS replay_count,
  multiIf(f.mended = 1, 'mended', g.number != '', 'discarded', f.refused = 1, 'replayed', f.replays > 0, 'in_flight',
    'open') AS state,
  f.replays AS replays, g.why AS why, g.decided_by AS decided_by
FROM (SELECT {_TEXT} AS number, * EXCEPT (original), isNotNull(original) AS has_original FROM rejected FINAL) AS p
LEFT JOIN fates AS f ON f.number = p.number
LEFT JOIN given_up AS g ON g.number = p.number""",
        {
            "number": "Số của phần, như người ta đọc / Number of the part as text",
            "has_original": "Bản gốc niêm phong nằm trong bảng / The sealed original is in the table",
            "state": "open, in_flight, replayed, mended, discarded / What became of it",
            "replays": "Số lần đã sửa và phát lại / Mended replays sent",
            "why": "Vì sao bỏ qua / Why it was given up",
            "decided_by": "Ai bỏ qua / Who gave it up",
        },
        open=True,
    )


def rejections() -> View:
    return View(
        "rejections",
        "Từ chối theo cơ sở, nơi, lý do, quy tắc / Rejections by facility, stage, reason, rule",
        "SELECT facility, stage, reason, rule, count() AS rejections, countIf(state = 'mended') AS mended,\n"
        "  countIf(state = 'discarded') AS discarded, countIf(state = 'open') AS open, max(rejected_at) AS latest\n"
        "FROM rejected_parts ARRAY JOIN if(empty(rules), [''], rules) AS rule GROUP BY facility, stage, reason, rule",
        {
            "mended": "Trong đó đã sửa xong / Of these mended",
            "discarded": "Trong đó đã bỏ qua / Of these given up",
            "open": "Trong đó chưa xử lý / Of these nobody has dealt with",
        },
        open=True,
    )


def faulty_feeds() -> View:
    """Every feed that sent anything in its window: the share rejected against its limit. Flagging holds nothing up.

    A part counts when it was taken; what had no readable number (adapter '') when it was refused. Replays are left out:
    they keep the time of what they mend.
    """
    return View(
        "faulty_feeds",
        "Tỷ lệ từ chối của từng nguồn so với ngưỡng / Share rejected of each feed, against its limit",
        f"""WITH
limits AS (
  SELECT r.facility AS facility, if(o.facility != '', o.share, d.share) AS share,
    least(if(o.facility != '', o.minutes, d.minutes), {LONGEST_MINUTES}) AS minutes,
    if(o.facility != '', o.least, d.least) AS least
  FROM (SELECT DISTINCT facility FROM ledger_numbers UNION DISTINCT SELECT DISTINCT facility FROM rejected) AS r
  CROSS JOIN (SELECT * FROM rejection_limits FINAL WHERE facility = '') AS d
  LEFT JOIN (SELECT * FROM rejection_limits FINAL WHERE facility != '') AS o ON o.facility = r.facility
),
heard AS (
  SELECT facility, adapter_id, captured_at AS at, outcome = 'rejected' AS refused FROM ledger_numbers FINAL
  WHERE adapter_id != '' AND NOT {_OF_REPLAY} AND captured_at >= now() - INTERVAL {LONGEST_MINUTES} MINUTE
  UNION ALL
  SELECT facility, adapter_id, rejected_at AS at, 1 AS refused FROM rejected FINAL
  WHERE adapter_id = '' AND rejected_at >= now() - INTERVAL {LONGEST_MINUTES} MINUTE
),
reasons AS (
  SELECT facility, adapter_id, argMax(reason, parts) AS reason FROM (
    SELECT facility, adapter_id, reason, count() AS parts FROM rejected FINAL
    WHERE rejected_at >= now() - INTERVAL {LONGEST_MINUTES} MINUTE GROUP BY facility, adapter_id, reason
  ) GROUP BY facility, adapter_id
)
SELECT h.facility AS facility, h.adapter_id AS adapter_id, count() AS parts, sum(h.refused) AS rejected,
  round(rejected / parts, 4) AS share, any(l.share) AS limit_share, any(l.minutes) AS minutes, any(l.least) AS least,
  CAST(parts >= least AND share > limit_share, 'Bool') AS is_faulty, if(rejected = 0, '', any(w.reason)) AS main_reason
FROM heard AS h INNER JOIN limits AS l ON l.facility = h.facility
LEFT JOIN reasons AS w ON w.facility = h.facility AND w.adapter_id = h.adapter_id
WHERE h.at >= now() - toIntervalMinute(l.minutes)
GROUP BY facility, adapter_id""",
        {
            "parts": "Số phần trong cửa sổ / Parts in the window",
            "limit_share": "Ngưỡng / Limit",
            "minutes": "Cửa sổ, phút / Window in minutes",
            "least": "Số phần tối thiểu để xét / Parts below which nothing is judged",
            "is_faulty": "Vượt ngưỡng / Above its limit",
            "main_reason": "Lý do nhiều nhất, 7 ngày qua / Most frequent reason of the past 7 days",
        },
        open=True,
    )
