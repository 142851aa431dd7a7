"""Notifiable cases by disease, commune and day: what early warning reads."""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

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


def cases(encounters: str = "encounters") -> str:
    """Cases by day, disease, residence and facility. A case is a person (the citizen, else the facility's patient, else
    the document); main and other diagnoses count, those of traditional medicine do not."""
    person = f"coalesce({citizen('e', 'l')}, e.patient_key, e.document_id)"
    return f"""SELECT e.document_date AS day, {_disease("replaceAll(upper(code), '.', '')")} AS disease,
    ifNull(e.province, '') AS province, ifNull(e.commune, '') AS commune, e.facility AS facility,
    uniqExact({person}) AS cases, uniqExactIf({person}, e.treatment_result = '5') AS deaths,
    min(e.stored_at) AS first_stored_at
  FROM (
    SELECT document_date, document_id, facility, province, commune, patient_key, citizen_key, treatment_result, stored_at,
      arrayJoin(arrayDistinct(arrayPushBack(
        arrayMap(d -> ifNull(d.code, ''), arrayFilter(d -> d.role != 'traditional', diagnoses)),
        ifNull(main_diagnosis, '')))) AS code
    FROM {encounters}
  ) AS e
  LEFT JOIN {LINKS} AS l ON l.patient_key = e.patient_key
  GROUP BY day, disease, province, commune, facility
  HAVING disease != ''"""


def notifiable_cases() -> View:
    return View(
        "notifiable_cases",
        "Ca bệnh truyền nhiễm theo ngày, xã cư trú / Notifiable cases by day and commune of residence",
        f"""SELECT c.day AS day, c.disease AS disease, n.disease_vi AS disease_vi, n.disease_en AS disease_en,
  n.deadline AS deadline, c.province AS province, c.commune AS commune, c.facility AS facility, c.cases AS cases,
  c.deaths AS deaths, c.first_stored_at AS first_stored_at
FROM (
  {cases()}
) AS c
LEFT JOIN notifiable_diseases AS n ON n.disease = c.disease""",
        {
            "deaths": "Trong đó tử vong / Of whom dead",
            "first_stored_at": "Ca đầu tiên được lưu lúc / When the first of them was stored",
        },
    )
