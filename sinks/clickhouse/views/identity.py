"""Who is who as it is known now: late links, merges and what took them back, resolved when a query asks.

Nothing of history is rewritten: a merge, an unmerge or a late answer changes what `identity_now` says, and with it every
view that asks which citizen a document is of.
"""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from itertools import pairwise
from typing import Final

from schemas.ledger import CITIZEN_ACTIONS, MERGE_ACTIONS
from sinks.clickhouse.views.view import View

HOPS: Final = 4
"""A chain of merges is followed so far."""

_LINK, _UNLINK, _ = CITIZEN_ACTIONS
_MERGE, _ = MERGE_ACTIONS

MERGES: Final = f"about = 'merge' AND action = '{_MERGE}' AND into_key IS NOT NULL AND into_key != patient_key"
"""Every merge that was said last, those that wait for a person too."""
# As a scalar, which is worked out once however often the merges are asked for below.
_MERGES: Final = f"""{MERGES} AND (patient_key, assumeNotNull(into_key)) NOT IN
    (SELECT arrayJoin((SELECT groupArray((patient_key, into_key)) FROM identity_held)))"""


def touched(merges: str) -> str:
    """Patients on either side of these merges."""
    return f"SELECT arrayJoin([patient_key, assumeNotNull(into_key)]) FROM identity_current FINAL WHERE {merges}"


def _edges(merges: str) -> str:
    """Patients merged away and those they were merged into. Of two that were merged into each other the later word holds."""
    return f"""SELECT argMax(i.patient_key, (i.version, i.patient_key)) AS patient_key,
    argMax(assumeNotNull(i.into_key), (i.version, i.patient_key)) AS into_key
  FROM (SELECT patient_key, into_key, version FROM identity_current FINAL WHERE {merges}) AS i
  GROUP BY arraySort([i.patient_key, assumeNotNull(i.into_key)])"""


_SAID: Final = f"action IN ('{_LINK}', '{_UNLINK}')"
DECIDED: Final = f"SELECT patient_key FROM identity_current FINAL WHERE about = 'citizen' AND {_SAID}"
"""Patients about whom a person has decided."""
_WORDS: Final = f"""SELECT patient_key, citizen_key, version, rule, 1 AS said FROM identity_current FINAL
  WHERE about = 'citizen' AND {_SAID}
  UNION ALL
  SELECT patient_key, citizen_key, version, rule, 1 AS said FROM identity_current FINAL
  WHERE about = 'service' AND {_SAID}
    AND patient_key NOT IN ({DECIDED})"""
"""The word that holds of each patient: a person's, else the service's. Persons say little and services much, so the few are
looked up for the many, and nothing is grouped."""
_TOUCHED: Final = touched(_MERGES)


def _chain() -> str:
    """Patient merged away -> the patient who stays, along the merges; where they go in a circle, the key that sorts first.

    A CTE is worked out each time it is named, so everything below is named once.
    """
    names = [f"e{n}" for n in range(1, HOPS + 2)]
    reached = "e1.into_key"
    for name in names[1:-1]:
        reached = f"if({name}.into_key != '', {name}.into_key, {reached})"
    met = ", ".join(f"{name}.into_key" for name in names[:-1])
    joins = "".join(
        f"\n  LEFT JOIN edges AS {name} ON {name}.patient_key = {before}.into_key" for before, name in pairwise(names)
    )
    settled = f"if({names[-1]}.into_key = '', {reached}, arrayMin([{met}]))"
    return f"SELECT e1.patient_key AS away, {settled} AS surviving_key\n  FROM edges AS e1{joins}"


def groups(merges: str) -> str:
    """The CTEs up to `members`: every patient that these merges touch, and the one who stays of its group."""
    return f"""edges AS (
  {_edges(merges)}
),
chains AS (
  {_chain()}
),
members AS (
  SELECT DISTINCT arrayJoin([c.away, c.surviving_key]) AS patient_key, c.surviving_key AS surviving_key
  FROM chains AS c
)"""


def identity_now() -> View:
    """Of the citizens known of one person's patients holds: what was said late of the one who stays, what the worker
    found of it, what was said late of another, what the worker found of another; of equals the newest. What a person decided goes before what a service answered."""
    return View(
        "identity_now",
        "Ai là ai, theo điều được nói sau cùng / Who is who, by what was said last",
        f"""WITH
{groups(_MERGES)},
words AS (
  SELECT * FROM ({_WORDS}) WHERE patient_key IN ({_TOUCHED})
),
found AS (
  SELECT d.patient_key AS patient_key, argMax(d.citizen_key, d.version) AS citizen_key, max(d.version) AS version
  FROM person_documents AS d
  WHERE d.citizen_key IS NOT NULL AND d.patient_key IN ({_TOUCHED}) GROUP BY d.patient_key
),
known AS (
  SELECT m.patient_key AS patient_key, m.surviving_key AS surviving_key, m.patient_key = m.surviving_key AS stays,
    arrayJoin([
      (w.citizen_key, multiIf(w.said = 0, 0, stays, 4, w.citizen_key IS NULL, 0, 2), w.version),
      (f.citizen_key, multiIf(f.citizen_key IS NULL, 0, stays, 3, 1), f.version)
    ]) AS word
  FROM members AS m
  LEFT JOIN words AS w ON w.patient_key = m.patient_key
  LEFT JOIN found AS f ON f.patient_key = m.patient_key
),
persons AS (
  SELECT k.surviving_key AS surviving_key, groupUniqArray(k.patient_key) AS patients,
    argMax(tuple(k.word.1), (k.word.2, k.word.3)).1 AS citizen_key
  FROM known AS k GROUP BY k.surviving_key
)
SELECT patient_key, p.surviving_key AS surviving_key, p.citizen_key AS citizen_key, 'merge' AS said_by
FROM persons AS p ARRAY JOIN p.patients AS patient_key
UNION ALL
SELECT w.patient_key AS patient_key, w.patient_key AS surviving_key, w.citizen_key AS citizen_key, w.rule AS said_by
FROM ({_WORDS}) AS w WHERE w.patient_key NOT IN ({_TOUCHED})""",
        {
            "patient_key": "Giả danh người bệnh tại cơ sở / Patient of a facility",
            "surviving_key": "Người bệnh còn lại sau khi gộp / Patient who stays after merges; itself without any",
            "citizen_key": "Giả danh công dân; rỗng: không ai biết / Citizen; null: nobody known",
            "said_by": "Quy tắc của liên kết, hoặc merge / Rule of the link, or merge",
        },
    )
