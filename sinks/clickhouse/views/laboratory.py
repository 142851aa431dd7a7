"""Tests with their national code, and tests repeated elsewhere while the first result was still valid.

The national code is, in this order: what the worker mapped; the code itself where the source names no code system of its
own (XML4's MA_CHI_SO is the national index code) or a national list; what `code_maps` says today for the document's date,
the facility's own map before the city's (so a late map repairs old rows). Of a result with two codes the test code comes
before the other one. Else it is empty: not comparable, and counted as such.
"""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from typing import Final

from schemas.codes import NATIONAL_TESTS
from sinks.clickhouse.views.documents import OF_DOCUMENT
from sinks.clickhouse.views.persons import LINKS, citizen
from sinks.clickhouse.views.view import HANOI, View

DEFAULT_DAYS: Final = 7
"""Where `test_validity` names no test. The draft list under Law 51/2024 runs from 24 hours to 60 days and is not out."""

LONGEST_DAYS: Final = 60

_NATIONAL: Final = f"t.system_key IN ({', '.join(repr(name) for name in ('', *sorted(NATIONAL_TESTS)))})"
_KEYS: Final = ("test", "alternate")
"""The codes of a result, the better one first."""


def _maps(where: str) -> str:
    return f"(SELECT facility, system, local_code, valid_from, valid_to, national_code, rule_id FROM code_maps FINAL{where})"


_OF_LINE: Final = (
    "line, service_code, test_code, test_system, alternate_code, alternate_system, test_name, value_text, value_number, "
    "unit, abnormal, resulted_at"
)


def _place(key: str) -> str:
    return f"concat('results[', toString(n), '].{key}_code')"


def _mapped(key: str) -> str:
    """What the worker mapped a code of the result to: (code, rule)."""
    return (
        f"arrayFirst(m -> m.place = {_place(key)}, arrayMap(m -> (m.code, toString(m.rule), m.place)"
        f"::Tuple(code String, rule String, place String), mapped_codes)) AS mapped_{key}"
    )


def _joined(key: str) -> str:
    code, system = ("test_key", "system_key") if key == "test" else ("alternate_key", "alternate_system_key")
    own = _maps(" WHERE facility != ''")
    city = _maps(" WHERE facility = ''")
    return f"""ASOF LEFT JOIN {own} AS own_{key}
  ON own_{key}.facility = t.facility AND own_{key}.system = t.{system} AND own_{key}.local_code = t.{code}
  AND own_{key}.valid_from <= t.document_date
ASOF LEFT JOIN {city} AS city_{key}
  ON city_{key}.system = t.{system} AND city_{key}.local_code = t.{code}
  AND city_{key}.valid_from <= t.document_date"""


def _chosen(mapped: int, national: str, joined: str) -> str:
    """The first that there is, in the order of the head of this file; an element of what was mapped, an expression where
    the code is national itself, a column of `code_maps`."""
    said = [f"t.mapped_test.1 != '', t.mapped_test.{mapped}", f"{_NATIONAL}, {national}"]
    said.append(f"t.mapped_alternate.1 != '', t.mapped_alternate.{mapped}")
    said += [
        f"{owner}_{key}.national_code != '' AND {owner}_{key}.valid_to >= t.document_date, {owner}_{key}.{joined}"
        for key in _KEYS
        for owner in ("own", "city")
    ]
    return "multiIf(" + ",\n    ".join(said) + ", '')"


def _listed() -> str:
    return ", ".join(f"t.{name} AS {name}" for name in f"{OF_DOCUMENT}, {_OF_LINE}".split(", "))


def _tests(documents: str = "observations") -> str:
    return f"""SELECT {_listed()},
  {_chosen(1, "ifNull(t.test_code, '')", "national_code")} AS national_code,
  {_chosen(2, "'national'", "rule_id")} AS code_rule
FROM (
  SELECT {OF_DOCUMENT}, l.line AS line, l.service_code AS service_code, l.test_code AS test_code,
    l.test_system AS test_system, l.alternate_code AS alternate_code, l.alternate_system AS alternate_system,
    l.test_name AS test_name, l.value_text AS value_text, l.value_number AS value_number,
    l.unit AS unit, l.abnormal AS abnormal, coalesce(l.resulted_at, l.observed_at, sampled_at, occurred_at) AS resulted_at,
    {_mapped("test")},
    {_mapped("alternate")},
    ifNull(toString(l.test_code), '') AS test_key, ifNull(toString(l.test_system), '') AS system_key,
    ifNull(toString(l.alternate_code), '') AS alternate_key,
    ifNull(toString(l.alternate_system), '') AS alternate_system_key
  FROM {documents} ARRAY JOIN results AS l, arrayEnumerate(results) AS n
) AS t
{_joined("test")}
{_joined("alternate")}"""


def lab_tests() -> View:
    return View(
        "lab_tests",
        "Từng kết quả với mã quốc gia / One row per result, with its national code",
        _tests(),
        {"code_rule": "Mã quốc gia từ đâu: quy tắc ánh xạ, hoặc national / Where the national code comes from"},
    )


_LONGEST: Final = f"(SELECT toIntervalDay(greatest({DEFAULT_DAYS}, max(days))) FROM test_validity FINAL)"
MOST_PAIRED: Final = 200
"""A person with more documents of tests is looked at whole: comparing each with each would take longer."""


def _candidates(where: str) -> str:
    """Documents whose person has a document of another facility within the longest validity. Few are left, and only of
    those each line is looked at. Of a document: its key (1 to 3), when the first (4) and the last (5) of its lines resulted."""
    time = "coalesce(r, o, d.sampled_at, d.occurred_at)"
    lines = "d.results.resulted_at, d.results.observed_at"
    return f"""SELECT arrayJoin(if(length(documents) > {MOST_PAIRED}, documents,
    arrayFilter(x -> arrayExists(y -> y.2 != x.2 AND y.4 <= x.5 + longest AND x.4 <= y.5 + longest, documents), documents))) AS x
FROM (
  SELECT {citizen("d", "l")} AS person, {_LONGEST} AS longest,
    groupArray((d.document_date, toString(d.facility), d.document_id,
      arrayMin(arrayMap((r, o) -> ifNull({time}, toDateTime64('2200-01-01 00:00:00', 3, 'UTC')), {lines})),
      arrayMax(arrayMap((r, o) -> ifNull({time}, toDateTime64('1970-01-01 00:00:00', 3, 'UTC')), {lines})))) AS documents
  FROM (SELECT * FROM observations WHERE notEmpty(results){where}) AS d LEFT JOIN {LINKS} AS l ON l.patient_key = d.patient_key
  WHERE {citizen("d", "l")} IS NOT NULL GROUP BY person HAVING uniqExact(d.facility) > 1
)"""


def _by_person(where: str) -> str:
    """One row per person, facility, visit and national code: HIS and LIS may both have told of the test."""
    chosen = (
        "(SELECT * FROM observations WHERE (document_date, facility, document_id) IN "
        f"(SELECT x.1, x.2, x.3 FROM (\n{_candidates(where)}\n)))"
    )
    return f"""SELECT {citizen("t", "l")} AS citizen_key, t.facility AS facility,
    ifNull(t.visit_key, t.document_id) AS visit, t.national_code AS national_code,
    min(t.resulted_at) AS resulted_at, any(t.test_name) AS test_name,
    anyIf(t.service_code, ifNull(t.service_code, '') != '') AS service_code
  FROM ({_tests(chosen)}) AS t LEFT JOIN {LINKS} AS l ON l.patient_key = t.patient_key
  WHERE t.national_code != '' AND {citizen("t", "l")} IS NOT NULL
  GROUP BY citizen_key, facility, visit, national_code"""


def repeats(where: str = "") -> str:
    """Tests repeated elsewhere, each with the newest earlier one that was still valid. The price is the median hospital price
    of the technique in all service lines; unknown where the result names none."""
    return f"""SELECT b.citizen_key AS citizen_key, b.national_code AS national_code, b.test.4 AS test_name,
  b.test.1 AS facility, b.test.2 AS visit, b.test.3 AS resulted_at,
  b.before[-1].1 AS first_facility, b.before[-1].3 AS first_resulted_at, b.valid_days AS valid_days,
  b.test.5 AS service_code, p.price AS cost
FROM (
  SELECT g.citizen_key AS citizen_key, g.national_code AS national_code, g.valid_days AS valid_days, arrayJoin(g.tests) AS test,
    arraySort(a -> a.3, arrayFilter(
      a -> a.1 != test.1 AND a.3 < test.3 AND test.3 <= a.3 + toIntervalDay(g.valid_days), g.tests)) AS before
  FROM (
    SELECT y.citizen_key AS citizen_key, y.national_code AS national_code,
      any(if(v.days = 0, {DEFAULT_DAYS}, v.days)) AS valid_days,
      groupArray((toString(y.facility), y.visit, assumeNotNull(y.resulted_at), y.test_name, y.service_code)) AS tests
    FROM (
  {_by_person(where)}
    ) AS y LEFT JOIN (SELECT national_code, days FROM test_validity FINAL) AS v ON v.national_code = y.national_code
    WHERE y.resulted_at IS NOT NULL
    GROUP BY citizen_key, national_code HAVING uniqExact(y.facility) > 1
  ) AS g
) AS b
LEFT JOIN (
  SELECT service_code, toNullable(quantileExact(0.5)(assumeNotNull(unit_price))) AS price
  FROM service_lines WHERE unit_price IS NOT NULL AND service_code IS NOT NULL GROUP BY service_code
) AS p ON p.service_code = b.test.5
WHERE notEmpty(b.before)"""


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
    near = f" AND document_date BETWEEN {{since:Date}} - {LONGEST_DAYS + 1} AND {{until:Date}} + 1"
    return View(
        "repeated_tests_between",
        "Xét nghiệm làm lại trong khoảng ngày (nhanh) / Repeated tests between two days, fast",
        f"SELECT * FROM (\n{repeats(near)}\n)\n"
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
