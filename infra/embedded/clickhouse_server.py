"""The embedded ClickHouse's process: the engine and its HTTP interface.

One process owns the folder. `python -m infra.embedded.clickhouse_server --folder DIR --port N --ready-file PATH`.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from aiohttp import web

from infra.embedded.clickhouse import HOST
from infra.embedded.clickhouse_config import MEMORY_MIB
from infra.embedded.clickhouse_engine import Engine
from infra.embedded.clickhouse_front import Front
from infra.embedded.ready import write_ready

# Below the supervisor's own grace, so that the engine is closed and not killed.
_GRACE_SECONDS = 2.0


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
    parser = argparse.ArgumentParser(prog="python -m infra.embedded.clickhouse_server", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the data folder, owned by this process")
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 takes a free one")
    parser.add_argument("--ready-file", type=Path, required=True, help="where to write the address, as JSON")
    parser.add_argument("--memory-mib", type=int, default=MEMORY_MIB, help="for the engine; a statement may take half")
    chosen = parser.parse_args(arguments)
    # The engine takes the process's zone for its own; the store speaks UTC.
    os.environ["TZ"] = "UTC"
    time.tzset()
    engine = Engine(chosen.folder, chosen.memory_mib)
    try:
        asyncio.run(serve(engine, chosen.port, chosen.ready_file))
    finally:
        engine.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
