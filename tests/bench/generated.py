"""300 days of a city's documents made inside ClickHouse, into the real tables, by one INSERT … SELECT per kind and slice.

Spread as the city is: 42 facilities of unequal size, six visits a person, 2 % amended, 1 % inserted twice. The shapes are those
of real rows; the values are numbers hashed, so the same scale makes the same rows.
"""

from collections.abc import Iterator
from typing import Final

SLICE: Final = 200_000
"""Rows of an insert; of observations, which have 20 lines each, a fifth of it."""
DAYS: Final = 300
AMENDED: Final = 50
"""One in so many is amended."""
TWICE: Final = 100
"""One in so many is inserted twice."""
SHARES: Final = {"encounter": 1, "prescription": 2, "observation": 5}
"""Half as many prescriptions as encounters, a fifth as many observations."""
YEAR_END: Final = "toDate(now())"

# A facility's share falls with its number: the largest has about 8 %, the smallest about 0.5 %.
_BASE: Final = """
  number * {step} AS n, cityHash64(n, {salt}) AS h,
  leftPad(toString(1001 + toUInt32(floor(42 * pow((h % 100000) / 100000, 1.6)))), 5, '0') AS facility_code,
  lower(hex(sipHash128(n, {salt}))) AS id, toUInt32(cityHash64(n, 7) % greatest(1, intDiv({rows}, 6))) AS person,
  toDateTime64({end}, 3, 'UTC') - toIntervalDay(intDiv(n * {days}, {wanted})) - toIntervalSecond(cityHash64(n, 5) % 36000) AS at"""

_HEADER: Final = (
    "adapter_id, incarnation, sequence, part, parts, kind, document_id, version, content_hash, status, facility, source_system, "
    "source_format, occurred_at, recorded_at, captured_at, patient_key, visit_key, sensitivity, sex, birth_year, outcome, citizen_key, "
    "identity_tier, quality, document_date, processed_at, kafka_offset, stored_at"
)
_VALUES: Final = """
  concat(facility_code, '.his'), 'aaaaaaaaaaaaaaaa', toInt64(n + 1 + {offset}), 1, 1, '{kind}', id,
  toInt64(toUnixTimestamp64Milli(at) * 1048576 + {amend}), lower(hex(sipHash128(n, 9))), 'active', facility_code, '{system}', 'hl7v2',
  at, at + toIntervalMinute(2), at + toIntervalMinute(3), lower(hex(sipHash128(person, facility_code))),
  lower(hex(sipHash128(n, 'visit'))), if(h % 200 = 0, 'restricted', 'normal'), toString(1 + h % 2), toInt32(1930 + person % 95),
  if({amend} = 0, 'accepted', 'amended'), if(person % 5 = 0, NULL, lower(hex(sipHash128(person, 'citizen')))),
  if(person % 5 = 0, 'unmatched', 'verified'), multiIf(h % 11 = 0, ['X15'], h % 7 = 0, ['R01', 'X04'], []), toDate(at, 'Asia/Ho_Chi_Minh'),
  at + toIntervalMinute(3), toInt64(n), at + toIntervalMinute(3) + toIntervalMillisecond(h % 30000)"""

_CODES: Final = (
    "['J18.9', 'I10', 'E11.9', 'K29.7', 'M54.5', 'J06.9', 'N39.0', 'A97.0', 'B08.4', 'B05.9', 'J10.1', 'O80']"
)

_ENCOUNTER: Final = (
    "visit_type, admitted_at, discharged_at, treatment_days, treatment_result, main_diagnosis, diagnoses, province, commune, "
    "insured, departments, total_hospital",
    f"""['01', '01', '01', '02', '03'][1 + h % 5], at, at + toIntervalHour(if(h % 5 = 4, 24 * (1 + h % 9), 2)), toInt32(h % 9), '2',
  {_CODES}[1 + h % 12], [({_CODES}[1 + h % 12], 'ICD-10', NULL, NULL, 'main', 'x'), ({_CODES}[1 + intDiv(h, 12) % 12], 'ICD-10', NULL, NULL, 'other', 'y')],
  '01', leftPad(toString(person % 126), 5, '0'), true, ['K01'], toDecimal64(50 + h % 5000, 3)""",
)


def encounters(events: int) -> int:
    """How many of so many stored events are encounters before any is amended."""
    return int(events / sum(1 / share for share in SHARES.values()) / (1 + 1 / AMENDED))


def statements(rows: int) -> Iterator[str]:
    """Inserts of `rows` encounters and the other kinds in their shares; in the order of their days."""
    for kind, share in SHARES.items():
        wanted = rows // share
        # A slice lies in a month or two, and fits the embedded engine's memory.
        for start, count in _slices(wanted, kind):
            yield _insert(kind, start, count, rows, wanted, step=1, amend=False)
        for start, count in _slices(wanted // AMENDED, kind):
            yield _insert(kind, start, count, rows, wanted, step=AMENDED, amend=True)
        for start, count in _slices(wanted // TWICE, kind):
            yield _insert(kind, start, count, rows, wanted, step=TWICE, amend=False)


def _slices(count: int, kind: str) -> Iterator[tuple[int, int]]:
    most = SLICE // (5 if kind == "observation" else 1)
    size = max(1, min(most, count // 12)) if count > most // 2 else max(1, count)
    for start in range(0, count, size):
        yield start, min(size, count - start)


def _insert(kind: str, start: int, count: int, rows: int, wanted: int, *, step: int, amend: bool) -> str:
    salt = {"encounter": 1, "prescription": 2, "observation": 3}[kind]
    system, names, values = _body(kind)
    base = _BASE.format(step=step, salt=salt, rows=rows, wanted=wanted, end=YEAR_END, days=DAYS)
    offset = salt * 1_000_000_000 + (500_000_000 if amend else 0)
    shown = _VALUES.format(kind=kind, system=system, offset=offset, amend=int(amend))
    return (
        f"INSERT INTO {kind}_history ({_HEADER}, {names}) SELECT {shown},\n  {values}\n"
        f"FROM (SELECT {base}\nFROM numbers({start}, {count}))"
    )


def _body(kind: str) -> tuple[str, str, str]:
    if kind == "encounter":
        return "HIS", *_ENCOUNTER
    if kind == "prescription":
        lines = (
            "arrayMap(x -> (toInt32(x), concat('40.', toString((h + x * 7) % 900)), 'Thuốc', toDecimal64(10 + x, 3), "
            "toDecimal64(1000 + h % 90000, 3)), range(1, 5))"
        )
        shape = (
            "Array(Tuple(line Int32, drug_code Nullable(String), drug_name Nullable(String), quantity Nullable(Decimal(18, 3)), "
            "amount_hospital Nullable(Decimal(18, 3))))"
        )
        return "HIS", "lines", f"CAST({lines} AS {shape})"
    results = (
        "arrayMap(x -> (toInt32(x), concat('23001', leftPad(toString(x), 2, '0')), if(h % 3 = 0, 'L', NULL), 'Glucose', "
        "toFloat64(3 + (h + x) % 50 / 10), 'mmol/L', at + toIntervalHour(1)), range(1, 21))"
    )
    shape = (
        "Array(Tuple(line Int32, test_code Nullable(String), test_system Nullable(String), test_name Nullable(String), "
        "value_number Nullable(Float64), unit Nullable(String), resulted_at Nullable(DateTime64(3, 'UTC'))))"
    )
    return "LIS", "results", f"CAST({results} AS {shape})"
