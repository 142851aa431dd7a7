"""The supervisor with real processes."""

import asyncio
import dataclasses
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from infra.embedded.process import trim_log
from infra.embedded.supervisor import Role, RoleFailed, Supervisor, free_port, pss_mib

pytestmark = pytest.mark.slow

# Writes its pid and start when ready, then waits for a signal.
WAITER = """
import os, pathlib, signal, sys
ready = pathlib.Path(sys.argv[1])
part = ready.with_suffix(".part")
part.write_text(str(os.getpid()))
part.rename(ready)
print("ready", flush=True)
signal.pause()
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + WAITER
# Starts a child of its own, then waits.
PARENT = "import subprocess, sys; subprocess.Popen(['sleep', '600']);" + WAITER


def role(folder: Path, name: str = "one", code: str = WAITER, restart: bool = True) -> Role:
    ready = folder / f"{name}.ready"
    return Role(name, [sys.executable, "-c", code, str(ready)], ready_file=ready, restart=restart)


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_role_is_ready_when_start_returns(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as city:
        await city.start(role(tmp_path))

        assert {"one": int((tmp_path / "one.ready").read_text())} == city.processes()
        assert {"one": 0} == city.restarts
        assert city.exit_code("one") is None
        (pid,) = city.processes().values()
        assert 1 < pss_mib([pid]) < 200
    assert not is_running(pid)
    await eventually(lambda: b"ready\n" == (tmp_path / "logs" / "one.log").read_bytes())


async def test_a_role_that_dies_is_started_again(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as city, asyncio.timeout(20):
        await city.start(role(tmp_path))
        first = city.processes()["one"]
        for number in (signal.SIGKILL, signal.SIGTERM):
            before = city.restarts["one"]
            city.kill("one", number)
            await city.wait_up("one", restarts=before + 1)
        assert {"one": 2} == city.restarts
        assert first != city.processes()["one"]
        assert str(city.processes()["one"]) == (tmp_path / "one.ready").read_text()


async def test_a_role_that_may_end_is_left_ended(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as city, asyncio.timeout(10):
        await city.start(Role("once", [sys.executable, "-c", "raise SystemExit(3)"], restart=False))
        assert 3 == await city.wait_exit("once")
        assert {} == city.processes()
        assert 3 == city.exit_code("once")
        with pytest.raises(ProcessLookupError):
            city.kill("once", signal.SIGTERM)
    assert {} == city.restarts


async def test_a_role_that_ends_too_early_is_quoted(tmp_path: Path) -> None:
    code = "import sys; print('first line'); sys.exit('port is taken')"
    city = Supervisor(tmp_path)
    with pytest.raises(RoleFailed, match=r"(?s)bad ended with 1 .*first line\nport is taken"):
        await city.start(role(tmp_path, "bad", code))
    assert {} == city.processes()
    await city.stop()


async def test_a_role_that_is_never_ready_is_ended(tmp_path: Path) -> None:
    code = "import os, signal; print(os.getpid(), flush=True); signal.pause()"
    city = Supervisor(tmp_path, ready_seconds=1.0)
    with pytest.raises(RoleFailed, match="not ready after 1 s"):
        await city.start(role(tmp_path, "silent", code))
    assert not is_running(int((tmp_path / "logs" / "silent.log").read_text()))


async def test_a_role_may_be_asked_whether_it_is_ready(tmp_path: Path) -> None:
    asked: list[bool] = []

    def is_ready() -> bool:
        asked.append((tmp_path / "one.ready").exists())
        return len(asked) == 3

    async with Supervisor(tmp_path) as city:
        await city.start(dataclasses.replace(role(tmp_path), ready=is_ready))
    assert [True, True, True] == asked


async def test_an_old_ready_file_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "one.ready").write_text("from before")
    async with Supervisor(tmp_path) as city:
        await city.start(role(tmp_path))
        assert str(city.processes()["one"]) == (tmp_path / "one.ready").read_text()


async def test_the_environment_is_added_to(tmp_path: Path) -> None:
    code = "import os; print(os.environ['CITY'], 'PATH' in os.environ)"
    async with Supervisor(tmp_path) as city:
        await city.start(Role("env", [sys.executable, "-c", code], env={"CITY": "Hà Nội"}, restart=False))
        await city.wait_exit("env")
    assert "Hà Nội True\n" == (tmp_path / "logs" / "env.log").read_text()


async def test_the_last_started_ends_first(tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    code = (
        "import atexit, signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit());"
        f"atexit.register(lambda: open({str(ends)!r}, 'a').write(sys.argv[1].split('/')[-1] + '\\n'));" + WAITER
    )
    async with Supervisor(tmp_path) as city:
        for name in ("a", "b", "c"):
            await city.start(role(tmp_path, name, code))
    assert ["c.ready", "b.ready", "a.ready"] == ends.read_text().split()


async def test_who_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    city = Supervisor(tmp_path, grace_seconds=0.3)
    await city.start(role(tmp_path, code=STUBBORN))
    (pid,) = city.processes().values()
    await city.stop()
    assert not is_running(pid)
    assert {} == city.processes()


@pytest.mark.parametrize("how", ["stop", "death"])
async def test_no_child_of_a_role_is_left(tmp_path: Path, how: str) -> None:
    async with Supervisor(tmp_path) as city, asyncio.timeout(20):
        await city.start(role(tmp_path, code=PARENT))
        (child,) = psutil.Process(city.processes()["one"]).children()
        if how == "stop":
            await city.stop()
        else:
            os.kill(city.processes()["one"], signal.SIGKILL)
        await eventually(lambda: not is_running(child.pid))


@pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG")
async def test_roles_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    code = f"""
import asyncio, pathlib, sys
from infra.embedded.supervisor import Role, Supervisor
async def main():
    folder = pathlib.Path({str(tmp_path)!r})
    ready = folder / "one.ready"
    await Supervisor(folder).start(Role("one", [sys.executable, "-c", {WAITER!r}, str(ready)], ready_file=ready))
    print("up", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as city:
        assert city.stdout is not None
        assert b"up\n" == city.stdout.readline()
        pid = int((tmp_path / "one.ready").read_text())
        assert is_running(pid)
        city.kill()
    await eventually(lambda: not is_running(pid))


async def test_pauses_grow_while_a_role_keeps_dying(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    code = f"import time; open({str(starts)!r}, 'a').write(f'{{time.monotonic()}}\\n')"
    async with Supervisor(tmp_path) as city, asyncio.timeout(20):
        await city.start(Role("ill", [sys.executable, "-c", code]))
        await city.wait_up("ill", restarts=3)
        await city.wait_exit("ill")
    times = [float(line) for line in starts.read_text().split()]
    gaps = [after - before for before, after in itertools.pairwise(times)]
    # A pause is a lower bound; how long the start itself takes is not ours to say.
    assert [True, True, True] == [gap >= pause for gap, pause in zip(gaps, (0.2, 0.4, 0.8), strict=False)]


@pytest.mark.parametrize("name", ["", "../x", "A", "a b", "x" * 65])
async def test_a_name_is_a_file_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        await Supervisor(tmp_path).start(Role(name, ["true"]))


async def test_a_role_starts_once(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as city:
        await city.start(role(tmp_path))
        with pytest.raises(ValueError, match="already"):
            await city.start(role(tmp_path))


def test_memory_of_the_dead_is_nothing() -> None:
    with subprocess.Popen(["true"]) as done:
        done.wait()
    assert 0 == pss_mib([done.pid])


def test_a_port_is_free() -> None:
    assert 1024 <= free_port() < 65536


def test_a_long_log_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    for size, kept in ((100, True), (17 * 1024 * 1024, False)):
        with log.open("wb") as file:
            file.truncate(size)
        trim_log(log)
        assert kept == log.exists()
    assert (tmp_path / "one.log.1").exists()
