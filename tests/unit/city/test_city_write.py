"""`livingdata city write`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.city.city import DIALECTS
from infra.cli import build
from infra.cli.city import Dialect


def write(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(build("city"), ["city", "write", *map(str, arguments)])
    return done.exit_code, done.stdout


def test_the_command_offers_every_dialect() -> None:
    assert set(DIALECTS) == {dialect.value for dialect in Dialect}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_folder_is_written_with_its_books(tmp_path: Path, dialect: str) -> None:
    code, said = write(tmp_path / "out", "--dialect", dialect, "--count", 12, "--flaws", "none", "--json")
    totals = json.loads(said)["totals"]
    assert (0, 0, totals["published"]) == (code, totals["rejected"], totals["accepted"] + totals["amended"])
    assert totals["published"] >= 12
    assert any((tmp_path / "out").iterdir())


def test_misuse_is_told(tmp_path: Path) -> None:
    assert 2 == write(tmp_path, "--dialect", "klingon")[0]
    (tmp_path / "file").write_bytes(b"")
    assert 2 == write(tmp_path / "file", "--dialect", "hl7v2")[0]
    assert 1 == write(tmp_path / "file" / "below", "--dialect", "hl7v2")[0]
