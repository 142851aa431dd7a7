"""Merges that wait for a person: they would make one person of two verified citizens."""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from typing import Final

from schemas.ledger import CITIZEN_ACTIONS, MERGE_ACTIONS
from sinks.clickhouse.views.identity import DECIDED, MERGES, groups, touched
from sinks.clickhouse.views.view import View

_LINK, *_ = CITIZEN_ACTIONS
_MERGE, _UNMERGE = MERGE_ACTIONS

_TOUCHED: Final = touched(MERGES)
_CONFIRMED: Final = f"""SELECT patient_key, assumeNotNull(into_key) FROM identity_links
    WHERE decided_by IS NOT NULL AND action IN ('{_MERGE}', '{_UNMERGE}') AND into_key IS NOT NULL
    GROUP BY patient_key, into_key HAVING argMax(action, version) = '{_MERGE}'"""
"""Pairs of whom a person last said that they are one; a hospital that repeats its merge changes nothing of it."""


def identity_held() -> View:
    """A merge that no person said is held while the patients it would join, along all merges, have more than one verified
    citizen: the one a person chose, else those that the worker verified and the one that the service confirmed. It takes
    effect when a person says the same merge or decides who one of them is, and goes with an unmerge."""
    return View(
        "identity_held",
        "Lệnh gộp hai công dân đã xác thực, chờ người quyết định / Merges of two verified citizens, until a person decides",
        f"""WITH
{groups(MERGES)},
citizens AS (
  SELECT patient_key, assumeNotNull(citizen_key) AS citizen_key FROM identity_current FINAL
  WHERE about IN ('citizen', 'service') AND action = '{_LINK}' AND citizen_key IS NOT NULL
    AND patient_key IN ({_TOUCHED}) AND (about = 'citizen' OR patient_key NOT IN ({DECIDED}))
  UNION ALL
  SELECT patient_key, assumeNotNull(citizen_key) AS citizen_key FROM person_documents FINAL
  WHERE identity_tier = 'verified' AND citizen_key IS NOT NULL
    AND patient_key IN ({_TOUCHED}) AND patient_key NOT IN ({DECIDED})
),
torn AS (
  SELECT m.surviving_key AS surviving_key, uniqExact(k.citizen_key) AS citizens
  FROM members AS m INNER JOIN citizens AS k ON k.patient_key = m.patient_key
  GROUP BY m.surviving_key HAVING citizens > 1
)
SELECT i.facility AS facility, i.patient_key AS patient_key, i.into AS into_key, i.rule AS rule, i.linked_at AS linked_at,
  max(t.citizens) AS citizens
FROM (SELECT facility, patient_key, assumeNotNull(into_key) AS into, rule, linked_at FROM identity_current FINAL
  WHERE {MERGES} AND decided_by IS NULL AND (patient_key, assumeNotNull(into_key)) NOT IN ({_CONFIRMED})) AS i
INNER JOIN members AS m ON m.patient_key = i.patient_key
INNER JOIN torn AS t ON t.surviving_key = m.surviving_key
GROUP BY facility, patient_key, into_key, rule, linked_at""",
        {
            "patient_key": "Giả danh người bệnh bị gộp / Patient who would be merged away",
            "into_key": "Giả danh người bệnh còn lại / Patient who would stay",
            "citizens": "Số công dân đã xác thực bị gộp làm một / Verified citizens that would become one",
        },
    )
