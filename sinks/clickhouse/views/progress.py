"""Who is connected: each expected feed of the register, from never connected to usable, and since when."""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from typing import Final

from sinks.clickhouse.views.quality import SUMS, WEIGHTS_MAP, measured, scores
from sinks.clickhouse.views.view import View

GATE_DAYS: Final = 7

_FEED: Final = "facility, source_system, kind"


def usable_feeds() -> View:
    """The gate: "connected but the data can't be used" does not count as connected. All five conditions must hold."""
    recent = f" AND captured_at >= now() - INTERVAL {GATE_DAYS} DAY"
    rows = measured("today()", "today()", recent, recent)
    conditions = {
        "is_correct": "correct >= minimum['correct']",
        "is_complete": "complete >= minimum['complete']",
        "is_clean": "clean >= minimum['clean']",
        "is_live": "live >= minimum['live'] AND NOT ifNull(s.is_silent, true)",
        "is_balanced": "ifNull(b.unbalanced, 0) = 0",
    }
    shown = ",\n  ".join(f"CAST(ifNull({sql}, false), 'Bool') AS {name}" for name, sql in conditions.items())
    minimum = (
        "(SELECT mapFromArrays(groupArray(toString(dimension)), groupArray(minimum)) FROM usable_thresholds FINAL)"
    )
    return View(
        "usable_feeds",
        f"Dữ liệu {GATE_DAYS} ngày qua có dùng được không, vì sao / Are the past {GATE_DAYS} days' data usable, and why",
        f"""WITH {WEIGHTS_MAP}, {minimum} AS minimum
SELECT m.facility AS facility, m.source_system AS source_system, m.kind AS kind, m.documents AS documents,
  m.rejected AS rejected,
  {scores()},
  {shown},
  CAST({" AND ".join(conditions)}, 'Bool') AS usable
FROM (
  SELECT {_FEED}, {SUMS} FROM (
{rows}
  ) AS x GROUP BY {_FEED}
) AS m
LEFT JOIN silent_feeds AS s ON s.facility = m.facility AND s.source_system = m.source_system AND s.kind = m.kind
LEFT JOIN (SELECT facility, countIf(NOT balanced) AS unbalanced FROM ledger_balance GROUP BY facility) AS b
  ON b.facility = m.facility
SETTINGS join_use_nulls = 1""",
        {
            "documents": f"Tài liệu {GATE_DAYS} ngày qua / Documents of the past {GATE_DAYS} days",
            "is_correct": "ĐÚNG: điểm đạt ngưỡng / correct reaches its threshold",
            "is_complete": "ĐỦ: điểm đạt ngưỡng / complete reaches its threshold",
            "is_clean": "SẠCH: điểm đạt ngưỡng / clean reaches its threshold",
            "is_live": "SỐNG: điểm đạt ngưỡng và nguồn không im lặng / live reaches its threshold, the feed is not silent",
            "is_balanced": "Sổ của cơ sở cân đối / The facility's ledger balances",
            "usable": "Dùng được: cả năm điều kiện / Usable: all five conditions",
        },
        open=True,
    )


def connection_progress() -> View:
    """States: never_connected, testing (sends, no certificate), certified (certificate, gate not passed), usable,
    silent (sent once, silent now). A test feed that is not in the register is not here; `feeds_seen` has it."""
    return View(
        "connection_progress",
        "Tiến độ kết nối từng cơ sở, từng loại tài liệu / Progress of connection, by facility and kind",
        f"""SELECT r.facility AS facility, r.name AS facility_name, r.kind AS kind, r.source_system AS source_system,
  r.vendor AS vendor, r.unit_responsible AS unit_responsible, r.since AS expected_since,
  multiIf(f.last_seen IS NULL, 'never_connected', ifNull(s.is_silent, false), 'silent',
    ifNull(u.usable, false) AND c.certified_on IS NOT NULL, 'usable', c.certified_on IS NOT NULL, 'certified', 'testing'
  ) AS state,
  multiIf(state = 'never_connected', r.since, state = 'silent', toDate(f.last_seen),
    state = 'testing', toDate(f.first_seen), assumeNotNull(c.certified_on)) AS state_since,
  f.first_seen AS first_seen, f.last_seen AS last_seen, c.certified_on AS certified_on,
  ifNull(u.usable, false) AS passes_gate,
  arrayFilter(x -> x != '', [if(ifNull(u.is_correct, false), '', 'correct'),
    if(ifNull(u.is_complete, false), '', 'complete'), if(ifNull(u.is_clean, false), '', 'clean'),
    if(ifNull(u.is_live, false), '', 'live'), if(ifNull(u.is_balanced, false), '', 'balanced')]) AS not_met
FROM facility_register AS r
LEFT JOIN (
  SELECT {_FEED}, min(first_seen) AS first_seen, max(last_seen) AS last_seen FROM feeds_seen GROUP BY {_FEED}
) AS f ON f.facility = r.facility AND f.source_system = r.source_system AND f.kind = r.kind
LEFT JOIN (SELECT * FROM certificates FINAL WHERE NOT withdrawn) AS c
  ON c.facility = r.facility AND c.source_system = r.source_system AND c.kind = r.kind
LEFT JOIN usable_feeds AS u ON u.facility = r.facility AND u.source_system = r.source_system AND u.kind = r.kind
LEFT JOIN silent_feeds AS s ON s.facility = r.facility AND s.source_system = r.source_system AND s.kind = r.kind
SETTINGS join_use_nulls = 1""",
        {
            "expected_since": "Phải gửi từ ngày / Expected since",
            "state": "never_connected, testing, certified, usable, silent / State",
            "state_since": "Ở trạng thái này từ ngày / In this state since",
            "passes_gate": "Đạt cổng đúng đủ sạch sống / Passes the gate",
            "not_met": "Điều kiện chưa đạt / Conditions not met",
        },
        open=True,
    )
