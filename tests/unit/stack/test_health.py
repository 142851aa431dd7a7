"""`livingdata health` against a metrics endpoint of this process."""

import json
import time

import pytest
from typer.testing import CliRunner

from infra.cli import build
from infra.embedded.process import free_port
from runtime import telemetry


@pytest.fixture(scope="module")
def port() -> int:
    made = free_port()
    telemetry.serve(made)
    return made


def ask(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(build("health", "topics"), ["health", *map(str, arguments)])
    return done.exit_code, done.stdout


def test_a_role_that_gets_on_is_well(port: int) -> None:
    telemetry.PROGRESS.labels("worker").set(time.time() - 5)
    code, said = ask("processor", "--port", port, "--json")
    assert (0, True) == (code, json.loads(said)["well"])
    assert (0, True) == ((found := ask("processor", "--port", port))[0], found[1].startswith("last progress 5."))


def test_a_role_that_is_stuck_is_not(port: int) -> None:
    telemetry.PROGRESS.labels("sink").set(time.time() - 100)
    assert 1 == ask("sink", "--port", port)[0]
    assert 0 == ask("sink", "--port", port, "--within", 200)[0]


def test_a_role_that_has_done_nothing_yet_is_not(port: int) -> None:
    telemetry.PROGRESS.clear()
    assert (1, "no answer, or no progress yet\n") == ask("adapter", "--port", port)


def test_nobody_there_is_not_well() -> None:
    assert (1, {"well": False, "seconds_since_progress": None}) == (
        (found := ask("sink", "--port", free_port(), "--json"))[0],
        json.loads(found[1]),
    )


def test_an_unknown_role_is_misuse(port: int) -> None:
    assert 2 == ask("nobody", "--port", port)[0]
