"""đúng, đủ, sạch, sống: scores over the documents in force, with their parts, and which rules cost most.

Scores are computed from the current state, so a correction mends the score of the day it belongs to. A document counts on
its own date, a rejection on the day it was taken, until what was sent in its place is in (or was refused in its turn). An unknown rule id (a newer worker's) lowers no score but is listed.
"""
# ruff: noqa: S608 (every name put into SQL here is a constant of ours)

from collections.abc import Iterator
from typing import Final

from schemas.clickhouse.table import text
from schemas.kinds import KINDS, RESTRICTED
from schemas.rules import RULES
from sinks.clickhouse.views.view import HANOI, View
from sinks.clickhouse.weights import PROMPT_SECONDS, WEIGHTS

COUNTED: Final = (
    "documents", "rejected", "correct_rules", "correct_identity", "complete_rules", "complete_whole", "clean_rules",
    "clean_linked", "live_rules", "live_prompt",
)  # fmt: skip

SETTLED: Final = "('mended', 'replayed')"
"""States of a rejected part for which another part stands: mended, or refused again and counted there."""

SUMS: Final = ", ".join(f"sum(x.{count}) AS {count}" for count in COUNTED)


def quality_rules() -> View:
    rows = ",\n  ".join(
        f"({', '.join(text(value) for value in (r.id, r.dimension, r.mode, r.vi, r.en, r.mend_vi, r.mend_en, r.source))})"
        for r in RULES.values()
    )
    shape = ", ".join(
        f"{name} String" for name in ("rule", "dimension", "mode", "vi", "en", "mend_vi", "mend_en", "source")
    )
    return View(
        "quality_rules",
        "Các quy tắc chất lượng / The rules of quality",
        f"SELECT * FROM VALUES('{shape}',\n  {rows})",
        {"source": "Căn cứ / Source"},
        open=True,
    )


ACROSS: Final = frozenset(kind for rule in RULES.values() if rule.scope != "document" for kind in rule.kinds)
"""Kinds whose documents may also fail what needs several documents."""

_READ: Final = (
    "facility, source_system, document_date, document_id, status, quality, identity_tier, partial, visit_key, "
    "captured_at, stored_at"
)
"""What is asked of a document here, of the hundred columns of a kind."""


def judged(kind: str) -> tuple[str, str]:
    """(what to read a kind's documents in force from, the rules that each fails): those that the worker found, and those
    that only several documents tell (`visit_issues`). What is only watched is left out."""
    if kind not in ACROSS:
        return f"{kind}_current FINAL", "quality"
    issues = (
        "SELECT document_date, facility, document_id, groupArray(toString(rule)) AS across FROM visit_issues FINAL\n"
        f"  WHERE kind = '{kind}' AND found AND mode != 'shadow' GROUP BY document_date, facility, document_id"
    )
    return (
        f"(SELECT {_READ} FROM {kind}_current FINAL) AS d LEFT JOIN (\n  {issues}\n) AS i USING (document_date, facility, document_id)",
        "arrayConcat(quality, across)",
    )


def _failed(dimension: str, rules: str) -> str:
    ids = ", ".join(text(rule.id) for rule in RULES.values() if rule.dimension == dimension)
    return f"hasAny({rules}, [{ids}])"


def measured(bucket: str, rejected_bucket: str, where: str = "", rejected_where: str = "") -> str:
    """Counts per facility, source system, kind and bucket of time; the parts of the scores are counts of what is well."""
    each = [_of_kind(kind, bucket, where) for kind in KINDS]
    nothing = ", ".join(f"0 AS {name}" for name in COUNTED[2:])
    each.append(
        f"SELECT facility, source_system, ifNull(kind, '') AS kind, {rejected_bucket} AS bucket, 0 AS documents,\n"
        f"  count() AS rejected, {nothing}\nFROM rejected_parts WHERE adapter_id != '' AND state NOT IN {SETTLED}{rejected_where}\n"
        "GROUP BY facility, source_system, kind, bucket"
    )
    return "\nUNION ALL\n".join(each)


def _of_kind(kind: str, bucket: str, where: str) -> str:
    source, rules = judged(kind)
    counts = {
        "correct_rules": f"countIf(NOT {_failed('correct', rules)})",
        "correct_identity": "countIf(identity_tier IN ('verified', 'probable'))",
        "complete_rules": f"countIf(NOT {_failed('complete', rules)})",
        "complete_whole": "countIf(NOT partial)",
        "clean_rules": f"countIf(NOT {_failed('clean', rules)})",
        "clean_linked": "countIf(visit_key IS NOT NULL)",
        "live_rules": f"countIf(NOT {_failed('live', rules)})",
        "live_prompt": f"countIf(stored_at <= captured_at + INTERVAL {PROMPT_SECONDS} SECOND)",
    }
    shown = ", ".join(f"{sql} AS {name}" for name, sql in counts.items())
    return (
        f"SELECT facility, source_system, '{kind}' AS kind, {bucket} AS bucket, count() AS documents, 0 AS rejected,\n"
        f"  {shown}\nFROM {source} WHERE status = 'active'{where}\nGROUP BY facility, source_system, bucket"
    )


def _share(part: str, of: str = "documents") -> str:
    return f"round(m.{part} / nullIf(m.{of}, 0), 4)"


def scores() -> str:
    """The columns of a scorecard over sums `m` and the weights `w` (a map `dimension.part` -> weight)."""
    parts = {name: _share(name) for name in COUNTED[2:]}
    parts["clean_not_rejected"] = "round(1 - m.rejected / nullIf(m.documents + m.rejected, 0), 4)"
    made = [f"{sql} AS {name}" for name, sql in sorted(parts.items())]
    for dimension, weighed in WEIGHTS.items():
        terms = " + ".join(f"w['{dimension}.{part}'] * ifNull({dimension}_{part}, 0)" for part in weighed)
        whole = " + ".join(f"w['{dimension}.{part}'] * isNotNull({dimension}_{part})" for part in weighed)
        made.append(f"round(100 * ({terms}) / nullIf({whole}, 0), 1) AS {dimension}")
    return ",\n  ".join(made)


WEIGHTS_MAP: Final = "(SELECT mapFromArrays(groupArray(concat(dimension, '.', part)), groupArray(weight)) FROM scorecard_weights FINAL) AS w"


def _scorecard(name: str, comment: str, keys: str, time: str, rows: str) -> View:
    made = keys.split(", ")
    inner = ", ".join(f"{'r' if key == 'vendor' else 'x'}.{key} AS {key}" for key in made)
    return View(
        name,
        comment,
        f"""WITH {WEIGHTS_MAP}
SELECT {", ".join(f"m.{key} AS {key}" for key in made)}, m.bucket AS {time}, m.documents AS documents, m.rejected AS rejected,
  {scores()}
FROM (
  SELECT {inner}, x.bucket AS bucket, {SUMS}
  FROM (
{rows}
  ) AS x
  LEFT JOIN (
    SELECT facility, source_system, any(vendor) AS vendor FROM facility_register GROUP BY facility, source_system
  ) AS r ON r.facility = x.facility AND r.source_system = x.source_system
  GROUP BY {keys}, bucket
) AS m""",
        open=True,
    )


def scorecards() -> Iterator[View]:
    """By day: the document's date. By hour: that of capture, the past two days."""
    day = measured("document_date", f"toDate(captured_at, {HANOI})")
    an_hour = f"toStartOfHour(captured_at, {HANOI})"
    recent = " AND captured_at >= now() - INTERVAL 48 HOUR"
    hour = measured(an_hour, an_hour, recent, recent)
    yield _scorecard(
        "facility_scorecard",
        "Bảng điểm đúng, đủ, sạch, sống theo ngày / Daily scores: correct, complete, clean, live",
        "facility, vendor, source_system, kind",
        "day",
        day,
    )
    yield _scorecard(
        "facility_scorecard_hourly",
        "Bảng điểm 48 giờ qua theo giờ nhận / Scores of the past 48 hours, by hour of capture",
        "facility, vendor, source_system, kind",
        "hour",
        hour,
    )
    yield _scorecard(
        "vendor_scorecard",
        "Bảng điểm theo nhà cung cấp phần mềm / Daily scores by vendor",
        "vendor, kind",
        "day",
        day,
    )


def rule_issues() -> View:
    """Documents in force that fail a rule, and parts rejected by one; the Pareto runs within the facility."""
    each = "\n    UNION ALL ".join(
        f"SELECT facility, '{kind}' AS kind, arrayJoin({rules}) AS rule, 1 AS warned, 0 AS blocked\n"
        f"    FROM {source} WHERE status = 'active'"
        for kind, (source, rules) in ((kind, judged(kind)) for kind in KINDS)
    )
    return View(
        "rule_issues",
        "Quy tắc nào bị phạm nhiều nhất (Pareto) / Which rules fail most, a Pareto per facility",
        f"""SELECT i.facility AS facility, i.kind AS kind, i.rule AS rule, q.dimension AS dimension, i.warned AS warned,
  i.blocked AS blocked, i.warned + i.blocked AS issues,
  issues / sum(issues) OVER (PARTITION BY i.facility) AS share,
  sum(issues) OVER (PARTITION BY i.facility ORDER BY issues DESC, rule, kind
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) / sum(issues) OVER (PARTITION BY i.facility) AS cumulative_share,
  q.vi AS vi, q.en AS en, q.mend_vi AS mend_vi, q.mend_en AS mend_en
FROM (
  SELECT facility, kind, rule, sum(warned) AS warned, sum(blocked) AS blocked
  FROM (
    {each}
    UNION ALL SELECT facility, ifNull(kind, '') AS kind, arrayJoin(rules) AS rule, 0 AS warned, 1 AS blocked
    FROM rejected FINAL WHERE notEmpty(rules)
  ) GROUP BY facility, kind, rule
) AS i
LEFT JOIN quality_rules AS q ON q.rule = i.rule""",
        {
            "warned": "Tài liệu đang có hiệu lực phạm quy tắc / Documents in force that fail it",
            "blocked": "Phần bị từ chối vì quy tắc / Parts rejected by it",
            "issues": "Tổng số lỗi / Issues",
            "share": "Tỷ lệ trong lỗi của cơ sở / Share of the facility's issues",
            "cumulative_share": "Tỷ lệ cộng dồn (Pareto) / Cumulative share",
        },
        open=True,
    )


def document_issues() -> View:
    """Open kinds only; of those found by a worker the store does not know the place."""
    each = "\nUNION ALL\n".join(
        f"SELECT facility, source_system, '{kind}' AS kind, document_date, document_id, visit_key, sensitivity,\n"
        f"  arrayJoin(quality) AS rule, '' AS place FROM {kind}_current FINAL WHERE status = 'active'"
        for kind in sorted(KINDS.keys() - RESTRICTED)
    )
    across = "\n  UNION ALL ".join(
        f"SELECT '{kind}' AS kind, document_date, facility, document_id FROM {kind}_current FINAL WHERE status = 'active'"
        for kind in sorted(ACROSS - RESTRICTED)
    )
    return View(
        "document_issues",
        "Từng tài liệu và quy tắc nó phạm / Each document and the rules it fails",
        f"""SELECT a.*, q.dimension AS dimension, q.vi AS vi, q.en AS en, q.mend_vi AS mend_vi, q.mend_en AS mend_en FROM (
{each}
UNION ALL
SELECT facility, source_system, kind, document_date, document_id, toNullable(visit_key), sensitivity, rule, place
FROM visit_issues FINAL WHERE found AND mode != 'shadow' AND (kind, document_date, facility, document_id) IN (
  {across})
) AS a LEFT JOIN quality_rules AS q ON q.rule = a.rule""",
        {"place": "Vị trí lỗi, nếu biết / Place of the fault, where known"},
    )
