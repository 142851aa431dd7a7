"""ClickHouse on one machine from the package index: the chdb engine on a folder, behind its own HTTP interface.

Here is how it is started; what runs then is `clickhouse_server`, a process of its own.
"""

import sys
from pathlib import Path
from typing import Final

from infra.embedded.child import Child
from infra.embedded.clickhouse_config import MEMORY_MIB
from infra.embedded.ready import read_ready

HOST: Final = "127.0.0.1"


def command(folder: Path, port: int, ready_file: Path) -> list[str]:
    """Return the argument list that runs ClickHouse on loopback `port` (0: any) with its data in `folder`.

    The ready file then holds `{"url": "http://127.0.0.1:PORT"}`.
    """
    options = ["--folder", str(folder), "--port", str(port), "--ready-file", str(ready_file)]
    return [sys.executable, "-m", "infra.embedded.clickhouse_server", *options]


class EmbeddedClickHouse(Child):
    """A ClickHouse of its own for as long as this object is open, with its data in `folder`; `url`, `host`, `port`."""

    def __init__(self, folder: Path, memory_mib: int = MEMORY_MIB) -> None:
        super().__init__(folder / "clickhouse.log")
        self._folder = folder
        self._memory_mib = memory_mib
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
        self.run([*command(self._folder, 0, ready), "--memory-mib", str(self._memory_mib)], ready.exists)
        self.port = int(read_ready(ready)["url"].rpartition(":")[2])
