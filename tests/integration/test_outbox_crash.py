"""kill -9 at any moment: whatever was answered is there when the outbox is opened again."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from producers.outbox import Outbox
from tests.lines import FEED, NOW, incoming, line, outbox, visit, waiting

pytestmark = pytest.mark.slow

CHILD = """
import sys
from pathlib import Path
from tests.lines import incoming, line, outbox, visit
box = outbox(Path(sys.argv[1]))
number = int(sys.argv[2])
while True:
    names = [str(n) for n in range(number, number + 3)]
    number += 3
    batch = [incoming(line(n, visit(n), about="A", say=n)) for n in names]
    for name, receipt in zip(names, box.take(batch), strict=True):
        print(name, receipt.sequence, flush=True)
"""


def answered(folder: Path, first: int, enough: int) -> dict[str, int]:
    """Take messages in a child until `enough` are answered, kill it, and give all it could still say: name -> number."""
    argv = [sys.executable, "-c", CHILD, str(folder), str(first)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(enough)]
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
    whole = [line.split() for line in lines if line.endswith("\n")]
    return {name: int(sequence) for name, sequence in whole}


def test_whatever_was_answered_is_there(tmp_path: Path) -> None:
    told: dict[str, int] = {}
    for enough in (1, 20, 41):
        told |= answered(tmp_path, len(told) * 10, enough)
    box = outbox(tmp_path)
    stored = {row.sequence for row in waiting(box.path)}
    assert set() == set(told.values()) - stored
    assert stored == set(range(1, len(stored) + 1))
    assert len(told) == len(set(told.values())) >= 62
    _nothing_is_taken_twice(box, told)
    box.close()


def _nothing_is_taken_twice(box: Outbox, told: dict[str, int]) -> None:
    """The sender that got its answer, and one that did not, may both send again."""
    batch = [incoming(line(name, visit(name), about="A", say=name)) for name in told]
    again = box.take(batch)
    assert list(told.values()) == [receipt.sequence for receipt in again]
    assert all(receipt.retransmission for receipt in again)
    (pulse,) = box.pulse([FEED], NOW)
    assert pulse["taken"] == len(waiting(box.path))
