"""Whatever happens on the way, and in whatever order: the ledger balances and the current state is the newest said.

`make test-model-long` runs it for 10,000 examples; LIVINGDATA_MODEL_EXAMPLES sets another number.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from structlog.testing import capture_logs

from tests.model.machine import Machine

EXAMPLES = int(os.environ.get("LIVINGDATA_MODEL_EXAMPLES", "150"))
STEPS = 25

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 + 2 * EXAMPLES)]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Refused rows and lost commits are logged by the thousand."""
    with capture_logs() as logs:
        yield
        logs.clear()


def test_whatever_happens_the_ledger_balances() -> None:
    chosen = settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Machine, settings=chosen)
