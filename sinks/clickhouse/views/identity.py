"""Who is who as it is known now: late links, merges and what took them back, resolved when a query asks.

Nothing of history is rewritten: a merge, an unmerge or a late answer changes what `identity_now` says, and with it every
view that asks which citizen a document is of. Who stays of a group of merged patients is kept in `identity_merged`
(`sinks.clickhouse.merges`); which citizen that is, and whether merges wait for a person, is asked here.
"""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from typing import Final

from schemas.ledger import CITIZEN_ACTIONS
from sinks.clickhouse.merges import CONFIRMED, MERGES
from sinks.clickhouse.views.view import View

_LINK, _UNLINK, _ = CITIZEN_ACTIONS

_SAID: Final = f"action IN ('{_LINK}', '{_UNLINK}')"
_DECIDED: Final = f"SELECT patient_key FROM identity_current FINAL WHERE about = 'citizen' AND {_SAID}"
"""Patients about whom a person has decided."""
_WORDS: Final = f"""SELECT patient_key, citizen_key, version, rule, about FROM identity_current FINAL
  WHERE about = 'citizen' AND {_SAID}
  UNION ALL
  SELECT patient_key, citizen_key, version, rule, about FROM identity_current FINAL
  WHERE about = 'service' AND {_SAID}
    AND patient_key NOT IN ({_DECIDED})"""
"""The word that holds of each patient: a person's, else the service's. Persons say little and services much, so the few are
looked up for the many, and nothing is grouped."""
_MERGED: Final = "SELECT patient_key FROM identity_merged FINAL WHERE surviving_key != ''"
"""Patients on either side of any merge that holds or waits."""

_KNOWN: Final = f"""SELECT g.patient_key AS patient_key, g.surviving_key AS surviving_key, g.confirmed_key AS confirmed_key,
    w.citizen_key AS said, w.version AS said_version, toString(w.about) AS about, toString(w.rule) AS rule,
    f.citizen_key AS found, f.version AS found_version,
    arrayDistinct(arrayConcat(if(isNull(w.citizen_key), [], [assumeNotNull(w.citizen_key)]),
      if(w.about = 'citizen', [], f.verified))) AS citizens
  FROM (SELECT * FROM identity_merged FINAL WHERE surviving_key != '') AS g
  LEFT JOIN (SELECT * FROM ({_WORDS}) WHERE patient_key IN ({_MERGED})) AS w ON w.patient_key = g.patient_key
  LEFT JOIN (
    SELECT d.patient_key AS patient_key, argMax(d.citizen_key, d.version) AS citizen_key, max(d.version) AS version,
      groupUniqArrayIf(assumeNotNull(d.citizen_key), d.identity_tier = 'verified') AS verified
    FROM person_documents AS d FINAL
    WHERE d.citizen_key IS NOT NULL AND d.patient_key IN ({_MERGED}) GROUP BY d.patient_key
  ) AS f ON f.patient_key = g.patient_key"""
"""Every patient of a group with what was said and found of it, and the verified citizens that it may be: the one a person
chose, else those that the worker verified and the one that the service confirmed."""

_GROUPS: Final = f"""SELECT k.surviving_key AS surviving_key,
    length(arrayDistinct(arrayFlatten(groupArray(k.citizens)))) AS citizens,
    groupArray((k.patient_key, k.confirmed_key, k.said, k.said_version, k.about, k.rule, k.found, k.found_version)) AS patients
  FROM ({_KNOWN}) AS k GROUP BY k.surviving_key"""

_PLACED: Final = f"""SELECT c.patient.1 AS patient_key, if(c.citizens > 1, c.patient.2, c.surviving_key) AS stays, stays = '' AS alone,
    if(alone, patient_key, stays) AS surviving_key, c.patient.5 AS about, c.patient.6 AS rule,
    arrayJoin([
      (c.patient.3, multiIf(about = '', 0, surviving_key = patient_key, 4, isNull(c.patient.3), 0, 2), c.patient.4),
      (c.patient.7, multiIf(isNull(c.patient.7), 0, surviving_key = patient_key, 3, 1), c.patient.8)
    ]) AS word
  FROM (SELECT surviving_key, citizens, arrayJoin(patients) AS patient FROM ({_GROUPS})) AS c"""
"""Who stays of each patient: of a group with more than one verified citizen by those merges only that a person said."""


def identity_now() -> View:
    """Of the citizens known of one person's patients holds: what was said late of the one who stays, what the worker
    found of it, what was said late of another, what the worker found of another; of equals the newest. What a person decided
    goes before what a service answered. Two joins and one grouping, each table named once: what is planned is paid for by
    every question that asks who is who, also where nobody was merged."""
    return View(
        "identity_now",
        "Ai là ai, theo điều được nói sau cùng / Who is who, by what was said last",
        f"""SELECT patient_key, p.surviving_key AS surviving_key, p.citizen_key AS citizen_key, p.said_by AS said_by
FROM (
  SELECT s.surviving_key AS surviving_key, groupUniqArray(s.patient_key) AS patients,
    argMax(tuple(s.word.1), (s.word.2, s.word.3)).1 AS citizen_key,
    if(any(s.alone), any(s.rule), 'merge') AS said_by, any(s.alone AND s.about = '') AS unsaid
  FROM ({_PLACED}) AS s GROUP BY s.surviving_key
) AS p ARRAY JOIN p.patients AS patient_key WHERE NOT p.unsaid
UNION ALL
SELECT w.patient_key AS patient_key, w.patient_key AS surviving_key, w.citizen_key AS citizen_key, toString(w.rule) AS said_by
FROM ({_WORDS}) AS w WHERE w.patient_key NOT IN ({_MERGED})""",
        {
            "patient_key": "Giả danh người bệnh tại cơ sở / Patient of a facility",
            "surviving_key": "Người bệnh còn lại sau khi gộp / Patient who stays after merges; itself without any",
            "citizen_key": "Giả danh công dân; rỗng: không ai biết / Citizen; null: nobody known",
            "said_by": "Quy tắc của liên kết, hoặc merge / Rule of the link, or merge",
        },
    )


def identity_held() -> View:
    """A merge that no person said is held while the patients it would join, along all merges, have more than one verified
    citizen: the one a person chose, else those that the worker verified and the one that the service confirmed. It takes
    effect when a person says the same merge or decides who one of them is, and goes with an unmerge."""
    return View(
        "identity_held",
        "Lệnh gộp hai công dân đã xác thực, chờ người quyết định / Merges of two verified citizens, until a person decides",
        f"""SELECT i.facility AS facility, i.patient_key AS patient_key, i.into AS into_key, i.rule AS rule, i.linked_at AS linked_at,
  t.citizens AS citizens
FROM (SELECT facility, patient_key, assumeNotNull(into_key) AS into, rule, linked_at FROM identity_current FINAL
  WHERE {MERGES} AND decided_by IS NULL AND (patient_key, assumeNotNull(into_key)) NOT IN ({CONFIRMED})) AS i
INNER JOIN (
  SELECT arrayJoin(patients).1 AS patient_key, citizens FROM ({_GROUPS}) WHERE citizens > 1
) AS t ON t.patient_key = i.patient_key""",
        {
            "patient_key": "Giả danh người bệnh bị gộp / Patient who would be merged away",
            "into_key": "Giả danh người bệnh còn lại / Patient who would stay",
            "citizens": "Số công dân đã xác thực bị gộp làm một / Verified citizens that would become one",
        },
    )
