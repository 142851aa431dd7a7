"""`livingdata adapter check` as it is called: its output is a contract, and nobody is shown in any of it."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.city.city import City
from infra.city.folder import write_folder
from infra.cli import build
from producers.adapters import DIALECTS
from runtime.clock import HANOI

GOLDEN = Path(__file__).parents[2] / "golden"
START = datetime(2026, 11, 23, 8, tzinfo=HANOI)


def check(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(build("adapter"), ["adapter", "check", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.stdout, done.stderr


def options(dialect: str) -> list[str]:
    mapping = GOLDEN.parents[1] / "docs/adapters/history_csv/vietnamese_visits.yaml"
    return [
        "--dialect",
        dialect,
        *(["--options", json.dumps({"mapping": str(mapping)})] if dialect == "history_csv" else []),
    ]


@pytest.mark.parametrize("dialect", ["insurance_xml", "hl7v2"])
def test_nobody_of_a_whole_city_is_shown(tmp_path: Path, dialect: str) -> None:
    city = City(3, 2, start=START, people=300)
    write_folder(city, tmp_path / "in", dialect, 60)
    report, junit = tmp_path / "r.html", tmp_path / "j.xml"
    asked = [*options(dialect), tmp_path / "in", "--report", report, "--junit", junit]
    code, told, _ = check(*asked)
    _, lines, _ = check(*options(dialect), tmp_path / "in", "--json")
    assert 0 == code
    shown = told + lines + report.read_text("utf-8") + junit.read_text("utf-8")
    people = list(city.registry())
    assert [] == [p for p in people if p.number in shown or p.full_name in shown or p.full_name.upper() in shown]


def test_the_lines_are_the_contract(tmp_path: Path) -> None:
    write_folder(City(3, 2, start=START, people=300), tmp_path / "in", "hl7v2", 30)
    (tmp_path / "in" / "bad.hl7").write_bytes(b"PID|1")
    code, told, _ = check(*options("hl7v2"), tmp_path / "in", "--json")
    lines: list[dict[str, Any]] = [json.loads(line) for line in told.splitlines()]
    assert 0 == code
    assert all({"path", "index", "outcome", "events", "issues"} == set(line) for line in lines[:-1])
    assert all({"kind", "document", "header", "body"} == set(event) for line in lines[:-1] for event in line["events"])
    assert all({"rule", "severity", "path", "vi", "en"} == set(i) for line in lines[:-1] for i in line["issues"])
    outcomes = [line["outcome"] for line in lines[:-1]]
    assert {"totals": {
        "messages": 31, "accepted": outcomes.count("accepted"), "rejected": outcomes.count("rejected"),
        "events": sum(len(line["events"]) for line in lines[:-1]),
    }} == lines[-1]  # fmt: skip
    assert "rejected" in outcomes


@pytest.mark.parametrize("dialect", DIALECTS)
def test_odd_files_are_told_and_stop_nothing(tmp_path: Path, dialect: str) -> None:
    suffix = {"insurance_xml": ".xml", "fhir": ".json", "dicom": ".dcm", "history_csv": ".csv"}.get(dialect, ".hl7")
    (tmp_path / f"folder{suffix}").mkdir()
    (tmp_path / f"empty{suffix}").write_bytes(b"")
    (tmp_path / f"noise{suffix}").write_bytes(bytes(range(256)) * 40)
    (tmp_path / f"loop{suffix}").symlink_to(tmp_path / f"loop{suffix}")
    (tmp_path / f"gone{suffix}").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / f"pipe{suffix}")
    (tmp_path / os.fsdecode(b"\xff\xfe" + suffix.encode())).write_bytes(b"x")
    code, told, _ = check(*options(dialect), tmp_path, "--json")
    assert 0 == code
    assert json.loads(told.splitlines()[-1])["totals"]["messages"] >= 0
    code, told, said = check(*options(dialect), tmp_path / f"pipe{suffix}", tmp_path / f"empty{suffix}", "--json")
    assert (1, True) == (code, "cannot be read" in said)
    assert "totals" in told


def test_misuse_is_told() -> None:
    assert 2 == check("--dialect", "hl7v2", "/nowhere")[0]
    assert 2 == check("--dialect", "klingon", __file__)[0]
    assert 2 == check("--dialect", "history_csv", __file__)[0]


def test_a_report_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.hl7").write_bytes(b"")
    code, _, said = check(*options("hl7v2"), tmp_path / "a.hl7", "--report", tmp_path / "none" / "r.html")
    assert (1, True) == (code, "cannot be written" in said)
