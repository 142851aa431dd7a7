"""An outbox of the line dialect."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from producers.outbox import Outbox
from tests.lines import outbox


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Outbox]:
    made = outbox(tmp_path)
    yield made
    made.close()
