"""Whoever means ill to the FHIR server gets an OperationOutcome with 4xx, or is cut off; nothing is taken of it."""

import asyncio
import gzip
import socket
import ssl
import zlib
from pathlib import Path
from typing import Final

import aiohttp
import orjson
import pytest

from producers.adapter import Incoming, Receipt, Refusal
from producers.fhir.listen import listen
from producers.fhir.server import FhirServer
from tests.unit.fhir.told import OBSERVATION, feed, raw
from tests.unit.hl7v2.test_listen import certificate

LIMIT: Final = 1 << 16


class Books:
    def __init__(self) -> None:
        self.taken: list[Incoming] = []

    async def take(self, incoming: Incoming) -> Receipt:
        self.taken.append(incoming)
        return Receipt(len(self.taken), (incoming.parsed,) if isinstance(incoming.parsed, Refusal) else ())


class Serving:
    def __init__(self, books: Books, **options: object) -> None:
        (server,) = listen([feed(listen="127.0.0.1:0", max_bytes=LIMIT, **options)], books)
        assert isinstance(server, FhirServer)
        self.server = server

    async def __aenter__(self) -> int:
        await self.server.start()
        return self.server.port

    async def __aexit__(self, *_: object) -> None:
        await self.server.stop()


async def sent(port: int, data: bytes, **headers: str) -> tuple[int, str]:
    """(status, what kind of answer, or its first reason)."""
    all_headers = {"Content-Type": "application/fhir+json"} | {k.replace("_", "-"): v for k, v in headers.items()}
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"http://127.0.0.1:{port}/fhir", data=data, headers=all_headers) as response,
    ):
        outcome = orjson.loads(await response.read())
        assert "OperationOutcome" == outcome["resourceType"]
        codings = [coding["code"] for issue in outcome["issue"] for coding in issue["details"].get("coding", ())]
        return response.status, codings[0] if codings else ""


BOMB: Final = b'{"resourceType":"Patient","x":"' + b" " * (64 << 20) + b'"}'


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_packed_bomb_is_too_large(encoding: str) -> None:
    packed = gzip.compress(BOMB, 1) if encoding == "gzip" else zlib.compress(BOMB, 1)
    books = Books()
    async with Serving(books) as port:
        assert (413, "too_large") == await sent(port, packed, Content_Encoding=encoding)
        assert (201, "") == await sent(port, gzip.compress(raw(OBSERVATION)), Content_Encoding="gzip")
    assert LIMIT >= len(books.taken[0].raw)


@pytest.mark.parametrize(
    ("status", "reason", "body"),
    [
        (400, "fhir_too_deep", b"[" * 60_000),
        (400, "fhir_too_deep", b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
        (400, "fhir_too_deep", b'{"resourceType":"Bundle","entry":[{"resource":' * 300),
        (413, "too_large", b'{"resourceType":"Binary","data":"' + b"QUFB" * 20_000 + b'"}'),
        (400, "fhir_json", b'{"resourceType":"Patient","x":' + b"9" * 40_000),
    ],
    ids=["lists", "objects", "bundles", "base64", "digits"],
)
async def test_deep_and_large_bodies(status: int, reason: str, body: bytes) -> None:
    async with Serving(Books()) as port:
        assert (status, reason) == await sent(port, body)
        assert (201, "") == await sent(port, raw(OBSERVATION))


async def test_headers_that_drip_are_not_waited_for() -> None:
    async with Serving(Books(), read_seconds=0.2) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        silent, _ = await asyncio.open_connection("127.0.0.1", port)

        async def drip() -> None:
            writer.write(b"POST /fhir HTTP/1.1\r\nX: ")
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.01)

        dripping = asyncio.create_task(drip())
        async with asyncio.timeout(10):
            for one in (reader, silent):
                try:
                    assert b"" == await one.read(1)
                except ConnectionError:
                    continue
        dripping.cancel()


async def test_a_header_without_end_is_refused() -> None:
    async with Serving(Books()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /fhir HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n")
        async with asyncio.timeout(10):
            assert b"HTTP/1.0 400" == (await reader.readline())[:12].replace(b"1.1", b"1.0")
        writer.close()
        assert (201, "") == await sent(port, raw(OBSERVATION))


async def test_wrong_tls_is_no_connection(tmp_path: Path) -> None:
    authority = certificate(tmp_path, "authority", None)
    certificate(tmp_path, "server", authority)
    certificate(tmp_path, "stranger", None)
    books = Books()
    context = ssl.create_default_context(cafile=tmp_path / "authority.pem")
    context.load_cert_chain(tmp_path / "stranger.pem", tmp_path / "stranger.key")
    files = {"tls_certificate": tmp_path / "server.pem", "tls_key": tmp_path / "server.key"}
    async with Serving(books, **files, tls_client_ca=tmp_path / "authority.pem") as port, aiohttp.ClientSession() as client:  # fmt: skip
        for url, tls in ((f"http://127.0.0.1:{port}/fhir", True), (f"https://127.0.0.1:{port}/fhir", context)):
            with pytest.raises(aiohttp.ClientError):
                await client.post(url, data=raw(OBSERVATION), ssl=tls)
    assert [] == books.taken


async def test_many_connections_that_say_nothing_do_not_stop_it() -> None:
    async with Serving(Books(), max_requests=2) as port:
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
        assert (201, "") == await sent(port, raw(OBSERVATION))
        for one in silent:
            one.close()
