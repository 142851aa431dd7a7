"""Whoever means ill to the MLLP server is bounded, answered AE or cut off, and the others are served."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest

from producers.hl7v2.mllp import Oversize
from producers.hl7v2.options import Options
from producers.hl7v2.server import MllpServer
from tests.unit.hl7v2.test_listen import A01, Books, certificate, connected, framed, his, served


async def test_a_frame_that_drips_is_given_up_however_steadily() -> None:
    """The time is of the frame, not of its last byte."""
    async with served(Books(), [his(frame_seconds=0.1)]) as server, connected(server) as sender:

        async def drip() -> None:
            sender.send(b"\x0b")
            while True:
                sender.send(b"x")
                await asyncio.sleep(0.005)

        dripping = asyncio.create_task(drip())
        assert await sender.ended()
        dripping.cancel()


async def test_what_is_sent_faster_than_it_is_stored_waits_at_the_sender() -> None:
    books = Books(gate=asyncio.Event())
    assert books.gate is not None
    async with served(books, [his()]) as server, connected(server) as sender:
        sender.send(framed(A01) * 60_000)  # 20 MB, more than all buffers between
        while not books.taken:
            await asyncio.sleep(0.001)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await sender.writer.drain()
        assert 1 == len(books.taken)
        sender.writer.transport.abort()
        books.gate.set()
        while server.connections:
            await asyncio.sleep(0.001)
        async with connected(server) as other:
            assert "AA" == (await other.ask(A01))[1][1]


async def test_a_flood_of_empty_frames_is_no_message() -> None:
    books = Books()
    async with served(books, [his()]) as server, connected(server) as sender:
        sender.send(b"\x0b\x1c\r" * 20_000)
        assert "AA" == (await sender.ask(A01))[1][1]
    assert 1 == len(books.taken)


async def test_whoever_reads_no_answers_is_cut_off() -> None:
    async def much(_: bytes | Oversize) -> Sequence[bytes]:
        return [bytes(64 << 20)]

    server = MllpServer(Options.model_validate({"listen": "127.0.0.1:0", "frame_seconds": 0.1}), much)
    await server.start()
    with socket.create_connection(("127.0.0.1", server.port)) as sender:
        sender.sendall(framed(A01))
        async with asyncio.timeout(10):
            while not server.connections:
                await asyncio.sleep(0.001)
            while server.connections:
                await asyncio.sleep(0.001)
        read = 0
        try:
            while piece := await asyncio.to_thread(sender.recv, 1 << 20):
                read += len(piece)
        except ConnectionResetError:
            pass
    assert read < 64 << 20
    await server.stop()


async def test_wrong_tls_is_no_connection(tmp_path: Path) -> None:
    authority = certificate(tmp_path, "authority", None)
    certificate(tmp_path, "server", authority)
    certificate(tmp_path, "client", authority)
    certificate(tmp_path, "stranger", None)
    books = Books()
    ours = his(
        tls_certificate=tmp_path / "server.pem",
        tls_key=tmp_path / "server.key",
        tls_client_ca=tmp_path / "authority.pem",
    )
    strange = ssl.create_default_context(cafile=tmp_path / "authority.pem")
    strange.load_cert_chain(tmp_path / "stranger.pem", tmp_path / "stranger.key")
    known = ssl.create_default_context(cafile=tmp_path / "authority.pem")
    known.load_cert_chain(tmp_path / "client.pem", tmp_path / "client.key")
    async with served(books, [ours]) as server:
        async with connected(server) as plain:
            plain.send(framed(A01))
            assert await plain.ended()
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            async with connected(server, strange) as stranger:
                await stranger.ask(A01)
        assert [] == books.taken
        async with connected(server, known) as good:
            assert "AA" == (await good.ask(A01))[1][1]
