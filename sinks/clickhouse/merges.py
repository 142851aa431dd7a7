"""Groups of merged patients as a table (`identity_merged`), worked out anew when a merge or its undoing is told.

Who stays of a group follows from the merges alone, and merges are few: so it is not worked out by every question that asks
who is who. Which citizen the group is, and whether its merges wait for a person, follow from documents and links, and those
the view `identity_now` asks when it is read.

At least once, harmless by shape: every patient who was ever named by a merge is written each time, under the time at which
the work began; of two at once the later one has seen all that the earlier one has.
"""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final, Protocol

from schemas.ledger import MERGE_ACTIONS

HOPS: Final = 4
"""A chain of merges is followed so far."""
LOOK_SECONDS: Final = 60.0
"""How often it is looked whether another process has left something to do."""
REST: Final = 10.0
"""So many times as long as it worked it rests before it works again: a load of merges does not hold up the sink."""

_MERGE, _UNMERGE = MERGE_ACTIONS

MERGES: Final = f"about = 'merge' AND action = '{_MERGE}' AND into_key IS NOT NULL AND into_key != patient_key"
"""Every merge that was said last, those that wait for a person too."""
CONFIRMED: Final = f"""SELECT patient_key, assumeNotNull(into_key) FROM identity_links
    WHERE decided_by IS NOT NULL AND action IN ('{_MERGE}', '{_UNMERGE}') AND into_key IS NOT NULL
    GROUP BY patient_key, into_key HAVING argMax(action, version) = '{_MERGE}'"""
"""Pairs of whom a person last said that they are one; a hospital that repeats its merge changes nothing of it."""
_BY_PERSON: Final = f"{MERGES} AND (decided_by IS NOT NULL OR (patient_key, assumeNotNull(into_key)) IN ({CONFIRMED}))"


class Store(Protocol):
    """What is asked of ClickHouse (`client.ClickHouse`)."""

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]: ...
    def command(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None: ...


def _edges(merges: str) -> str:
    """Patients merged away and those they were merged into. Of two that were merged into each other the later word holds."""
    return f"""SELECT argMax(i.patient_key, (i.version, i.patient_key)) AS patient_key,
    argMax(assumeNotNull(i.into_key), (i.version, i.patient_key)) AS into_key
  FROM (SELECT patient_key, into_key, version FROM identity_current FINAL WHERE {merges}) AS i
  GROUP BY arraySort([i.patient_key, assumeNotNull(i.into_key)])"""


def _chains(merges: str) -> str:
    """Patient merged away -> the patient who stays, along the merges; where they go in a circle, the key that sorts first."""
    names = [f"e{n}" for n in range(1, HOPS + 2)]
    reached = "e1.into_key"
    for name in names[1:-1]:
        reached = f"if({name}.into_key != '', {name}.into_key, {reached})"
    met = ", ".join(f"{name}.into_key" for name in names[:-1])
    joins = "".join(
        f"\n  LEFT JOIN ({_edges(merges)}) AS {name} ON {name}.patient_key = {before}.into_key"
        for before, name in pairwise(names)
    )
    settled = f"if({names[-1]}.into_key = '', {reached}, arrayMin([{met}]))"
    return f"SELECT e1.patient_key AS away, {settled} AS stays\n  FROM ({_edges(merges)}) AS e1{joins}"


def _members(merges: str, columns: str) -> str:
    return f"SELECT '' AS facility, arrayJoin([away, stays]) AS patient_key, {columns} FROM (\n  {_chains(merges)}\n)"


_SETTLE: Final = f"""INSERT INTO identity_merged (facility, patient_key, surviving_key, confirmed_key, settled_at)
SELECT max(m.facility), m.patient_key, max(m.surviving_key), max(m.confirmed_key), fromUnixTimestamp64Milli({{at:Int64}})
FROM (
SELECT toString(facility) AS facility, arrayJoin([patient_key, ifNull(into_key, patient_key)]) AS patient_key,
  '' AS surviving_key, '' AS confirmed_key FROM identity_current FINAL WHERE about = 'merge'
UNION ALL
SELECT toString(facility), patient_key, '', '' FROM identity_merged FINAL
UNION ALL
{_members(MERGES, "stays AS surviving_key, '' AS confirmed_key")}
UNION ALL
{_members(_BY_PERSON, "'' AS surviving_key, stays AS confirmed_key")}
) AS m GROUP BY m.patient_key
SETTINGS distributed_product_mode = 'global'"""

_TOLD: Final = f"""SELECT toString(toUnixTimestamp64Milli(now64(3))) AS at,
  toString(sum(cityHash64(patient_key, into_key, action, decided_by, version))) AS told
FROM identity_links WHERE action IN ('{_MERGE}', '{_UNMERGE}')"""


class Merges:
    """Keeps `identity_merged` up to date for one process; not for several threads."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._settled, self._asked = "0", False
        self._look_at = self._rest_until = clock()

    def told(self) -> None:
        """Links have come: the next `settle` looks."""
        self._asked = True

    def settle(self) -> bool:
        """Work the groups out anew if merges were told since the last time; whether it did. Raises client.Away."""
        began = self._clock()
        if began < self._rest_until or not (self._asked or began >= self._look_at):
            return False
        row = self._store.rows(_TOLD)[0]
        changed = bool(row["told"] != self._settled)
        if changed:
            self._store.command(_SETTLE, {"at": int(row["at"])})
        now = self._clock()
        self._settled, self._asked, self._look_at = row["told"], False, now + LOOK_SECONDS
        self._rest_until = now + REST * (now - began) if changed else now
        return changed


def settle(store: Store) -> None:
    """Work the groups out anew now: something was taken away. Raises client.Away."""
    store.command(_SETTLE, {"at": int(store.rows(_TOLD)[0]["at"])})
