"""The city on a real stack: its ledger equals its books, and what others wrote is not deleted unasked."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli import build
from tests.servers import RealStack, empty

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]  # the first one starts the stack


def demo(stack: RealStack, *more: object) -> tuple[int, str, str]:
    arguments = [
        "demo",
        "--stack",
        "--stack-data",
        stack.plan.data,
        "--seconds",
        3,
        "--facilities",
        3,
        "--rate",
        40,
        *more,
    ]
    done = CliRunner().invoke(build("demo"), [*map(str, arguments), "--json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_the_ledger_equals_the_citys_books(real_stack: RealStack) -> None:
    empty(real_stack.servers)
    code, said, _ = demo(real_stack)
    report = json.loads(said)
    assert (0, [], 0) == (code, report["differences"], report["totals"]["missing"])
    assert report["totals"]["published"] > 40
    code, _, said = demo(real_stack)
    assert (1, True) == (code, said.rstrip().endswith("--fresh deletes them"))
    assert 0 == demo(real_stack, "--fresh")[0]
    empty(real_stack.servers)


def test_without_a_stack_it_says_so(tmp_path: Path) -> None:
    done = CliRunner().invoke(build("demo"), ["demo", "--stack", "--stack-data", str(tmp_path)])
    assert (1, True) == (done.exit_code, done.stderr.rstrip().endswith("make stack"))
