"""How fresh each feed is, and which ones are silent."""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from typing import Final

from schemas.kinds import KINDS
from schemas.numbers import BACKFILL
from sinks.clickhouse.views.view import HANOI, View

SILENT_AT: Final = 5
"""A feed of which so many documents were to be expected since its last one is silent: by chance that happens in less
than one case of a hundred (Poisson, e^-5)."""
USUAL_DAYS: Final = 28
_LIVE: Final = f"NOT endsWith(adapter_id, '{BACKFILL}')"
"""History comes when somebody sends it: it is neither fresh nor late, and no feed's usual curve."""


def _seconds(since: str) -> str:
    return f"(toUnixTimestamp64Milli(stored_at) - toUnixTimestamp64Milli({since})) / 1000"


def feed_freshness() -> View:
    """Of live feeds. Replays are left out too: they keep the capture time of what they mend. The hour is that of capture."""
    each = "\n  UNION ALL ".join(
        f"SELECT facility, occurred_at, recorded_at, captured_at, stored_at FROM {kind}_history FINAL "
        f"WHERE replay_of IS NULL AND {_LIVE}"
        for kind in KINDS
    )
    levels = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    said, quantiles = {}, []
    for time, prefix, vi, en in (
        ("captured_at", "", "nhận", "capture"),
        ("recorded_at", "recorded_", "ghi nhận ở nguồn", "recorded at the source"),
        ("occurred_at", "occurred_", "lâm sàng", "the bedside"),
    ):
        for name, level in levels:
            quantiles.append(f"quantileExact({level})({_seconds(time)}) AS {prefix}{name}")
            said[prefix + name] = (
                f"{level:.0%} dòng dưới mức này, giây từ lúc {vi} đến lúc lưu / {level:.0%} below, seconds from {en} to stored"
            )
    chosen = ",\n  ".join(quantiles)
    return View(
        "feed_freshness",
        "Độ trễ theo cơ sở và giờ nhận, giây / Seconds until stored, by facility and hour of capture",
        f"SELECT facility, toStartOfHour(captured_at, {HANOI}) AS hour, count() AS rows,\n"
        f"  {chosen}\nFROM (\n  {each}\n) GROUP BY facility, hour",
        said,
        open=True,
    )


def feeds_seen() -> View:
    each = "\nUNION ALL\n".join(
        f"SELECT facility, source_system, '{kind}' AS kind, min(captured_at) AS first_seen, "
        f"max(captured_at) AS last_seen, count() AS rows\nFROM {kind}_history GROUP BY facility, source_system"
        for kind in KINDS
    )
    return View(
        "feeds_seen", "Nguồn đã gửi từ khi nào đến khi nào / Since and until when each feed has sent", each, open=True
    )


def silent_feeds() -> View:
    """A feed against its own daily curve: how many documents were to be expected since the last one came.

    History is left out. The curve is by hour and sort of day (working day, weekend) over the past 28 days, or as long as the feed is known.
    """
    clock = f"toHour(toStartOfHour(captured_at, {HANOI})) + 24 * (toDayOfWeek(toStartOfHour(captured_at, {HANOI})) > 5)"
    recent = f"captured_at >= now() - INTERVAL {USUAL_DAYS} DAY AND captured_at <= now()"
    nothing = "toDateTime64(0, 3, 'UTC')"
    each = "\n    UNION ALL ".join(
        f"SELECT facility, source_system, '{kind}' AS kind, true AS ever, min(captured_at) AS first_seen, "
        f"max(captured_at) AS last_seen, toUInt16(0) AS clock, toUInt64(0) AS rows\n"
        f"    FROM {kind}_history WHERE {_LIVE} GROUP BY facility, source_system\n"
        f"    UNION ALL SELECT facility, source_system, '{kind}', false, {nothing}, {nothing}, toUInt16({clock}) AS clock, count()\n"
        f"    FROM {kind}_history WHERE {recent} AND {_LIVE} GROUP BY facility, source_system, clock"
        for kind in KINDS
    )
    feed = "facility, source_system, kind"
    return View(
        "silent_feeds",
        "Nguồn im lặng so với chính nó / Feeds that are silent against their own daily curve",
        f"""WITH
known AS (
  SELECT {feed}, minIf(k.first_seen, k.ever) AS first_seen, maxIf(k.last_seen, k.ever) AS last_seen,
    sumMap(map(k.clock, k.rows)) AS usual
  FROM (
    {each}
  ) AS k GROUP BY {feed}
),
slots AS (
  SELECT {feed}, last_seen, toStartOfHour(last_seen, {HANOI}) + INTERVAL number HOUR AS slot,
    toDayOfWeek(slot) > 5 AS weekend, usual[toUInt16(toHour(slot) + 24 * weekend)] AS total,
    greatest(0, dateDiff('second', greatest(slot, toDateTime(last_seen, {HANOI})),
      least(slot + INTERVAL 1 HOUR, toDateTime(now(), {HANOI}))) / 3600) AS part,
    least({USUAL_DAYS}, greatest(1, dateDiff('day', first_seen, now()))) * if(weekend, 2, 5) / 7 AS days
  FROM known ARRAY JOIN range(toUInt64(least(168, greatest(1, dateDiff('hour', last_seen, now()) + 2)))) AS number
),
beats AS (
  SELECT facility, source_system, max(at) AS last_heartbeat, argMax(outbox_depth, at) AS outbox_depth
  FROM heartbeats WHERE at >= now() - INTERVAL 2 DAY AND {_LIVE} GROUP BY facility, source_system
)
SELECT s.facility AS facility, s.source_system AS source_system, s.kind AS kind, any(s.last_seen) AS last_seen,
  round(sum(s.part * s.total / greatest(s.days, 1)), 1) AS expected_since,
  CAST(expected_since >= {SILENT_AT}, 'Bool') AS is_silent,
  nullIf(any(b.last_heartbeat), toDateTime64(0, 3, 'UTC')) AS last_heartbeat, any(b.outbox_depth) AS outbox_depth
FROM slots AS s
LEFT JOIN beats AS b ON b.facility = s.facility AND b.source_system = s.source_system
GROUP BY facility, source_system, kind""",
        {
            "expected_since": "Số tài liệu lẽ ra đã đến từ lần cuối / Documents to be expected since the last",
            "is_silent": "Đang im lặng / Is silent",
            "last_heartbeat": "Nhịp tim cuối; trống: bộ kết nối cũng im / Last heartbeat; empty: the adapter is silent too",
        },
        open=True,
    )
