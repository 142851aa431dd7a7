"""`livingdata doctor` as a person or a machine uses it, with servers that are not there."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from infra.cli import build
from infra.doctor import examine
from infra.doctor.finding import ok

NOWHERE = "127.0.0.1:1"


def run(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(build("doctor"), ["doctor", *map(str, arguments)])
    return done.exit_code, done.stdout, done.stderr


def told(*arguments: object) -> tuple[int, list[dict[str, Any]]]:
    code, said, _ = run(*arguments, "--json")
    return code, json.loads(said)["findings"]


def write(folder: Path, name: str, **values: object) -> Path:
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump({"data": str(folder), **values}), encoding="utf-8")
    return file


def test_nothing_to_look_at_is_misuse(tmp_path: Path) -> None:
    assert 2 == run()[0]
    assert 2 == run("--data", tmp_path)[0]
    assert 2 == run("--stack", tmp_path)[0]


def test_every_mistake_in_every_file_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "LOOKS", (("none", lambda _: []),))
    write(tmp_path, "sink", kafka=NOWHERE, clickhouse="ftp://x", flush_ms=1)
    write(
        tmp_path,
        "adapter",
        kafka=NOWHERE,
        keyring="k.json",
        feeds=[{"facility": "?", "system": "HIS", "dialect": "no"}],
    )
    code, found = told("--data", tmp_path)
    assert 1 == code
    wrong = [(one["subject"], one["en"].split(": ")[1]) for one in found if one["level"] == "failed"]
    assert [("adapter", "feeds.0.facility"), ("sink", "clickhouse"), ("sink", "flush_ms")] == sorted(wrong)


def test_roles_that_do_not_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "LOOKS", (("none", lambda _: []),))
    write(tmp_path, "sink", kafka=NOWHERE, clickhouse="http://x")
    file = write(tmp_path, "processor", kafka="127.0.0.1:2", keyring="k.json", redis="redis://x")
    code, found = told("--sink", tmp_path / "sink.yaml", "--processor", file)
    assert (1, ["kafka"]) == (code, [one["subject"] for one in found if one["level"] == "failed"])


def test_warnings_do_not_fail_and_a_broken_look_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> Any:
        raise ZeroDivisionError

    well = ("well", lambda _: [ok("well", "well", "tốt", "well")])
    monkeypatch.setattr(examine, "LOOKS", (well,))
    file = write(tmp_path, "sink", kafka=NOWHERE, clickhouse="http://x")
    assert 0 == run("--sink", file)[0]
    monkeypatch.setattr(examine, "LOOKS", (("broken", broken), well))
    code, found = told("--sink", file)
    assert (1, [("sink", "ok"), ("doctor", "failed"), ("well", "ok")]) == (
        code,
        [(one["subject"], one["level"]) for one in found],
    )


@pytest.mark.slow
def test_servers_that_are_away_are_each_told_with_what_to_do(tmp_path: Path) -> None:
    write(tmp_path, "sink", kafka=NOWHERE, clickhouse=f"http://{NOWHERE}")
    write(
        tmp_path,
        "processor",
        kafka=NOWHERE,
        keyring=str(tmp_path / "k.json"),
        redis=f"redis://{NOWHERE}",
        registry=f"http://{NOWHERE}",
    )
    code, found = told("--data", tmp_path)
    away = {one["check"] for one in found if one["level"] == "failed" and one["mend_vi"] and one["mend_en"]}
    assert 1 == code
    assert {"keys", "register", "kafka", "registry", "redis", "clickhouse", "settings"} == away
    code, shown, _ = run("--data", tmp_path)
    assert (1, True) == (code, "→" in shown and "Redis không trả lời" in shown)
