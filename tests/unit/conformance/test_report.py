"""The conformance report: what it counts, its verdict, and that it shows nobody."""

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from infra.conformance import priority, tally
from infra.conformance.check import Checker
from infra.conformance.codes_met import HIDDEN, met
from infra.conformance.page import About, page
from infra.conformance.priority import PRIORITIES, filled
from infra.conformance.run import Run
from infra.conformance.tally import Tally
from infra.conformance.verdict import verdict
from schemas.fields import walk
from schemas.header import HEADER
from schemas.kinds import KINDS
from schemas.sealed import IDENTITY
from tests.lines import DIALECT, FEED, NOW, line, visit

ABOUT = About("lines", "01001", "Bệnh viện <thử>", "4.2", NOW)
PERSON = {"full_name": "Nguyễn Văn Canary", "citizen_id": "001090123456", "address": "12 ngõ Canary"}
WELL = visit(
    "V1", patient_number="BN1", visit_number="V1", occurred_at=NOW, recorded_at=NOW + 60_000, identity=PERSON,
    body={"visit_type": "01", "main_diagnosis": "J18", "admitted_at": NOW, "discharged_at": NOW + 3_600_000, "sex": "1",
          "birth_year": 1990},
)  # fmt: skip


def run_of(folder: Path, *lines: bytes) -> Run:
    path = folder / "a.lines"
    path.write_bytes(b"\n".join(lines))
    run = Run(Checker(DIALECT, FEED))
    for found in run.files([path]):
        list(run.check(found))
    return run


def poor(**body: Any) -> dict[str, Any]:
    return WELL | {"body": WELL["body"] | body}


def test_a_system_that_is_well_is_certified(tmp_path: Path) -> None:
    found = verdict(run_of(tmp_path, *(line(str(n), WELL) for n in range(20))).tally)
    assert ("certified", ()) == (found.grade, found.reasons)


def test_too_few_messages_are_a_condition(tmp_path: Path) -> None:
    found = verdict(run_of(tmp_path, line("1", WELL)).tally)
    assert ("conditions", True) == (found.grade, "20" in found.reasons[0].en)


@pytest.mark.parametrize(("refused", "grade"), [(1, "certified"), (2, "conditions"), (4, "conditions"), (5, "not_yet")])
def test_the_share_of_accepted_messages_decides(tmp_path: Path, refused: int, grade: str) -> None:
    lines = [line(str(n), WELL) for n in range(20 - refused)]
    lines += [line(str(n), {"refuse": "charset"}) for n in range(refused)]
    assert grade == verdict(run_of(tmp_path, *lines).tally).grade


def test_the_gate_is_eighty_percent_of_the_first_priority_fields(tmp_path: Path) -> None:
    """Nine are asked of an encounter: seven are 77 %, eight 88 %."""
    two = verdict(run_of(tmp_path, *(line(str(n), poor(sex=None, birth_year=None)) for n in range(20))).tally)
    one = verdict(run_of(tmp_path, *(line(str(n), poor(sex=None)) for n in range(20))).tally)
    assert ("not_yet", "77.7 %") == (two.grade, two.reasons[0].en.split("fields ")[1][:6])
    assert (("conditions", 1)) == (one.grade, len(one.reasons))
    assert "sex (sex) in 0 %" in one.reasons[0].en


def test_nothing_read_is_no_certificate(tmp_path: Path) -> None:
    assert "not_yet" == verdict(Tally()).grade
    run = Run(Checker(DIALECT, FEED))
    assert [] == list(run.check(tmp_path))
    assert (1, "not_yet") == (run.tally.unreadable, verdict(run.tally).grade)
    assert run.trouble


def test_first_priority_fields_are_of_the_field_table() -> None:
    header = {field.name for field in HEADER}
    assert set(KINDS) == set(PRIORITIES)
    for kind, rows in PRIORITIES.items():
        known = header | {path for path, _ in walk(KINDS[kind])} | {f"identity.{name}" for name in IDENTITY}
        assert set() == {path for row in rows for path in (*row.paths, *([row.when] if row.when else []))} - known


def test_lines_are_asked_one_by_one() -> None:
    lines = [{"value_number": 1.0, "unit": "g"}, {"value_number": 1.0}, {"unit": ""}]
    found = filled("observation", {"status": "active", "results": lines}, {})
    assert ((1, 2), (0, 3)) == (found["results.unit"], found["results.value_text"])
    assert (0, 1) == filled("observation", {"status": "active"}, {})["results.value_text"]
    assert {} == filled("observation", {"status": "cancelled", "results": lines}, {})


def test_an_open_visit_is_not_asked_for_its_diagnosis() -> None:
    event = {"status": "active", "admitted_at": 1}
    assert "main_diagnosis" not in filled("encounter", event, {})
    assert (0, 1) == filled("encounter", event | {"discharged_at": 2}, {})["main_diagnosis"]


def test_codes_are_told_and_what_is_none_is_hidden() -> None:
    event = {
        "main_diagnosis": "J18", "sex": "9", "visit_type": "Canary", "cost_group": "0912345678",
        "results": [{"test_code": "HB", "test_system": "L"}, {"test_code": "718-7", "test_system": "LN"}],
        "diagnoses": [{"code": "Q99.99X", "system": "ICD-10", "role": "other"}],
    }  # fmt: skip
    found = {(one.field, one.code): one.known for one in met(event, PERSON | {"full_name": "Canary"})}
    assert {
        ("main_diagnosis", "J18"): True, ("sex", "9"): False, ("visit_type", HIDDEN): False, ("cost_group", HIDDEN): False,
        ("results.test_code", "HB"): False, ("results.test_code", "718-7"): None, ("diagnoses.code", "Q99.99X"): False,
    } == found  # fmt: skip


def test_the_page_stands_alone_and_says_what_was_found(tmp_path: Path) -> None:
    run = run_of(
        tmp_path, *(line(str(n), poor(sex="9"), unmapped=True) for n in range(3)), line("x", {"refuse": "charset"})
    )
    made = page(run.tally, ABOUT)
    for word in (
        "Bệnh viện &lt;thử&gt; 4.2",
        "encounter",
        "charset",
        "ĐẠT",
        "main_diagnosis",
        "ICD-10",
        "MSH-18",
        "75 %",
    ):
        assert word in made
    assert "<script" not in made
    assert "http" not in made
    assert "<thử>" not in made
    etree.fromstring(run_junit(run, tmp_path))


def run_junit(run: Run, folder: Path) -> bytes:
    run.write(folder / "r.html", folder / "j.xml", ABOUT)
    return (folder / "j.xml").read_bytes()


def test_junit_counts_messages_and_the_verdict(tmp_path: Path) -> None:
    run = run_of(tmp_path, *(line(str(n), WELL) for n in range(9)), line("x", {"refuse": "charset"}))
    list(run.check(tmp_path / "none.lines"))
    root = etree.fromstring(run_junit(run, tmp_path))
    assert ("11", "1", "1") == (root.get("tests"), root.get("failures"), root.get("errors"))
    assert ["lines.file-00001", "lines.file-00002", "verdict"] == [suite.get("name") for suite in root]
    (failure,) = root.iter("failure")
    assert "charset" == failure.get("type")


def test_nobody_is_shown(tmp_path: Path) -> None:
    spoken = poor(
        discharge_diagnosis="Canary 001090123456", visit_type="Nguyễn Văn Canary", patient_class="001090123456",
        departments=["12 ngõ Canary"],
    )  # fmt: skip
    spoken |= {"narrative": {"note": "của Nguyễn Văn Canary"}}
    run = run_of(
        tmp_path, *(line("BN Canary", spoken, {"refuse": "charset"}, {"kind": "imaging", **spoken}) for _ in range(3))
    )
    made = page(run.tally, ABOUT) + run_junit(run, tmp_path).decode() + repr(run.tally)
    for word in ("Canary", "001090123456", "BN1", "ngõ"):
        assert word not in made


def test_what_is_counted_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST_CODES", 2)
    run = run_of(tmp_path, *(line(str(n), poor(visit_type=f"X{n}")) for n in range(9)))
    assert {"X0", "X1", HIDDEN} == {code for place, _, code in run.tally.unknown if place == "visit_type"}
    assert 9 == sum(run.tally.unknown.values())


def test_freshness_is_told(tmp_path: Path) -> None:
    run = run_of(tmp_path, line("1", WELL), line("2", WELL | {"occurred_at": None, "recorded_at": None}))
    assert (NOW + 60_000, 60_000, 1) == (run.tally.newest, run.tally.delay(0.5), run.tally.without_time)
    assert priority.GATE == 0.80
