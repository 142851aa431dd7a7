"""A TCP proxy on loopback that can be slow or cut: a bad network, without root."""

import asyncio
import contextlib
from typing import Final

HOST: Final = "127.0.0.1"
_BYTES: Final = 65_536
_SLOW_BYTES: Final = 4_096


class Proxy:
    """Between clients of its own `port` and a server at `target`; both on loopback."""

    def __init__(self, port: int, target: int) -> None:
        self.port, self.target = port, target
        self._delay = 0.0
        self._cut = False
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, HOST, self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._hang_up()

    def cut(self) -> None:
        """End every connection, and every new one at once."""
        self._cut = True
        self._hang_up()

    def slow(self, seconds: float) -> None:
        """Each piece (4 KiB at most) of either direction waits so long: latency and narrow bandwidth in one."""
        self._delay = seconds

    def heal(self) -> None:
        self._cut, self._delay = False, 0.0

    def _hang_up(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if self._cut:
                return
            there, back = await asyncio.open_connection(HOST, self.target)
            self._open.add(back)
            try:
                await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
            finally:
                self._open.discard(back)
                back.transport.abort()
        except OSError:
            return  # the server is down: so is the connection
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(_SLOW_BYTES if self._delay else _BYTES):
                if self._delay:
                    await asyncio.sleep(self._delay)
                to.write(data)
                await to.drain()
        to.transport.abort()
