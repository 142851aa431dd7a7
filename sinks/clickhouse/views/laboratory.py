"""Tests with their national code, and tests repeated elsewhere while the first result was still valid.

The national code is, in this order: what the worker mapped; what `code_maps` says today for the document's date, the
facility's own map before the city's (so a late map repairs old rows); the code itself where the source names no code
system of its own (XML4's MA_CHI_SO is the national index code). Else it is empty: not comparable, and counted as such.
"""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from typing import Final

from sinks.clickhouse.views.documents import OF_DOCUMENT
from sinks.clickhouse.views.persons import LINKS, citizen
from sinks.clickhouse.views.view import HANOI, View

DEFAULT_DAYS: Final = 7
"""Where `test_validity` names no test. The draft list under Law 51/2024 runs from 24 hours to 60 days and is not out."""

LONGEST_DAYS: Final = 60

_OWN: Final = "isNull(t.test_system) OR t.test_system = ''"


def _maps(where: str) -> str:
    return f"(SELECT facility, system, local_code, valid_from, valid_to, national_code, rule_id FROM code_maps FINAL{where})"


_OF_LINE: Final = (
    "line, service_code, test_code, test_system, test_name, value_text, value_number, unit, abnormal, resulted_at"
)


def _listed() -> str:
    return ", ".join(f"t.{name} AS {name}" for name in f"{OF_DOCUMENT}, {_OF_LINE}".split(", "))


def lab_tests() -> View:
    place = "concat('results[', toString(n), '].test_code')"
    return View(
        "lab_tests",
        "Từng kết quả với mã quốc gia / One row per result, with its national code",
        f"""SELECT {_listed()},
  multiIf(t.mapped.1 != '', t.mapped.1,
    own.national_code != '' AND own.valid_to >= t.document_date, own.national_code,
    city.national_code != '' AND city.valid_to >= t.document_date, city.national_code,
    {_OWN}, ifNull(t.test_code, ''), '') AS national_code,
  multiIf(t.mapped.1 != '', t.mapped.2,
    own.national_code != '' AND own.valid_to >= t.document_date, own.rule_id,
    city.national_code != '' AND city.valid_to >= t.document_date, city.rule_id,
    {_OWN}, 'national', '') AS code_rule
FROM (
  SELECT {OF_DOCUMENT}, l.line AS line, l.service_code AS service_code, l.test_code AS test_code,
    l.test_system AS test_system, l.test_name AS test_name, l.value_text AS value_text, l.value_number AS value_number,
    l.unit AS unit, l.abnormal AS abnormal, coalesce(l.resulted_at, l.observed_at, sampled_at, occurred_at) AS resulted_at,
    arrayFirst(m -> m.place = {place}, arrayMap(m -> (m.code, toString(m.rule), m.place)::Tuple(code String,
      rule String, place String), mapped_codes)) AS mapped,
    ifNull(toString(l.test_code), '') AS test_key, ifNull(toString(l.test_system), '') AS system_key
  FROM observations ARRAY JOIN results AS l, arrayEnumerate(results) AS n
) AS t
ASOF LEFT JOIN {_maps(" WHERE facility != ''")} AS own
  ON own.facility = t.facility AND own.system = t.system_key AND own.local_code = t.test_key
  AND own.valid_from <= t.document_date
ASOF LEFT JOIN {_maps(" WHERE facility = ''")} AS city
  ON city.system = t.system_key AND city.local_code = t.test_key AND city.valid_from <= t.document_date""",
        {"code_rule": "Mã quốc gia từ đâu: quy tắc ánh xạ, hoặc national / Where the national code comes from"},
    )


def _by_person(tests: str) -> str:
    """One row per person, facility, visit and national code: HIS and LIS may both have told of the test."""
    return f"""SELECT {citizen("t", "l")} AS citizen_key, t.facility AS facility,
    ifNull(t.visit_key, t.document_id) AS visit, t.national_code AS national_code,
    min(t.resulted_at) AS resulted_at, any(t.test_name) AS test_name,
    anyIf(t.service_code, ifNull(t.service_code, '') != '') AS service_code
  FROM {tests} AS t LEFT JOIN {LINKS} AS l ON l.patient_key = t.patient_key
  WHERE t.national_code != '' AND {citizen("t", "l")} IS NOT NULL
  GROUP BY citizen_key, facility, visit, national_code"""


def repeats(tests: str = "lab_tests") -> str:
    """Pairs of a test and its repeat elsewhere. The price is the median hospital price of the technique in all service
    lines; unknown where the result names none."""
    return f"""WITH tested AS (
  {_by_person(tests)}
)
SELECT b.citizen_key AS citizen_key, b.national_code AS national_code, any(b.test_name) AS test_name,
  b.facility AS facility, b.visit AS visit, b.resulted_at AS resulted_at,
  argMax(a.facility, a.resulted_at) AS first_facility, max(a.resulted_at) AS first_resulted_at,
  any(if(v.days = 0, {DEFAULT_DAYS}, v.days)) AS valid_days, any(b.service_code) AS service_code,
  any(p.price) AS cost
FROM tested AS b
INNER JOIN tested AS a ON a.citizen_key = b.citizen_key AND a.national_code = b.national_code
LEFT JOIN (SELECT national_code, days FROM test_validity FINAL) AS v ON v.national_code = b.national_code
LEFT JOIN (
  SELECT service_code, toNullable(quantileExact(0.5)(assumeNotNull(unit_price))) AS price
  FROM service_lines WHERE unit_price IS NOT NULL AND service_code IS NOT NULL GROUP BY service_code
) AS p ON p.service_code = b.service_code
WHERE a.facility != b.facility AND a.resulted_at < b.resulted_at
  AND b.resulted_at <= a.resulted_at + toIntervalDay(if(v.days = 0, {DEFAULT_DAYS}, v.days))
GROUP BY citizen_key, national_code, facility, visit, resulted_at"""


def repeated_tests() -> View:
    return View(
        "repeated_tests",
        "Xét nghiệm làm lại ở cơ sở khác khi kết quả cũ còn giá trị / Tests repeated elsewhere while still valid",
        repeats(),
        {
            "visit": "Lượt khám (hoặc tài liệu khi không có số) / Visit, or the document where it has no number",
            "resulted_at": "Thời điểm kết quả làm lại / When the repeated test resulted",
            "first_facility": "Nơi đã có kết quả / Where the earlier result is",
            "first_resulted_at": "Thời điểm kết quả trước / When the earlier one resulted",
            "valid_days": "Số ngày kết quả trước còn giá trị / Days for which the earlier one is valid",
            "cost": "Giá trung vị của kỹ thuật (đồng) / Median price of the technique, VND",
        },
    )


def repeated_tests_between() -> View:
    """The same for some days, read by them and the longest validity before: `… FROM repeated_tests_between(since = '…',
    until = '…')`."""
    near = f"document_date BETWEEN {{since:Date}} - {LONGEST_DAYS + 1} AND {{until:Date}} + 1"
    return View(
        "repeated_tests_between",
        "Xét nghiệm làm lại trong khoảng ngày (nhanh) / Repeated tests between two days, fast",
        f"SELECT * FROM (\n{repeats(f'(SELECT * FROM lab_tests WHERE {near})')}\n)\n"
        f"WHERE toDate(resulted_at, {HANOI}) BETWEEN {{since:Date}} AND {{until:Date}}",
        parameters=("Date", "Date"),
    )


def test_coverage() -> View:
    """How much of the tests can be compared at all: without this share a count of repeats says nothing."""
    return View(
        "test_coverage",
        "Bao nhiêu kết quả so sánh được giữa các cơ sở / How many results can be compared between facilities",
        f"""SELECT t.facility AS facility, toStartOfMonth(t.document_date) AS month, count() AS results,
  countIf(t.national_code = '') AS without_code, countIf({citizen("t", "l")} IS NULL) AS without_citizen,
  countIf(t.national_code = '' OR {citizen("t", "l")} IS NULL) / results AS not_comparable_share
FROM lab_tests AS t LEFT JOIN {LINKS} AS l ON l.patient_key = t.patient_key
GROUP BY facility, month""",
        {
            "results": "Số kết quả / Results",
            "without_code": "Chưa có mã quốc gia / Without a national code",
            "without_citizen": "Chưa rõ công dân / Citizen not known",
            "not_comparable_share": "Tỷ lệ chưa so sánh được / Share that cannot be compared",
        },
        open=True,
    )
