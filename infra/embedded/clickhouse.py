"""ClickHouse on one machine from the package index: the chdb engine on a folder, behind its own HTTP interface.

One process owns the folder. `python -m infra.embedded.clickhouse --folder DIR --port N --ready-file PATH`.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from aiohttp import web

from infra.embedded.child import Child
from infra.embedded.clickhouse_engine import Engine
from infra.embedded.clickhouse_front import HOST, Front
from infra.embedded.ready import read_ready, write_ready

# Below the supervisor's own grace, so that the engine is closed and not killed.
_GRACE_SECONDS = 2.0


def command(folder: Path, port: int, ready_file: Path) -> list[str]:
    """Return the argument list that runs ClickHouse on loopback `port` (0: any) with its data in `folder`.

    The ready file then holds `{"url": "http://127.0.0.1:PORT"}`.
    """
    options = ["--folder", str(folder), "--port", str(port), "--ready-file", str(ready_file)]
    return [sys.executable, "-m", "infra.embedded.clickhouse", *options]


class EmbeddedClickHouse(Child):
    """A ClickHouse of its own for as long as this object is open, with its data in `folder`; `url`, `host`, `port`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "clickhouse.log")
        self._folder = folder
        self.host = HOST
        self.port = 0

    @property
    def url(self) -> str:
        """The address, `http://127.0.0.1:PORT`."""
        return f"http://{self.host}:{self.port}"

    def open(self) -> None:
        """Start the engine and return when it answers."""
        ready = self._folder / "clickhouse.ready.json"
        ready.unlink(missing_ok=True)
        self.run(command(self._folder, 0, ready), ready.exists)
        self.port = int(read_ready(ready)["url"].rpartition(":")[2])


async def serve(engine: Engine, port: int, ready_file: Path) -> None:
    """Serve `engine` until SIGTERM or SIGINT, then give those that run a moment to finish."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    front = Front(engine)
    # Bodies are unpacked by the front itself, piece by piece and bounded.
    runner = web.AppRunner(
        front.application(),
        access_log=None,
        auto_decompress=False,
        shutdown_timeout=_GRACE_SECONDS,
        keepalive_timeout=300,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        bound = runner.addresses[0][1]
        print(f"embedded ClickHouse at http://{HOST}:{bound}: no login, loopback only", flush=True)
        write_ready(ready_file, {"url": f"http://{HOST}:{bound}"})
        await stopping.wait()
    finally:
        await runner.cleanup()
        front.close()


def main(arguments: list[str] | None = None) -> int:
    """Run the engine and its HTTP interface in this process."""
    parser = argparse.ArgumentParser(prog="python -m infra.embedded.clickhouse", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the data folder, owned by this process")
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 takes a free one")
    parser.add_argument("--ready-file", type=Path, required=True, help="where to write the address, as JSON")
    chosen = parser.parse_args(arguments)
    # The engine takes the process's zone for its own; the store speaks UTC.
    os.environ["TZ"] = "UTC"
    time.tzset()
    engine = Engine(chosen.folder)
    try:
        asyncio.run(serve(engine, chosen.port, chosen.ready_file))
    finally:
        engine.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
