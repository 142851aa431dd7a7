"""A clock that is wrong by what a file says."""

from pathlib import Path

import pytest

from infra.embedded.supervisor import Role, Supervisor
from tests.faults.jumping import Jumping, jumped, set_wrong


def test_it_is_wrong_by_what_the_file_says_as_long_as_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "adapter.clock"
    clock = jumped(file, lambda: 1_000_000_000)
    assert 1_000_000_000 == clock()
    set_wrong(file, 2.5)
    assert 3_500_000_000 == clock()
    set_wrong(file, -0.5)
    assert 500_000_000 == clock()
    file.unlink()
    assert 1_000_000_000 == clock()


async def test_only_the_roles_of_the_house_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    async def note(_: Supervisor, role: Role) -> None:
        started.append(list(role.argv))

    monkeypatch.setattr(Supervisor, "start", note)
    supervisor = Jumping(tmp_path, 1)
    await supervisor.start(Role("adapter", ["python", "-m", "infra.cli", "adapter", "run", "a.yaml"]))
    await supervisor.start(Role("redis", ["redis-server"]))
    clock = str(supervisor.clock("adapter"))
    assert [["python", "-m", "tests.faults.jumping", clock, "adapter", "run", "a.yaml"], ["redis-server"]] == started
