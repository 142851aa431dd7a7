"""The tree is the architecture: nothing happens at import, and every adapter has the same files."""

import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest

from producers.adapter import Dialect
from producers.adapters import DIALECTS, dialect

ROOMS: Final = ("schemas", "runtime", "producers", "stream_processors", "sinks", "infra")
ROOT: Final = Path(str(files("producers"))).parent

IMPORT_ALL: Final = """
import os, pkgutil, sys, threading
from importlib import import_module
rooms = sys.argv[1:]
sys.path.insert(0, os.getcwd())

def ours():
    # the nearest frame that asks for something: ours, where no library stands between
    frame = sys._getframe(2)
    while frame.f_code.co_filename.endswith(("os.py", "os>", "_collections_abc.py", "_collections_abc>", "<string>")):
        frame = frame.f_back
        if frame is None:
            return None
    name = frame.f_globals.get("__name__", "")
    return name if name.partition(".")[0] in rooms else None

class Environment(type(os.environ)):
    def __getitem__(self, key):
        who = ours()
        if who is not None:
            raise RuntimeError(f"{who} reads the environment at import")
        return super().__getitem__(key)

os.environ.__class__ = Environment

def hook(event, arguments):
    if event in {"socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.fork", "sqlite3.connect"}:
        raise RuntimeError(f"{event} at import")
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        raise RuntimeError(f"a file is written at import: {arguments[0]}")

sys.addaudithook(hook)
names = []
for room in rooms:
    names.append(room)
    names += [m.name for m in pkgutil.walk_packages(import_module(room).__path__, room + ".")]
for name in names:
    if not name.endswith("__main__"):
        before = threading.active_count()
        import_module(name)
        if threading.active_count() > before:
            raise RuntimeError(f"{name} starts a thread at import")
print(len(names))
"""


def import_all(folder: Path, *rooms: str) -> subprocess.CompletedProcess[str]:
    """Import every module of these rooms in a fresh interpreter that may do nothing else."""
    return subprocess.run(
        [sys.executable, "-B", "-c", IMPORT_ALL, *rooms], cwd=folder, capture_output=True, text=True, timeout=100
    )


@pytest.mark.slow
def test_nothing_happens_at_import() -> None:
    done = import_all(ROOT, *ROOMS)
    assert 0 == done.returncode, done.stderr[-2_000:]
    assert int(done.stdout) > 150


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import os; os.environ.get('HOME')", "room.a reads the environment at import"),
        ("import os; os.getenv('HOME')", "room.a reads the environment at import"),
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "at import"),
        ("import socket; socket.socket().bind(('127.0.0.1', 0))", "socket.bind at import"),
        ("import subprocess; subprocess.run(['true'])", "at import"),
        ("import sqlite3; sqlite3.connect(':memory:')", "sqlite3.connect at import"),
        ("open('x', 'w')", "a file is written at import"),
        (
            "import threading, time; threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
            "starts a thread",
        ),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_what_happens_at_import_would_show(tmp_path: Path, code: str, told: str) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "__init__.py").touch()
    (tmp_path / "room" / "a.py").write_text(code)
    done = import_all(tmp_path, "room")
    assert 1 == done.returncode
    assert told in done.stderr


def test_a_room_where_nothing_happens_is_well(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "__init__.py").touch()
    (tmp_path / "room" / "a.py").write_text(
        "import os, json\ndef later(): return os.environ['HOME']\nopen(__file__).close()"
    )
    (tmp_path / "room" / "__main__.py").write_text("raise SystemExit(3)")
    assert "3\n" == import_all(tmp_path, "room").stdout


# Adapters


def lacking(folder: Path, name: str, docs: Path) -> list[str]:
    """What an adapter's folder, or its page, has not."""
    wanted = [folder / f"{file}.py" for file in ("__init__", "listen", "translate", "answer")]
    return [path.name for path in (*wanted, docs / f"{name}.md") if not path.exists()]


@pytest.mark.parametrize("name", DIALECTS)
def test_every_adapter_has_the_same_files_and_a_page(name: str) -> None:
    module = DIALECTS[name]
    assert f"producers.{name}.listen" == module
    docs = ROOT / "docs" / "adapters"
    if not docs.exists():
        pytest.skip("installed without docs/")
    assert [] == lacking(ROOT / "producers" / name, name, docs)


def test_a_file_or_page_that_is_missing_would_show(tmp_path: Path) -> None:
    (tmp_path / "listen.py").touch()
    (tmp_path / "a.md").touch()
    assert ["__init__.py", "translate.py", "answer.py"] == lacking(tmp_path, "a", tmp_path)
    assert "b.md" in lacking(tmp_path, "b", tmp_path)


@pytest.mark.parametrize("name", DIALECTS)
def test_every_adapter_plugs_in(name: str) -> None:
    made = dialect(name)
    assert isinstance(made, Dialect)
    assert name == made.name
    assert made.suffixes == tuple(suffix.lower() for suffix in made.suffixes)
    assert "extra" in made.options.model_config, "a misspelt option must be told"
    assert "forbid" == made.options.model_config["extra"]


def test_every_folder_of_a_dialect_is_listed() -> None:
    """A dialect is a folder that can translate."""
    folders = {path.parent.name for path in (ROOT / "producers").glob("*/listen.py")}
    assert folders == set(DIALECTS)
