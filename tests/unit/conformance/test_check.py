"""`adapter check`: what would become of each message, said without a server; never raises, never shows a person."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.conformance import check as room
from infra.conformance.check import Checked, Checker
from producers.mask import MASK
from schemas.header import HEADER
from tests.lines import DIALECT, FEED, NOW, incoming, line, outbox, visit, waiting

CANARY = "Nguyễn Văn Canary"
PERSON = {
    "full_name": CANARY, "citizen_id": "001090123456", "birth": "19900203", "sex": "1", "address": "12 ngõ Canary",
}  # fmt: skip
WELL = visit(
    "V1", patient_number="BN1", occurred_at=NOW, identity=PERSON,
    body={"visit_type": "01", "main_diagnosis": "J18", "admitted_at": NOW, "sex": "1", "birth_year": 1990},
)  # fmt: skip


def checked(folder: Path, *lines: bytes) -> list[Checked]:
    path = folder / "a.lines"
    path.write_bytes(b"\n".join(lines))
    return list(Checker(DIALECT, FEED).check(path))


def only(folder: Path, *lines: bytes) -> Checked:
    (found,) = checked(folder, *lines)
    return found


def rules(found: Checked) -> list[tuple[str, str]]:
    return [(issue.rule, issue.severity) for issue in found.issues]


def test_a_message_that_is_well_is_accepted_with_its_event(tmp_path: Path) -> None:
    found = only(tmp_path, line("1", WELL))
    assert ("accepted", 1, None, 2, 1) == (found.outcome, found.index, found.silence, found.rows_read, found.rows_used)
    assert [] == [rule for rule in rules(found) if "error" in rule]
    (event,) = found.events
    assert ("encounter", "J18") == (event["kind"], event["body"]["main_diagnosis"])
    assert {field.name for field in HEADER} == set(event["header"])
    assert event["document"] == event["header"]["document_id"]


def test_a_message_is_rejected_if_any_part_of_it_is(tmp_path: Path) -> None:
    found = only(tmp_path, line("1", WELL, {"refuse": "charset", "place": "line"}))
    assert ("rejected", 1) == (found.outcome, len(found.events))
    (issue,) = [issue for issue in found.issues if issue.severity == "error"]
    assert ("charset", "line") == (issue.rule, issue.path)
    assert all((issue.vi, issue.en, issue.mend_vi, issue.mend_en))


def test_a_blocking_rule_rejects_and_others_warn(tmp_path: Path) -> None:
    late = WELL | {"body": WELL["body"] | {"discharged_at": NOW - 1}}
    poor = WELL | {"identity": {}}
    first, second = checked(tmp_path, line("1", late), line("2", poor))
    assert ("rejected", ("X01", "error")) == (first.outcome, rules(first)[0])
    assert "accepted" == second.outcome
    assert {("R01", "warning"), ("R05", "warning")} <= set(rules(second))


def test_what_was_said_before_is_folded_in(tmp_path: Path) -> None:
    """As in the outbox; and a checker begins anew."""
    seen: list[Any] = []

    class Spy:
        parse = DIALECT.translator.parse

        def translate(self, state: Any, parsed: Any, feed: Any) -> Any:
            seen.append(state)
            return DIALECT.translator.translate(state, parsed, feed)

    path = tmp_path / "a.lines"
    path.write_bytes(b"\n".join(line(str(n), about="V1", say=str(n)) for n in range(3)))
    for _ in range(2):
        list(Checker(replace(DIALECT, translator=Spy()), FEED).check(path))
    assert [None, {"said": ["0"]}, {"said": ["0", "1"]}] * 2 == seen


def test_no_more_is_remembered_than_was_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_STATES", 2)
    checker = Checker(DIALECT, FEED)
    path = tmp_path / "a.lines"
    path.write_bytes(b"\n".join(line(str(n), about=str(n), say="x") for n in range(9)))
    list(checker.check(path))
    assert 2 == len(checker._states)


def test_a_message_without_a_document_says_why(tmp_path: Path) -> None:
    found = only(tmp_path, line("1", silence="no_event"))
    assert ("accepted", "no_event", (), ()) == (found.outcome, found.silence, found.events, found.issues)


@pytest.mark.parametrize(
    "bad",
    [{"raise": CANARY}, {"tell": [visit("A", body={"treatment_days": CANARY})]}, {"tell": [{"refuse": "invented"}]}],
)
def test_a_fault_of_ours_is_an_issue(tmp_path: Path, bad: dict[str, Any]) -> None:
    first, second = checked(tmp_path, line("1", **bad), line("2", WELL))
    assert [("unforeseen", "error")] == rules(first)
    assert ("rejected", "accepted") == (first.outcome, second.outcome)
    assert CANARY not in str(first.line())


def test_too_many_parts_are_told_as_the_pipeline_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("producers.total.MAX_PARTS", 2)
    assert [("too_large", "error")] == rules(only(tmp_path, line("1", visit("A"), visit("B"), visit("C"))))


def test_the_line_for_machines_is_whole_and_json(tmp_path: Path) -> None:
    found = only(tmp_path, line("1", WELL, {"refuse": "charset"}, unmapped=True))
    made = json.loads(orjson.dumps(found.line()))
    assert {"path", "index", "outcome", "events", "issues"} == set(made)
    assert {"kind", "document", "header", "body"} == set(made["events"][0])
    assert {"rule", "severity", "path", "vi", "en"} == set(made["issues"][0])
    assert (3, 2, {"Z": 1}) == (found.rows_read, found.rows_used, found.unmapped)


def test_one_file_gives_one_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "now_ms", lambda: NOW)
    lines = [line("1", WELL), line("2", {"refuse": "charset"})]
    assert [one.line() for one in checked(tmp_path, *lines)] == [one.line() for one in checked(tmp_path, *lines)]


def told(found: Iterable[Checked]) -> list[tuple[str, ...]]:
    """What the pipeline would say: the outcome of each part."""
    return [
        tuple(
            sorted([*(event["kind"] for event in one.events), *(i.rule for i in one.issues if i.severity == "error")])
        )
        for one in found
    ]


def test_check_and_outbox_say_the_same(tmp_path: Path) -> None:
    lines = [
        line("1", WELL, about="V1", say="x"), line("2"), line("3", {"refuse": "charset"}, WELL),
        line("4", **{"raise": "x"}), line("5", WELL, WELL, visit("V2")), line("6", visit("A", body={"insured": "x"})),
        b"no JSON",
    ]  # fmt: skip
    box = outbox(tmp_path / "data")
    receipts = box.take([incoming(raw) for raw in lines])
    assert [
        tuple(sorted([*receipt.documents, *(refusal.reason for refusal in receipt.refusals)])) for receipt in receipts
    ] == told(checked(tmp_path, *lines))
    assert 8 == len(waiting(box.path))
    box.close()


def test_nothing_of_the_person_is_shown(tmp_path: Path) -> None:
    spoken = WELL | {
        "body": WELL["body"] | {"discharge_diagnosis": f"{CANARY} 001090123456"},
        "narrative": {"note": f"note of {CANARY}"},
    }
    found = only(tmp_path, line(CANARY, spoken, {"refuse": "charset"}))
    shown = f"{found!r} {found.line()}"
    assert MASK in shown
    for word in ("Canary", "001090123456", "BN1"):
        assert word not in shown


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_any_bytes_are_answered(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.lines"
    path.write_bytes(data)
    for found in Checker(DIALECT, FEED).check(path):
        assert found.outcome in ("accepted", "rejected")


def test_files_of_a_folder_are_found_in_order(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.lines", "a.LINES", "c.txt", "sub/a.lines"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "d.lines").mkdir()
    checker = Checker(DIALECT, FEED)
    assert ["a.LINES", "b.lines", "sub/a.lines"] == [
        str(path.relative_to(tmp_path)) for path in checker.files(tmp_path)
    ]
    assert [tmp_path / "c.txt"] == checker.files(tmp_path / "c.txt")


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(Checker(DIALECT, FEED).check(tmp_path / "none.lines"))
