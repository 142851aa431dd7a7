"""A visit counts once, whoever told of it."""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from typing import Final

from schemas.clickhouse import columns_of
from sinks.clickhouse.views.view import HANOI, View

_SHOWN: Final = (
    "document_id, status, source_system, admitted_at, inpatient_at, discharged_at, visit_type, patient_class, main_diagnosis, "
    "treatment_result, departments, sex, birth_year, province, commune, insured, patient_key, citizen_key, identity_tier, "
    "sensitivity, occurred_at, captured_at, document_date"
).split(", ")

_NULLABLE: Final = frozenset(
    field.name for field in columns_of("encounter") if field.optional and not field.is_array and field.name in _SHOWN
)

AROUND_DAYS: Final = 45
"""Two sources may date one visit differently, but not further apart than the adapter's state reaches."""


def facility_register() -> View:
    return View(
        "facility_register",
        "Danh sách cơ sở đang dùng / The facility register in use",
        "SELECT * FROM facilities FINAL WHERE loaded_at = (SELECT max(loaded_at) FROM facilities)",
        open=True,
    )


_RANK: Final = (
    "bitShiftLeft(toUInt128((r.known = 1 AND r.precedence = 0) * 512 + (e.status = 'active') * 256 "
    "+ if(r.known = 1, 255 - r.precedence, 0)), 64) + toUInt128(e.version)"
)
"""Which document speaks for the visit, as one number: the source of record first, then active ones, then precedence, then
the newest version."""


def _best(name: str) -> str:
    """A column of the document of the highest rank, null where it is null there.

    By column, because then only those are read that the question names; an argMax over a tuple of them all takes five
    times as long for a count. By itself argMax passes over nulls, and would mix the documents.
    """
    if name in _NULLABLE:
        return f"argMax(isNull({name}), rank) AS no_{name}, argMax(assumeNotNull({name}), rank) AS the_{name}"
    return f"argMax({name}, rank) AS the_{name}"


def _visits(where: str = "") -> str:
    """One row per (facility, visit_key); without a visit number one per document, `linked` = false.

    Where the source of record (precedence 0) has spoken, its status decides; else one active document is enough.
    """
    columns = ",\n  ".join(
        f"if(no_{name}, NULL, the_{name}) AS {name}" if name in _NULLABLE else f"the_{name} AS {name}"
        for name in _SHOWN
        if name != "status"
    )
    best = ",\n    ".join(_best(name) for name in _SHOWN)
    told = ", ".join(f"e.{name} AS {name}" for name in _SHOWN)
    return f"""SELECT facility, if(linked, visit, NULL) AS visit_key, linked,
  {columns}, sources
FROM (
  SELECT facility, linked, visit, arraySort(groupUniqArray(toString(source_system))) AS sources,
    {best}
  FROM (
    SELECT e.facility AS facility, isNotNull(e.visit_key) AS linked, ifNull(e.visit_key, e.document_id) AS visit,
      {_RANK} AS rank, {told}
    FROM (SELECT * FROM encounter_current FINAL{where}) AS e
    LEFT JOIN (
      SELECT facility, source_system, min(precedence) AS precedence, 1 AS known
      FROM facility_register WHERE kind = 'encounter' GROUP BY facility, source_system
    ) AS r ON r.facility = e.facility AND r.source_system = e.source_system
  )
  GROUP BY facility, linked, visit
)
WHERE the_status = 'active'"""


def visits() -> View:
    return View("visits", "Mỗi lượt khám một dòng / One row per visit", _visits())


def visits_between() -> View:
    """The same for some days, read by them: `SELECT … FROM visits_between(since = '…', until = '…')`."""
    where = (
        f" WHERE document_date BETWEEN {{since:Date}} - {AROUND_DAYS} AND {{until:Date}} + {AROUND_DAYS}"
        # Parameters are put in before names are resolved, so the outer bound stands in the outer query.
    )
    sql = f"SELECT * FROM (\n{_visits(where)}\n) WHERE document_date BETWEEN {{since:Date}} AND {{until:Date}}"
    return View(
        "visits_between",
        "Lượt khám trong khoảng ngày (nhanh) / Visits between two days, fast",
        sql,
        parameters=("Date", "Date"),
    )


def visit_counts() -> View:
    return View(
        "visit_counts",
        "Số lượt khám theo cơ sở và ngày / Visits per facility and day",
        "SELECT facility, document_date, count() AS visits, countIf(NOT linked) AS unlinked,\n"
        "  unlinked / visits AS unlinked_share\nFROM visits GROUP BY facility, document_date",
    )


def visits_live() -> View:
    """The last 24 hours against the same hour of the same sort of day (working day, weekend) of the past 28 days."""
    hour = f"toStartOfHour(occurred_at, {HANOI})"
    return View(
        "visits_live",
        "Lượt khám 24 giờ qua so với thường lệ / The last 24 hours' visits against the usual",
        f"""WITH toStartOfHour(now(), {HANOI}) AS this_hour,
counted AS (
  SELECT facility, assumeNotNull({hour}) AS hour, uniqExact(ifNull(visit_key, document_id)) AS visits
  FROM encounters
  WHERE document_date >= today() - 31 AND occurred_at >= now() - INTERVAL 29 DAY AND occurred_at <= now()
  GROUP BY facility, hour
),
days AS (
  SELECT toDayOfWeek(toDate(this_hour) - number) > 5 AS weekend, count() AS days FROM numbers(1, 28) GROUP BY weekend
)
SELECT s.facility AS facility, s.hour AS hour, toUInt64(sum(c.visits * (c.hour = s.hour))) AS visits,
  round(sumIf(c.visits, c.hour < s.hour AND toDate(c.hour) < toDate(s.hour)
    AND (toDayOfWeek(c.hour) > 5) = s.weekend) / any(d.days), 2) AS usual
FROM (
  SELECT facility, this_hour - INTERVAL number HOUR AS hour, toHour(hour) AS clock, toDayOfWeek(hour) > 5 AS weekend
  FROM (SELECT DISTINCT facility FROM counted) ARRAY JOIN range(24) AS number
) AS s
LEFT JOIN (SELECT *, toHour(hour) AS clock FROM counted) AS c ON c.facility = s.facility AND c.clock = s.clock
LEFT JOIN days AS d ON d.weekend = s.weekend
GROUP BY facility, hour""",
    )
