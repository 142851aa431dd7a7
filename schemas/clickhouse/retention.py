"""How long rows are kept, as TT 33/2025/TT-BYT has it for medical records.

The law: in- and outpatient records 10 years, psychiatric and accident records 20, records of the dead 30, health checks
2. It counts from the document's date; the store counts from the later of that and the day of capture, so that an old
record loaded late is not gone at once. A kind whose own row does not say how the visit ended is kept as long as the
longest of them: the record it belongs to may be one of those.
"""

from typing import Final

SHORTEST_YEARS: Final = 2
LONGEST_YEARS: Final = 30

_DEAD: Final = "treatment_result = '5'"
"""KET_QUA_DTRI 5."""
_DEAD_HL7: Final = "startsWith(ifNull(discharge_disposition, ''), '2')"
"""HL7 table 0112: 20 to 29 are 'expired'."""
_PSYCHIATRIC: Final = "startsWith(ifNull(main_diagnosis, ''), 'F')"
"""ICD-10 chapter V."""
_ACCIDENT: Final = "ifNull(injury_cause, '0') NOT IN ('', '0', '00')"
_CHECK_UP: Final = "visit_type IN ('15', '16')"

YEARS: Final[dict[str, str]] = {
    "encounter": (
        f"multiIf({_DEAD} OR {_DEAD_HL7}, 30, {_PSYCHIATRIC} OR {_ACCIDENT}, 20, ifNull({_CHECK_UP}, 0), 2, 10)"
    ),
    "discharge": f"multiIf({_DEAD}, 30, {_PSYCHIATRIC}, 20, 10)",
}
"""Kind -> years, as an expression over the row; a kind that is not here is kept the longest."""

ORIGINAL_DAYS: Final = 30
"""A rejected original (sealed) goes with its topic's retention, so that erasure ends there too."""
LOG_YEARS: Final = 5
"""Rejections: registers are kept 5 years."""


def keep_until(kind: str) -> str:
    """The date on which a row of this kind may go, as an expression over the row."""
    years = YEARS.get(kind, str(LONGEST_YEARS))
    return f"addYears(greatest(document_date, toDate(captured_at, 'Asia/Ho_Chi_Minh')), {years})"


LEDGER_DAYS: Final = 60
"""Heartbeats and outcomes by chunk: longer than claims live (45 days) and than Kafka keeps anything (30)."""
