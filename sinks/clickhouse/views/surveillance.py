"""Notifiable cases by disease, commune and day: what early warning reads."""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from typing import Final

from schemas.clickhouse.table import text
from schemas.notifiable import DISEASES, PREFIXES
from sinks.clickhouse.views.persons import LINKS, citizen
from sinks.clickhouse.views.view import View


def notifiable_diseases() -> View:
    rows = ",\n  ".join(
        f"({text(d.id)}, {text(d.deadline)}, {text(d.vi)}, {text(d.en)}, [{', '.join(map(text, d.codes))}])"
        for d in DISEASES.values()
    )
    shape = "disease String, deadline String, disease_vi String, disease_en String, codes Array(String)"
    return View(
        "notifiable_diseases",
        "Bệnh truyền nhiễm phải báo cáo / Notifiable diseases",
        f"SELECT * FROM VALUES('{shape}',\n  {rows})",
        {"codes": "Tiền tố mã ICD-10, không dấu chấm / ICD-10 prefixes without dots"},
        open=True,
    )


def _disease(code: str) -> str:
    """The longest prefix decides. Prefixes have 3 or 4 signs."""
    sql = "''"
    for size in (3, 4):
        found = {prefix: disease for prefix, disease in PREFIXES.items() if len(prefix) == size}
        keys, values = (", ".join(map(text, each)) for each in (found.keys(), found.values()))
        sql = f"transform(substring({code}, 1, {size}), [{keys}], [{values}], {sql})"
    return sql


EPISODE_DAYS: Final = 30
"""A person who comes again with the same disease within so many days of the last time is no new case: a house rule."""


_TOLD: Final = "(isNotNull(e.commune), e.version)"


def _seen(encounters: str) -> str:
    """A row per person, disease, day, facility: main and other diagnoses, not those of traditional medicine.

    A person is the citizen, else the facility's patient, else the document. Two sources may tell of one visit and only
    one of them the residence: it is the row's.
    """
    return f"""SELECT e.document_date AS day, {_disease("replaceAll(upper(code), '.', '')")} AS disease,
    argMax(ifNull(e.province, ''), {_TOLD}) AS province, argMax(ifNull(e.commune, ''), {_TOLD}) AS commune,
    e.facility AS facility, coalesce({citizen("e", "l")}, e.patient_key, e.document_id) AS person,
    max(ifNull(e.treatment_result = '5', 0)) AS dead, min(e.stored_at) AS first_stored_at
  FROM (
    SELECT document_date, document_id, version, facility, province, commune, patient_key, citizen_key, treatment_result, stored_at,
      arrayJoin(arrayDistinct(arrayPushBack(
        arrayMap(d -> ifNull(d.code, ''), arrayFilter(d -> d.role != 'traditional', diagnoses)),
        ifNull(main_diagnosis, '')))) AS code
    FROM {encounters}
  ) AS e
  LEFT JOIN {LINKS} AS l ON l.patient_key = e.patient_key
  GROUP BY day, disease, facility, person
  HAVING disease != ''"""


def new_cases(encounters: str = "encounters") -> str:
    """A row per new case: the first day of a person's episode, with the residence and facility told then."""
    return f"""SELECT day, disease, province, commune, facility, person
FROM (
  SELECT *, lagInFrame(toNullable(day)) OVER (
    PARTITION BY person, disease ORDER BY day, facility ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
  FROM (
  {_seen(encounters)}
  )
)
WHERE isNull(before) OR day > before + {EPISODE_DAYS}"""


_NAMED: Final = "n.disease_vi AS disease_vi, n.disease_en AS disease_en, n.deadline AS deadline"


def notifiable_cases() -> View:
    return View(
        "notifiable_cases",
        "Người bệnh truyền nhiễm đến khám theo ngày, xã, cơ sở / Persons seen with a notifiable disease, by day and commune",
        f"""SELECT c.day AS day, c.disease AS disease, {_NAMED}, c.province AS province, c.commune AS commune,
  c.facility AS facility, c.cases AS cases, c.deaths AS deaths, c.first_stored_at AS first_stored_at
FROM (
  SELECT day, disease, province, commune, facility, uniqExact(person) AS cases, uniqExactIf(person, dead = 1) AS deaths,
    min(first_stored_at) AS first_stored_at
  FROM (
  {_seen("encounters")}
  ) GROUP BY day, disease, province, commune, facility
) AS c
LEFT JOIN notifiable_diseases AS n ON n.disease = c.disease""",
        {
            "cases": "Số người đến cơ sở đó ngày đó / Persons seen there on that day",
            "deaths": "Trong đó tử vong / Of whom dead",
            "first_stored_at": "Ca đầu tiên được lưu lúc / When the first of them was stored",
        },
    )


def notifiable_daily() -> View:
    return View(
        "notifiable_daily",
        f"Ca mới theo ngày, xã: một người tính một lần trong {EPISODE_DAYS} ngày / New cases by day and commune: a person "
        f"counts once in {EPISODE_DAYS} days",
        f"""SELECT c.day AS day, c.disease AS disease, {_NAMED}, c.province AS province, c.commune AS commune,
  c.cases AS cases, c.facilities AS facilities
FROM (
  SELECT day, disease, province, commune, uniqExact(person) AS cases, uniqExact(facility) AS facilities
  FROM (
{new_cases()}
  ) GROUP BY day, disease, province, commune
) AS c
LEFT JOIN notifiable_diseases AS n ON n.disease = c.disease""",
        {
            "cases": "Số ca mới (người) / New cases (persons)",
            "facilities": "Số cơ sở phát hiện / Facilities that saw them",
        },
    )
