"""An outbox put back from a backup: its numbers are of a new life, what it knew stays."""

import shutil
from pathlib import Path

import pytest

from producers.outbox import OutboxInUse
from producers.restored import renew
from tests.lines import FEED, NOW, incoming, line, outbox, visit


def test_a_new_life_begins_at_one_and_knows_what_was_known(tmp_path: Path) -> None:
    box = outbox(tmp_path / "live")
    first = incoming(line("1", visit("A")))
    assert [1, 2] == [r.sequence for r in box.take([first, incoming(line("2"))])]
    box.close()
    shutil.copytree(tmp_path / "live", tmp_path / "back")
    done = renew(tmp_path / "back")
    assert (done.old, 1) == (box.incarnation, done.waiting)
    again = outbox(tmp_path / "back")
    assert done.new == again.incarnation != done.old
    (pulse,) = again.pulse([FEED], NOW)
    assert (0, 0, []) == (pulse["taken"], pulse["acknowledged"], pulse["silent"])
    repeated, fresh = again.take([first, incoming(line("3", visit("B")))])
    assert (1, True) == (repeated.sequence, repeated.retransmission)
    assert (1, False) == (fresh.sequence, fresh.retransmission)
    assert 2 == len(again.waiting())
    again.close()


def test_not_under_a_running_adapter_and_not_where_there_is_none(tmp_path: Path) -> None:
    box = outbox(tmp_path)
    with pytest.raises(OutboxInUse):
        renew(tmp_path)
    box.close()
    with pytest.raises(FileNotFoundError):
        renew(tmp_path / "empty")
