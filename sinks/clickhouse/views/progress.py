"""Who is connected: each expected feed of the register, from never connected to usable, and since when."""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from typing import Final

from sinks.clickhouse.views.quality import COUNTED, SUMS, WEIGHTS_MAP, measured, scores
from sinks.clickhouse.views.view import View

GATE_DAYS: Final = 7

_FEED: Final = "facility, source_system, kind"


_RECENT: Final = f" AND captured_at >= now() - INTERVAL {GATE_DAYS} DAY"
_NO_TIME: Final = "CAST(NULL, 'Nullable(DateTime64(3, ''UTC''))')"
_CONDITIONS: Final = {
    "is_correct": "correct >= minimum['correct']",
    "is_complete": "complete >= minimum['complete']",
    "is_clean": "clean >= minimum['clean']",
    "is_live": "live >= minimum['live'] AND m.speaks",
    "is_balanced": "ifNull(b.unbalanced, 0) = 0",
}


def _gate(seen: bool) -> str:
    """Feeds with their scores and conditions, each view below read once: to plan one takes longer than to ask it.

    `measured`: the feed has sent or was refused something of late; `heard`: `silent_feeds` knows it. With `seen` feeds that
    sent at any time are here too, with since and until when.
    """
    counts = ", ".join(COUNTED)
    no_counts = ", ".join("0" for _ in COUNTED)
    rows = [
        f"SELECT {_FEED}, {counts}, true AS measured, false AS heard, false AS is_silent,\n"
        f"  {_NO_TIME} AS first_seen, {_NO_TIME} AS last_seen\n"
        f"FROM (\n{measured('today()', 'today()', _RECENT, _RECENT)}\n)",
        f"SELECT {_FEED}, {no_counts}, false, true, is_silent, {_NO_TIME}, {_NO_TIME} FROM silent_feeds",
    ]
    if seen:
        rows.append(f"SELECT {_FEED}, {no_counts}, false, false, false, first_seen, last_seen FROM feeds_seen")
    shown = ",\n  ".join(f"CAST(ifNull({sql}, false), 'Bool') AS {name}" for name, sql in _CONDITIONS.items())
    minimum = (
        "(SELECT mapFromArrays(groupArray(toString(dimension)), groupArray(minimum)) FROM usable_thresholds FINAL)"
    )
    each = "\nUNION ALL\n".join(rows)
    return f"""WITH {WEIGHTS_MAP}, {minimum} AS minimum
SELECT m.facility AS facility, m.source_system AS source_system, m.kind AS kind, m.documents AS documents,
  m.rejected AS rejected, m.measured AS measured, m.silent AS silent, m.first_seen AS first_seen, m.last_seen AS last_seen,
  {scores()},
  {shown},
  CAST(measured AND {" AND ".join(_CONDITIONS)}, 'Bool') AS usable
FROM (
  SELECT {_FEED}, {SUMS}, max(x.measured) AS measured, max(x.is_silent) AS silent,
    max(x.heard) AND NOT max(x.is_silent) AS speaks, min(x.first_seen) AS first_seen, max(x.last_seen) AS last_seen
  FROM (
{each}
  ) AS x GROUP BY {_FEED}
) AS m
LEFT JOIN (SELECT facility, countIf(NOT balanced) AS unbalanced FROM ledger_balance GROUP BY facility) AS b
  ON b.facility = m.facility"""


def usable_feeds() -> View:
    """The gate: "connected but the data can't be used" does not count as connected. All five conditions must hold."""
    return View(
        "usable_feeds",
        f"Dữ liệu {GATE_DAYS} ngày qua có dùng được không, vì sao / Are the past {GATE_DAYS} days' data usable, and why",
        f"SELECT * EXCEPT (measured, silent, first_seen, last_seen) FROM (\n{_gate(seen=False)}\n) WHERE measured",
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
    not_met = ", ".join(
        f"if(ifNull(u.measured AND u.{name}, false), '', '{name.removeprefix('is_')}')" for name in _CONDITIONS
    )
    return View(
        "connection_progress",
        "Tiến độ kết nối từng cơ sở, từng loại tài liệu / Progress of connection, by facility and kind",
        f"""SELECT r.facility AS facility, r.name AS facility_name, r.kind AS kind, r.source_system AS source_system,
  r.vendor AS vendor, r.unit_responsible AS unit_responsible, r.since AS expected_since,
  multiIf(u.last_seen IS NULL, 'never_connected', ifNull(u.silent, false), 'silent',
    ifNull(u.usable, false) AND c.certified_on IS NOT NULL, 'usable', c.certified_on IS NOT NULL, 'certified', 'testing'
  ) AS state,
  multiIf(state = 'never_connected', r.since, state = 'silent', toDate(u.last_seen),
    state = 'testing', toDate(u.first_seen), assumeNotNull(c.certified_on)) AS state_since,
  u.first_seen AS first_seen, u.last_seen AS last_seen, c.certified_on AS certified_on,
  ifNull(u.usable, false) AS passes_gate,
  arrayFilter(x -> x != '', [{not_met}]) AS not_met
FROM facility_register AS r
LEFT JOIN (SELECT * FROM certificates FINAL WHERE NOT withdrawn) AS c
  ON c.facility = r.facility AND c.source_system = r.source_system AND c.kind = r.kind
LEFT JOIN (
{_gate(seen=True)}
) AS u ON u.facility = r.facility AND u.source_system = r.source_system AND u.kind = r.kind
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
