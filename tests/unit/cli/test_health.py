"""`livingdata health`: well is who gets on, not who lives."""

from collections.abc import Iterator

import pytest
from prometheus_client import start_http_server
from typer.testing import CliRunner

from infra.cli import build
from infra.progress import METRIC
from runtime import telemetry
from runtime.clock import now_ms


@pytest.fixture
def port() -> Iterator[int]:
    server, thread = start_http_server(0, addr="127.0.0.1")
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("role", METRIC)
@pytest.mark.parametrize(("age_ms", "code"), [(0, 0), (600_000, 1)])
def test_trap_13_a_role_that_lives_but_gets_on_no_more_is_not_well(
    port: int, role: str, age_ms: int, code: int
) -> None:
    telemetry.PROGRESS.labels(METRIC[role]).set((now_ms() - age_ms) / 1000)
    assert code == CliRunner().invoke(build("health"), ["health", role, "--port", str(port)]).exit_code
