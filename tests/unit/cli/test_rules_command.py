"""`livingdata rules` as a person or a machine uses it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra.cli import build
from schemas.rules import RULES, RuleError, load, parse
from stream_processors.rules import Rulebook

ROW = """
rules:
  - id: Z01
    check: not_before
    with: {later: discharged_at, earlier: admitted_at}
    dimension: correct
    mode: warn
    kinds: [encounter]
    vi: sai
    en: wrong
    mend_vi: sửa
    mend_en: mend
    source: house rule
    owner: data-quality
"""


def told(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(build("rules"), ["rules", *arguments])


def test_every_rule_is_listed() -> None:
    lines = [json.loads(line) for line in told("list", "--json").stdout.splitlines()]
    assert list(RULES) == [line["id"] for line in lines]
    assert "X01" in told("list").stdout


def test_the_list_can_be_narrowed() -> None:
    lines = [json.loads(line) for line in told("list", "--mode", "block", "--json").stdout.splitlines()]
    assert ["X01", "R08"] == [line["id"] for line in lines]
    on = told("list", "--kind", "encounter", "--on", "2025-06-30", "--json").stdout
    assert '"F103"' in on
    assert '"N01"' not in on
    assert '"N01"' in told("list", "--on", "2026-07-01", "--json").stdout


@pytest.mark.parametrize("arguments", [("--kind", "nothing"), ("--on", "1/7/2026")])
def test_a_wrong_choice_is_misuse(arguments: tuple[str, ...]) -> None:
    assert 2 == told("list", *arguments).exit_code


def test_a_rule_is_explained_in_both_languages() -> None:
    page = told("explain", "X01").stdout
    for text in ("Ngày ra trước ngày vào", "Discharge before arrival", "NGAY_VAO", "từ chối / blocks"):
        assert text in page
    row = json.loads(told("explain", "F103", "--json").stdout)
    assert (None, "2025-06-30", "present_when") == (row["from"], row["to"], row["check"])


def test_an_unknown_rule_names_its_neighbours() -> None:
    result = told("explain", "X99")
    assert 2 == result.exit_code
    assert "X01" in result.stderr
    assert "R01" not in result.stderr


def cases(folder: Path, text: str) -> str:
    path = folder / "cases.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_cases_come_out_as_they_say(tmp_path: Path) -> None:
    file = cases(tmp_path, """
cases:
  - name: ends before it begins
    kind: encounter
    fields: {admitted_at: 1780000000000, discharged_at: 1770000000000}
    fails: [X01]
  - kind: service
    identity: {citizen_id: "001080123456", full_name: An}
    fields: {sex: "1", birth_year: 1980}
    passes: [R01, R02, R03, R05]
""")  # fmt: skip
    result = told("test", file)
    assert 0 == result.exit_code
    assert "2 cases, 0 wrong" in result.stdout
    lines = [json.loads(line) for line in told("test", file, "--json").stdout.splitlines()]
    assert "discharged_at" == lines[0]["failed"]["X01"]
    assert "case 2" == lines[1]["case"]


def test_a_case_that_comes_out_otherwise_fails(tmp_path: Path) -> None:
    result = told("test", cases(tmp_path, "cases: [{kind: service, fails: [X09], passes: [R01]}]"))
    assert 1 == result.exit_code
    assert "X09 should fail and passes" in result.stdout
    assert "R01 should pass and fails at identity.citizen_id" in result.stdout


def test_a_rule_of_ones_own_is_tried(tmp_path: Path) -> None:
    text = (
        ROW
        + """
cases:
  - kind: encounter
    fields: {admitted_at: 1780000000000, discharged_at: 1770000000000}
    fails: [Z01]
"""
    )
    assert 0 == told("test", cases(tmp_path, text)).exit_code


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cases: 3", "cases"),
        ("[", "not YAML"),
        ("cases: [{kind: nothing}]", "kind is one of"),
        ("cases: [{kind: service, fields: {no_such: 1}}]", "no_such"),
        ("cases: [{kind: service, fields: {sex: 1}}]", "wrong type"),
        ("cases: [{kind: service, fails: [Q77]}]", "Q77"),
        ("cases: [{kind: service, more: 1}]", "more"),
        (ROW.replace("not_before", "no_such_check") + "cases: []", "no_such_check"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, said: str) -> None:
    result = told("test", cases(tmp_path, text))
    assert 2 == result.exit_code
    assert said in result.stderr


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (ROW.replace("mode: warn", "mode: reject"), "Z01: mode is one of shadow, warn, block"),
        (ROW.replace("correct", "right"), "Z01: dimension"),
        (ROW.replace("[encounter]", "[visit]"), "Z01: kinds"),
        (ROW.replace("vi: sai", 'vi: ""'), "Z01: vi, en"),
        (ROW.replace("    owner: data-quality\n", ""), "Z01: missing 1 required"),
        (ROW.replace("owner: data-quality", "owner: a\n    sauce: b"), "Z01: unknown sauce"),
        (ROW + "    from: 2026-02-01\n    to: 2026-01-01\n", "Z01: `from` is after `to`"),
        (ROW + "    each: lines\n", "Z01: encounter has no lines `lines`"),
        ("- a", "a mapping"),
    ],
)
def test_a_wrong_row_is_named(wrong: str, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        parse(wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (ROW.replace("later: discharged_at, ", ""), "missing a required argument"),
        (ROW.replace("{later:", "{other: x, later:"), "unexpected keyword"),
        (ROW.replace("not_before", "in_list").replace("{later: discharged_at, earlier: admitted_at}", "{lists: {sex: nothing}}"), "nothing"),
        (ROW.replace("not_before", "of_form").replace("{later: discharged_at, earlier: admitted_at}", "{fields: [sex], pattern: '['}"), "Z01"),
    ],
)  # fmt: skip
def test_a_check_that_cannot_be_made_is_named(wrong: str, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        Rulebook(parse(wrong)).check()


def test_a_folder_of_rules_names_the_file_at_fault(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ROW, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("[", encoding="utf-8")
    assert ["Z01"] == list(load(tmp_path))
    (tmp_path / "b.yaml").write_text(ROW, encoding="utf-8")
    with pytest.raises(RuleError, match="Z01: given twice"):
        load(tmp_path)
    (tmp_path / "b.yaml").write_text("[", encoding="utf-8")
    with pytest.raises(RuleError, match=r"^b\.yaml: not YAML"):
        load(tmp_path)


def test_the_example_of_the_documentation_works(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    result = told("test", cases(tmp_path, example))
    assert (0, True) == (result.exit_code, "2 cases, 0 wrong" in result.stdout)
