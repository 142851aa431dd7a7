"""The HTTP server of one address: FHIR's create, update, delete, batch and transaction, answered after the durable write.

Only requests come in here: nothing can be read back, so reads and searches are answered 405.
"""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from producers.adapter import Feed, Taker
from producers.fhir import answer as answers
from producers.fhir.endpoint import Endpoint, Room, Unread, respond
from producers.fhir.options import Options, address
from runtime import logs

_STOP_SECONDS: Final = 10.0


_SILENT: Final = logging.getLogger("livingdata.fhir.http")
"""aiohttp would log what it cannot read, and lines of requests hold numbers of people."""
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False

log = logs.get("fhir")


class FhirServer:
    """`members`: the feeds of this address by their base paths."""

    def __init__(self, members: Sequence[tuple[Feed, Options]], taker: Taker) -> None:
        self._options = members[0][1]
        if self._options.listen is None:
            raise ValueError("an address to listen on is needed")
        self._host, self._port = address(self._options.listen)
        self._runner: web.AppRunner | None = None
        self._members, self._taker = members, taker

    @property
    def port(self) -> int:
        """The port in use, once started (the configured one may be 0: any)."""
        if self._runner is None or not self._runner.addresses:
            return self._port
        found: int = self._runner.addresses[0][1]
        return found

    async def start(self) -> None:
        """OSError where the address is taken or a TLS file cannot be read."""
        app = application(self._members, self._taker)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=_SILENT,
            shutdown_timeout=_STOP_SECONDS,
            lingering_time=1.0,
            keepalive_timeout=self._options.read_seconds,  # also for the first request's line and headers
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port, ssl_context=_tls(self._options))
        await site.start()
        log.info("listening", port=self.port, tls=self._options.tls_certificate is not None)

    async def stop(self) -> None:
        """No new connections; requests in hand are answered first."""
        if self._runner is not None:
            await self._runner.cleanup()


def application(members: Sequence[tuple[Feed, Options]], taker: Taker) -> web.Application:
    options = members[0][1]
    app = web.Application(middlewares=[_guard(options.max_requests)])
    room = Room()
    for feed, own in members:
        endpoint = Endpoint(feed, own, taker, room)
        app.router.add_get(f"{own.base}/metadata", endpoint.metadata)
        app.router.add_post(own.base, endpoint.post)
        app.router.add_post(f"{own.base}/{{type:[A-Za-z]+}}", endpoint.post)
        app.router.add_put(f"{own.base}/{{type:[A-Za-z]+}}/{{id}}", endpoint.put)
        app.router.add_delete(f"{own.base}/{{type:[A-Za-z]+}}/{{id}}", endpoint.delete)
    return app


def _guard(most: int) -> Middleware:
    """At most so many requests in hand; every answer is an OperationOutcome."""
    free = asyncio.BoundedSemaphore(most)

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if free.locked():
            return respond(answers.unavailable("Quá nhiều yêu cầu cùng lúc", "Too many requests at once"))
        async with free:
            try:
                return await handler(request)
            except Unread as unread:
                return respond(unread.answer)
            except web.HTTPMethodNotAllowed:
                return respond(answers.protocol(405, "not-supported", "Không nhận lệnh này", "Method not taken"))
            except web.HTTPNotFound:
                return respond(answers.protocol(404, "not-found", "Không có đường dẫn này", "No such path"))
            except (
                Exception
            ) as error:  # a fault of ours costs one request; the URL names a person's numbers: not logged
                log.error("request_failed", error=error)
                return respond(answers.protocol(500, "exception", "Lỗi của bộ kết nối", "A fault of the adapter"))

    return guard


def _tls(options: Options) -> ssl.SSLContext | None:
    if options.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options.tls_certificate, options.tls_key)
    if options.tls_client_ca is not None:
        context.load_verify_locations(options.tls_client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
