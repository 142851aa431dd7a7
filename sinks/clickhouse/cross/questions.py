"""One question to the store for each check of scope `visit` and `person`: what fails, as rows of `parts.FOUND`. Pure text.

The checks of a visit say the same as those of `stream_processors/checks/visits.py`; a test asks both. Besides, the store
asks only where both sides are known: where a part of the encounter's message is refused or still on its way, or a document
is partial, nothing is said of sums and of what is missing.

A query is bounded by `first` and `last`, dates of encounters; documents of their visits are looked for 45 days around.
"""
# ruff: noqa: S608 (names put into SQL are of the field table; values are bound)

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from schemas.kinds import KINDS
from schemas.rules import Rule, RuleError
from sinks.clickhouse.cross import parts
from sinks.clickhouse.cross.parts import Asked, Visits, blamed, documents, encounters

SLACK: Final = 2
"""VND: each line of a visit may round by a cent."""

SPAN_DAYS: Final = 60
"""A stay reaches no further from its date than this; longer ones are not compared beyond it."""

HANOI: Final = "'Asia/Ho_Chi_Minh'"

Question = Callable[..., str]
QUESTIONS: Final[dict[str, Question]] = {}


def question(made: Question) -> Question:
    """Register the question of a check."""
    QUESTIONS[made.__name__] = made
    return made


@question
def ordered_within(asked: Asked, kinds: Collection[str]) -> str:
    """An order before arrival or after the end of its visit; the document of the order is at fault."""
    came, left = "admitted_at", "discharged_at"
    each = "\n  UNION ALL ".join(documents(kind, f", {asked.line(kind, 'ordered_at')} AS ordered") for kind in kinds)
    outside = "ifNull(t < e.admitted_at, false) OR ifNull(t > e.discharged_at, false)"
    return f"""WITH e AS (
  {encounters(asked, came, left)}
)
{blamed("d", "d.kind", "concat('lines[', toString(d.at), '].ordered_at')")}
FROM (
  SELECT d.*, arrayFirstIndex(t -> {outside}, d.ordered) AS at
  FROM (
  {each}
  ) AS d INNER JOIN e ON {parts.OF_VISIT}
) AS d WHERE d.at > 0"""


@question
def total_of_lines(asked: Asked, total: str, amount: str, kinds: Collection[str], groups: Collection[str] = ()) -> str:
    """A total of the encounter that is not the sum over its lines."""
    whole = asked.field("encounter", total).name
    wanted = asked.bind("Array(String)", list(groups)) if groups else ""

    def summed(kind: str) -> str:
        amounts, group = asked.line(kind, amount), asked.line(kind, "cost_group")
        counted = f"has({wanted}, ifNull(g, ''))" if wanted else "true"
        return (
            f",\n    arraySum((a, g) -> if({counted}, ifNull(a, 0), 0), {amounts}, {group}) AS amount,\n"
            f"    arrayCount((a, g) -> {counted} AND isNull(a), {amounts}, {group}) AS unknown"
        )

    each = "\n  UNION ALL ".join(documents(kind, summed(kind)) for kind in kinds)
    return f"""WITH e AS (
  {encounters(asked, total)}
),
h AS (
  {parts.HEARD}
)
{blamed("e", "'encounter'", f"'{whole}'")}
FROM e INNER JOIN (
  SELECT facility, source_system, visit, sum(amount) AS amount, sum(unknown) AS unknown, max(partial) AS partial,
    maxMap(map(kind, version)) AS latest
  FROM (
  {each}
  ) GROUP BY facility, source_system, visit
) AS d ON {parts.OF_VISIT}
LEFT JOIN h ON {parts.OF_MESSAGE}
WHERE e.{whole} IS NOT NULL AND d.unknown = 0 AND NOT d.partial AND NOT e.partial
  AND {parts.whole(asked, kinds, "d.latest")} AND abs(assumeNotNull(e.{whole}) - d.amount) > {SLACK}"""


@question
def repeats_visit(asked: Asked, kind: str, fields: Sequence[str]) -> str:
    """A paper that says otherwise than the encounter; the paper is at fault."""
    differ: list[str] = []
    for name in fields:
        asked.field("encounter", name)
        text = asked.field(kind, name).type in ("code", "string")
        said = f" AND d.{name} != '' AND e.{name} != ''" if text else ""
        differ.append(f"ifNull(d.{name} != e.{name}{said}, false), '{name}'")
    shown = "".join(f", {name}" for name in fields)
    return f"""WITH e AS (
  {encounters(asked, *fields)}
)
SELECT * FROM (
{blamed("d", f"'{kind}'", f"multiIf({', '.join(differ)}, '')")}
FROM (
  {documents(kind, shown)}
) AS d INNER JOIN e ON {parts.OF_VISIT}
) WHERE place != ''"""


@question
def expected_document(
    asked: Asked, kind: str, when: Mapping[str, Collection[str]], unless: Mapping[str, Collection[str]]
) -> str:
    """A document that should be there and that no source has told."""
    named = tuple(dict.fromkeys((*when, *unless)))
    if kind not in KINDS:
        raise RuleError(f"{asked.rule.id}: there is no kind `{kind}`")
    return f"""WITH e AS (
  {encounters(asked, *named)}
),
h AS (
  {parts.HEARD}
)
{blamed("e", "'encounter'", f"'{kind}'")}
FROM e LEFT JOIN h ON {parts.OF_MESSAGE}
WHERE {parts.whole(asked, [kind])}{asked.when("e", when)}{asked.when("e", unless, negated=True)} AND NOT e.partial
  AND (e.facility, e.visit) NOT IN (SELECT facility, visit FROM ({documents(kind, "")}))"""


@question
def days_of_lines(asked: Asked, days: str, kind: str, field: str, when: Mapping[str, Collection[str]]) -> str:
    """A number of days that is not that of the local days of its lines."""
    said, times = asked.field("encounter", days).name, asked.line(kind, field)
    local = f"arrayMap(t -> toDate(assumeNotNull(t), {HANOI}), {times})"
    return f"""WITH e AS (
  {encounters(asked, days, *when)}
),
h AS (
  {parts.HEARD}
)
{blamed("e", "'encounter'", f"'{said}'")}
FROM e INNER JOIN (
  SELECT facility, source_system, visit, length(arrayDistinct(arrayFlatten(groupArray(on)))) AS days,
    sum(unknown) AS unknown, max(partial) AS partial, maxMap(map(kind, version)) AS latest
  FROM (
  {documents(kind, f", {local} AS on, arrayCount(t -> isNull(t), {times}) AS unknown")}
  ) GROUP BY facility, source_system, visit
) AS d ON {parts.OF_VISIT}
LEFT JOIN h ON {parts.OF_MESSAGE}
WHERE e.{said} IS NOT NULL AND d.unknown = 0 AND NOT d.partial AND NOT e.partial
  AND {parts.whole(asked, [kind], "d.latest")} AND assumeNotNull(e.{said}) != d.days{asked.when("e", when)}"""


PERSON: Final = (
    "multiIf(identity_tier = 'verified' AND citizen_key IS NOT NULL, concat('c:', assumeNotNull(citizen_key)), "
    "patient_key IS NOT NULL, concat(toString(facility), ':', assumeNotNull(patient_key)), '')"
)
"""Whose a document is. A link that came later than the document is not followed here."""


def persons(visits: Visits) -> str:
    """The persons whom the visits asked were ever told of."""
    return (
        f"SELECT {PERSON} AS person FROM encounter_history WHERE document_date BETWEEN {{first:Date}} AND {{last:Date}}\n"
        f"  AND visit_key IS NOT NULL AND person != ''{visits.among()}"
    )


@question
def visits_apart(asked: Asked, when: Mapping[str, Collection[str]]) -> str:
    """A visit that begins while an earlier one of the same person has not ended; the later one is at fault."""
    every = Asked(asked.rule, Visits(), asked.parameters)
    told = encounters(
        every, "admitted_at", "discharged_at", *when, reach=2 * SPAN_DAYS, also=f",\n    {PERSON} AS person"
    )
    only = f" AND e.person IN ({persons(asked.visits)})" if asked.visits.sql else ""
    return f"""WITH e AS (
  {told}
)
{blamed("v", "'encounter'", "'admitted_at'")}
FROM (
  SELECT *, max(left) OVER (PARTITION BY person ORDER BY came, document_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
  FROM (
    SELECT facility, visit, any(person) AS person, argMax(document_date, version) AS document_date,
      argMax(document_id, version) AS document_id, argMax(source_system, version) AS source_system,
      argMax(sensitivity, version) AS sensitivity, argMax(e.came, version) AS came, argMax(e.left, version) AS left
    FROM (
      SELECT *, assumeNotNull(admitted_at) AS came, assumeNotNull(discharged_at) AS left FROM e
      WHERE e.admitted_at IS NOT NULL AND e.discharged_at IS NOT NULL AND e.person != ''{asked.when("e", when)}{only}
    ) AS e GROUP BY facility, visit
  )
) AS v
WHERE v.before > v.came
  AND v.document_date BETWEEN {{first:Date}} - {SPAN_DAYS} AND {{last:Date}} + {SPAN_DAYS}"""


def ask(rule: Rule, visits: Visits) -> tuple[str, dict[str, Any]]:
    """(query, its parameters but `first` and `last`). RuleError where the rule cannot be asked of the store."""
    made = QUESTIONS.get(rule.check)
    if made is None:
        raise RuleError(f"{rule.id}: `{rule.check}` cannot be asked of the store")
    asked = Asked(rule, visits)
    try:
        sql = made(asked, **rule.parameters)
    except (TypeError, AttributeError) as error:
        raise RuleError(f"{rule.id}: {error}") from None
    return sql, asked.parameters | dict(visits.parameters)


def asked_of_store(rule: Rule) -> bool:
    """Whether the store is asked for it: it needs several documents and nothing that is sealed."""
    return rule.scope != "document" and rule.check in QUESTIONS
