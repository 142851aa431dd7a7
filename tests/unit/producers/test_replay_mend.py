"""Rules that mend: what they change, what they leave, and what is told of a wrong file."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from producers.adapter import Document
from producers.replay_mend import NOTHING, Mend, MendError, load
from schemas.fields import walk
from schemas.kinds import KINDS

CANARY = "Nguyễn Văn Canary"
VISIT = Document(
    "encounter",
    ("V1",),
    occurred_at=1_795_482_000_000,
    body={
        "main_diagnosis": "J189",
        "visit_type": None,
        "departments": ["K1", "K2"],
        "discharged_at": 1_795_000_000_000,
    },
    identity={"full_name": CANARY, "birth": None},
    narrative={"note": "ghi chú", "extra.Z": "1"},
)
DRUGS = Document(
    "prescription",
    ("V1",),
    body={"lines": [{"line": 1, "drug_code": "A"}, {"line": 2, "drug_code": "B"}, {"line": 3, "drug_code": None}]},
)


def mend(folder: Path, *rules: dict[str, Any], source: list[dict[str, str]] | None = None) -> Mend:
    path = folder / "mend.yaml"
    path.write_text(
        yaml.safe_dump({"rules": list(rules), "source": source or []}, allow_unicode=True), encoding="utf-8"
    )
    return load(path)


def mended(folder: Path, document: Document, *rules: dict[str, Any]) -> Document:
    return mend(folder, *rules).document(document)[0]


def test_a_code_is_replaced_and_others_stand(tmp_path: Path) -> None:
    rule = {"field": "main_diagnosis", "replace": {"J189": "J18.9"}}
    assert "J18.9" == mended(tmp_path, VISIT, rule).body["main_diagnosis"]
    other = replace(VISIT, body={"main_diagnosis": "A00"})
    assert other is mended(tmp_path, other, rule)


def test_a_default_fills_what_is_empty_only(tmp_path: Path) -> None:
    rules = ({"field": "visit_type", "default": "01"}, {"field": "main_diagnosis", "default": "R69"})
    made = mended(tmp_path, VISIT, *rules)
    assert ("01", "J189") == (made.body["visit_type"], made.body["main_diagnosis"])
    assert "01" == mended(tmp_path, replace(VISIT, body={}), rules[0]).body["visit_type"]


def test_every_line_is_mended(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text("A,40.1\nB,40.2,a remark\n", encoding="utf-8-sig")
    made = mended(tmp_path, DRUGS, {"field": "lines.drug_code", "replace_from": "codes.csv"})
    assert ["40.1", "40.2", None] == [line["drug_code"] for line in made.body["lines"]]
    assert ["A", "B", None] == [line["drug_code"] for line in DRUGS.body["lines"]], "the document given is left alone"


def test_lists_are_mended_by_their_members(tmp_path: Path) -> None:
    made = mended(tmp_path, VISIT, {"kinds": ["encounter"], "field": "departments", "replace": {"K2": "K03"}})
    assert ["K1", "K03"] == made.body["departments"]
    assert (
        []
        == mended(tmp_path, VISIT, {"kinds": ["encounter"], "field": "departments", "clear": True}).body["departments"]
    )


def test_what_is_sealed_is_mended_too(tmp_path: Path) -> None:
    made = mended(
        tmp_path,
        VISIT,
        {"field": "identity.birth", "default": "19800215"},
        {"field": "narrative.note", "clear": True},
        {"field": "narrative.extra.Z", "replace": {"1": "2"}},
    )
    assert {"full_name": CANARY, "birth": "19800215"} == made.identity
    assert {"extra.Z": "2"} == made.narrative


def test_times_amounts_and_statuses_are_read_as_people_write_them(tmp_path: Path) -> None:
    times = {"field": "occurred_at", "replace": {"2026-11-24T08:00": "2026-11-24T09:30:00+07:00"}}
    assert 1_795_487_400_000 == mended(tmp_path, VISIT, times).occurred_at
    amount = {"field": "lines.quantity", "default": 2.5}
    assert [2_500] * 3 == [line["quantity"] for line in mended(tmp_path, DRUGS, amount).body["lines"]]
    assert "cancelled" == mended(tmp_path, VISIT, {"field": "status", "replace": {"active": "cancelled"}}).status


def test_a_rule_of_another_kind_changes_nothing(tmp_path: Path) -> None:
    rule = {"kinds": ["discharge"], "field": "main_diagnosis", "clear": True}
    assert VISIT is mended(tmp_path, VISIT, rule)


def test_a_kind_that_lacks_the_field_is_left_alone(tmp_path: Path) -> None:
    """An unknown field would change the hash of its content and nothing else."""
    assert DRUGS is mended(tmp_path, DRUGS, {"field": "visit_type", "default": "01"})


def test_which_rules_changed_something_is_told(tmp_path: Path) -> None:
    made = mend(
        tmp_path,
        {"field": "main_diagnosis", "replace": {"X": "Y"}},
        {"field": "main_diagnosis", "replace": {"J189": "J18.9"}},
    )
    assert (1,) == made.document(VISIT)[1]


def test_the_messages_own_bytes(tmp_path: Path) -> None:
    made = mend(tmp_path, source=[{"replace": "|9.9|", "with": "|2.5|"}, {"replace": "Khoa Nội", "with": "K03"}])
    assert b"MSH|2.5|K03" == made.bytes_of("MSH|9.9|Khoa Nội".encode())
    assert b"MSH|\xff" == made.bytes_of(b"MSH|\xff")
    assert NOTHING.bytes_of(b"x") == b"x"


WRONG: dict[str, Any] = {
    "no operation": [{"field": "main_diagnosis"}],
    "two operations": [{"field": "main_diagnosis", "clear": True, "default": "x"}],
    "an unknown field": [{"field": "no_such_field", "clear": True}],
    "a sealed field by its name": [{"field": "address", "clear": True}],
    "lines as a whole": [{"field": "lines", "clear": True}],
    "an unknown kind": [{"kinds": ["visit"], "field": "main_diagnosis", "clear": True}],
    "not of this kind": [{"kinds": ["encounter", "imaging"], "field": "main_diagnosis", "clear": True}],
    "a number that names the visit": [{"field": "identity.visit_number", "default": CANARY}],
    "a number that names the patient": [{"field": "identity.patient_number", "default": CANARY}],
    "the version": [{"field": "version", "default": 1}],
    "the facility": [{"field": "facility", "default": "01004"}],
    "a code without quotes": [{"field": "visit_type", "default": 1}],
    "a time that is none": [{"field": "occurred_at", "default": CANARY}],
    "a status that is none": [{"field": "status", "default": CANARY}],
    "no status": [{"field": "status", "clear": True}],
    "a file elsewhere": [{"field": "lines.drug_code", "replace_from": "../codes.csv"}],
    "a file that is not there": [{"field": "lines.drug_code", "replace_from": "none.csv"}],
    "another key": [{"field": "main_diagnosis", "clear": True, "why": CANARY}],
    "no list": {"field": CANARY},
    "text": CANARY,
}


@pytest.mark.parametrize("rules", WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_refused_without_its_values(tmp_path: Path, rules: Any) -> None:
    path = tmp_path / "mend.yaml"
    path.write_text(yaml.safe_dump({"rules": rules}, allow_unicode=True), encoding="utf-8")
    with pytest.raises(MendError) as caught:
        load(path)
    assert "Canary" not in str(caught.value)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"rules: [", b"- a", b"source: [{replace: '', with: x}]", b"other: 1"])
def test_what_is_no_file_of_rules(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "mend.yaml"
    path.write_bytes(body)
    with pytest.raises(MendError):
        load(path)


def test_a_file_that_is_not_there_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MendError, match="cannot be read"):
        load(tmp_path / "none.yaml")
    (tmp_path / "mend.yaml").write_bytes(b"#" * 11)
    monkeypatch.setattr("producers.replay_mend.MOST_BYTES", 10)
    with pytest.raises(MendError, match="more than 10 bytes"):
        load(tmp_path / "mend.yaml")


def test_an_empty_file_mends_nothing(tmp_path: Path) -> None:
    (tmp_path / "mend.yaml").write_bytes(b"")
    assert (VISIT, ()) == load(tmp_path / "mend.yaml").document(VISIT)


CLEAR = sorted(
    {path for kind in KINDS for path, row in walk(KINDS[kind]) if not row.sealed and row.type in ("string", "code")}
)


@given(st.sampled_from(sorted(KINDS)), st.sampled_from(CLEAR), st.text(max_size=8), st.text(max_size=8))
def test_replacing_and_replacing_back_is_nothing(kind: str, path: str, old: str, new: str) -> None:
    """Total over every text field of every kind; what the kind lacks is told when the file is read."""
    if not any(name == path and not row.sealed for name, row in walk(KINDS[kind])):
        return
    first, _, rest = path.partition(".")
    body: dict[str, Any] = {first: [{rest: old}, {rest: "other"}]} if rest else {first: old}
    document = Document(kind, ("N",), body=body)
    with tempfile.TemporaryDirectory() as folder:
        there = mended(Path(folder), document, {"kinds": [kind], "field": path, "replace": {old: new}})
        back = mended(Path(folder), there, {"kinds": [kind], "field": path, "replace": {new: old}})
    assert document.body == back.body or new == "other"
