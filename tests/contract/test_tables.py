"""The tables of names: topics, reasons and rules. Each name once, in both languages, and each one used."""

import ast
import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest

from schemas import clickhouse, codes, topics
from schemas.header import HEADER
from schemas.kinds import KINDS
from schemas.ledger import LEDGER
from schemas.reasons import REASONS, Reason
from schemas.rules import RULES, Rule
from schemas.topics import DAY_MS, TOPICS
from stream_processors.rules import BOOK

ROOMS: Final = ("producers", "stream_processors", "sinks", "infra")
REASON_AT: Final = {"Refusal": 0, "Problem": 0, "Rejected": 1, "Rejection": 4}
"""The place of the reason among the arguments of what carries one."""
STAGES: Final = {"adapter", "worker", "sink"}


def sources() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted(Path(str(files(room))).rglob("*.py"))


def given_reasons(tree: ast.AST) -> set[str]:
    """Reasons given by their name: the argument of a Refusal, Problem, Rejected or Rejection, or one of an either-or."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _called(node)) in REASON_AT:
            at = REASON_AT[name]
            argument = node.args[at] if len(node.args) > at else _keyword(node, "reason")
            found |= {
                one.value for one in _either(argument) if isinstance(one, ast.Constant) and isinstance(one.value, str)
            }
    return found


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _keyword(node: ast.Call, name: str) -> ast.AST | None:
    return next((keyword.value for keyword in node.keywords if keyword.arg == name), None)


def _either(node: ast.AST | None) -> Iterator[ast.AST | None]:
    if isinstance(node, ast.IfExp):
        yield from _either(node.body)
        yield from _either(node.orelse)
    else:
        yield node


def texts(tree: ast.AST) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def unused(reasons: Iterable[str], trees: Iterable[ast.AST]) -> set[str]:
    return set(reasons) - set().union(*(texts(tree) for tree in trees))


def trees() -> list[ast.AST]:
    return [ast.parse(path.read_bytes()) for path in sources()]


def without_letters(rows: Iterable[Reason | Rule]) -> list[str]:
    """Rows of which a text is missing in a language, or is the same in both."""
    return [
        row.id
        for row in rows
        if not all(re.search(r"\w", text) for text in (row.vi, row.en, row.mend_vi, row.mend_en)) or row.vi == row.en
    ]


# Reasons


def test_every_reason_given_is_in_the_table() -> None:
    given = set().union(*(given_reasons(tree) for tree in trees()))
    assert len(given) > 20
    assert set() == given - set(REASONS)


def test_a_reason_that_is_not_in_the_table_would_show() -> None:
    code = 'Refusal("a"); x.Problem(reason="b"); Rejected(s, "c" if y else "d"); Rejection(1, 2, 3, 4, "e"); other("f")'
    assert set("abcde") == given_reasons(ast.parse(code))


def adapter_of(reason: str) -> str | None:
    """The dialect that gives a reason, by its first word."""
    first = reason.partition("_")[0]
    return {"hl7": "hl7v2", "xml": "insurance_xml", "base64": "insurance_xml", "part": "insurance_xml"}.get(first)


def test_every_reason_of_the_table_is_given_somewhere() -> None:
    producers = Path(str(files("producers")))
    unfinished = {folder.name for folder in producers.iterdir() if not (folder / "translate.py").exists()}
    assert set() == {name for name in unused(REASONS, trees()) if adapter_of(name) not in unfinished}


def test_a_reason_that_nobody_gives_would_show() -> None:
    assert {"b"} == unused(["a", "b"], [ast.parse("x = 'a'"), ast.parse("y = 'bb'")])


def test_a_reason_names_its_stage_and_speaks_both_languages() -> None:
    assert set() == {reason.stage for reason in REASONS.values()} - STAGES
    assert [] == without_letters(REASONS.values())
    assert [] == [name for name in REASONS if not re.fullmatch(r"[a-z][a-z0-9_]{2,40}", name)]
    assert all(name == reason.id for name, reason in REASONS.items())


def test_a_text_that_is_missing_would_show() -> None:
    row = Reason("a", "adapter", "sai", "wrong", "sửa", "mend")
    assert [] == without_letters([row])
    assert 3 == len(
        without_letters(
            [
                Reason("a", "adapter", "", "wrong", "sửa", "mend"),
                Reason("b", "adapter", "sai", "wrong", "sửa", " "),
                Reason("c", "adapter", "wrong", "wrong", "sửa", "mend"),
            ]
        )
    )


def test_texts_end_without_a_full_stop() -> None:
    """Receipts put one; two would look careless."""
    rows: list[Reason | Rule] = [*REASONS.values(), *RULES.values()]
    for row in rows:
        assert not any(text.endswith(".") for text in (row.vi, row.en, row.mend_vi, row.mend_en)), row.id


# Rules


def test_no_reason_and_rule_share_a_name() -> None:
    """Both are shown in one column of what is wrong."""
    assert set() == set(REASONS) & set(RULES)


def test_every_rule_is_whole() -> None:
    assert [] == without_letters(RULES.values())
    for name, rule in RULES.items():
        assert name == rule.id
        assert re.fullmatch(r"[A-Z][0-9]{2,3}[a-z]?", name), name
        assert rule.source.strip(), name
        assert rule.kinds, name
        assert set() == set(rule.kinds) - set(KINDS), name
        assert len(rule.kinds) == len(set(rule.kinds)), name


def test_every_rule_can_be_checked() -> None:
    BOOK.check()
    assert set(RULES) == set(BOOK.rules)


# Topics


def test_every_kind_and_every_ledger_has_its_topics() -> None:
    expected = {f"{stage}.{kind}" for stage in ("received", "backfill", "accepted") for kind in KINDS} | {*LEDGER}
    assert expected == set(TOPICS)
    assert set(topics.RECEIVED_TOPICS) == {name for name in TOPICS if name.startswith("received.")}
    assert set(topics.BACKFILL_TOPICS) == {name for name in TOPICS if name.startswith("backfill.")}
    read_by_workers = {*topics.RECEIVED_TOPICS, *topics.BACKFILL_TOPICS}
    assert set(TOPICS) - read_by_workers == set(topics.SINK_TOPICS)


def test_a_topics_row_is_whole() -> None:
    for name, topic in TOPICS.items():
        assert name == topic.name
        assert re.fullmatch(r"[a-z]+(\.[a-z_]+)?", name), name
        assert topic.partitions >= 1
        assert all(text.strip() for text in (topic.description, topic.writer, topic.reader, topic.key)), name


RETENTION_DAYS: Final = {
    "received": 7,
    "backfill": 7,
    "accepted": 14,
    "rejected": 30,
    "outcomes": 14,
    "heartbeats": 14,
    "identity": 14,
}


@pytest.mark.parametrize("name", TOPICS)
def test_retention_is_what_erasure_promises(name: str) -> None:
    assert RETENTION_DAYS[name.partition(".")[0]] * DAY_MS == TOPICS[name].retention_ms


def test_only_workers_write_accepted_and_only_adapters_received() -> None:
    for kind in KINDS:
        assert "adapters" == TOPICS[topics.received(kind)].writer
        assert "workers" == TOPICS[topics.accepted(kind)].writer


def test_received_and_accepted_are_partitioned_alike() -> None:
    """A visit keeps its order through both: same key, same number of partitions."""
    for kind in KINDS:
        one, other = TOPICS[topics.received(kind)], TOPICS[topics.accepted(kind)]
        assert (one.key, one.partitions) == (other.key, other.partitions)


def test_what_is_appended_fits_below_kafkas_limit() -> None:
    assert topics.MAX_EVENT_BYTES + topics.ENRICHMENT_ROOM < 1_000_000
    assert topics.MAX_EVENT_BYTES_EMBEDDED < topics.MAX_EVENT_BYTES


def test_a_topics_table_has_a_name_that_sql_takes() -> None:
    assert "identity_links" == clickhouse.table_name(topics.LINKS)
    assert [] == [name for name in TOPICS if not re.fullmatch(r"[a-z_]+", clickhouse.table_name(name))]


# Codes


def test_code_tables_hold_texts_of_the_lists_form() -> None:
    assert 63 == len(codes.PROVINCES_63) == len(set(codes.PROVINCES_63.values()))
    assert all(re.fullmatch(r"\d\d", code) for code in (*codes.PROVINCES_63, *codes.VISIT_TYPES))
    assert {"1.1", "1.10"} < codes.PATIENT_CATEGORIES  # never numbers
    for subset in (codes.INPATIENT_TYPES, codes.NO_TREATMENT_DAYS, codes.COUNTED_TREATMENT_DAYS):
        assert set() == subset - set(codes.VISIT_TYPES)
    assert all(re.fullmatch(r"[A-Z]{2}", group) for group in codes.CARD_GROUPS)


def test_the_values_that_the_header_names_are_those_in_use() -> None:
    """`status` and `sensitivity` have no Avro enum; their words stand in the field's meaning."""
    told = {field.name: field.vi for field in HEADER}
    assert all(word in told["status"] for word in ("active", "cancelled", "entered_in_error"))
    assert all(word in told["sensitivity"] for word in ("normal", "restricted"))
