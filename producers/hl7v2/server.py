"""An MLLP server: one address, any number of senders, each answered in order and only after the durable write."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from producers.hl7v2.mllp import FrameDecoder, Oversize, frame
from producers.hl7v2.options import Options, address
from runtime import logs

Handle = Callable[[bytes | Oversize], Awaitable[Sequence[bytes]]]
"""A frame in, the replies to it out."""

CHUNK: Final = 64 << 10
LAST_CR_SECONDS: Final = 2.0
"""A sender that ends its message with FS alone gets its answer after so long."""
STRAY_BYTES: Final = 64 << 10
"""Outside any frame: whoever sends more does not speak MLLP."""
STOP_SECONDS: Final = 10.0

log = logs.get("hl7v2")


class MllpServer:
    """`handle` is called with each frame of a connection, one after the other."""

    def __init__(self, options: Options, handle: Handle) -> None:
        if options.listen is None:
            raise ValueError("an address to listen on is needed")
        self._options, self._handle = options, handle
        self._host, self._port = address(options.listen)
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    @property
    def port(self) -> int:
        """The port in use, once started (the configured one may be 0: any)."""
        if self._server is None:
            return self._port
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    @property
    def connections(self) -> int:
        """Senders that are served now."""
        return len(self._connections)

    async def start(self) -> None:
        """OSError where the address is taken or a TLS file cannot be read."""
        self._server = await asyncio.start_server(
            self._serve, self._host, self._port, ssl=_tls(self._options), limit=CHUNK
        )
        log.info("listening", port=self.port, tls=self._options.tls_certificate is not None)

    async def stop(self) -> None:
        """No new connections; messages in hand are answered first."""
        if self._server is None:
            return
        self._server.close()
        for connection in tuple(self._connections):
            connection.end()
        tasks = [connection.task for connection in self._connections]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self._options.max_connections:
            log.warning("connection_refused", port=self.port, limit=self._options.max_connections)
            writer.close()
            return
        connection = _Connection(reader, writer, self._options, self._handle)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)


class _Connection:
    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, options: Options, handle: Handle
    ) -> None:
        self._reader, self._writer, self._options, self._handle = reader, writer, options, handle
        self._decoder = FrameDecoder(options.max_bytes)
        self._begun: float | None = None
        self._busy = False
        self._ending = False
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs it in one
        self.task: asyncio.Task[None] = task

    def end(self) -> None:
        """After the message in hand; at once where there is none."""
        self._ending = True
        if not self._busy:
            self._writer.close()

    async def run(self) -> None:
        try:
            while not self._ending and await self._round():
                pass
        except (OSError, TimeoutError, ssl.SSLError) as error:
            log.info("connection_lost", error=error)
            self._writer.transport.abort()  # a close would keep what the sender does not read, for as long as it likes
        finally:
            if self._decoder.stray_bytes:
                log.warning("bytes_outside_frames", count=self._decoder.stray_bytes, mend="frame messages as MLLP")
            self._writer.close()

    async def _round(self) -> bool:
        """Read and answer what came; False at the end."""
        try:
            async with asyncio.timeout(self._patience()):
                data = await self._reader.read(CHUNK)
        except TimeoutError:
            return await self._silence()
        frames = self._decoder.feed(data) if data else self._decoder.finish()
        if not self._decoder.waiting:
            self._begun = None
        elif self._begun is None or frames:
            self._begun = time.monotonic()
        await self._answer(frames)
        return bool(data) and self._decoder.stray_bytes <= STRAY_BYTES

    def _patience(self) -> float:
        if self._begun is None:
            return self._options.idle_seconds
        left = max(self._begun + self._options.frame_seconds - time.monotonic(), 0.001)
        return min(left, LAST_CR_SECONDS) if self._decoder.ended else left

    async def _silence(self) -> bool:
        """Nothing came for as long as we wait: a message whose last CR is missing is whole, all else is given up."""
        if not self._decoder.ended:
            log.info("connection_silent", waiting=self._decoder.waiting)
            return False
        self._begun = None
        await self._answer(self._decoder.finish())
        return True

    async def _answer(self, frames: list[bytes | Oversize]) -> None:
        for found in frames:
            if isinstance(found, bytes) and not found.strip():
                continue  # an empty frame is a sign of life, not a message
            self._busy = True
            try:
                for reply in await self._handle(found):
                    self._writer.write(frame(reply))
                if self._writer.transport.get_write_buffer_size():  # an answer nearly always leaves at once
                    async with asyncio.timeout(self._options.frame_seconds):
                        await self._writer.drain()
            finally:
                self._busy = False


def _tls(options: Options) -> ssl.SSLContext | None:
    if options.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(options.tls_certificate, options.tls_key)
    if options.tls_client_ca is not None:
        context.load_verify_locations(options.tls_client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
