"""The requests of one feed over HTTP: read, handed over, answered after the durable write."""

import asyncio
import itertools
from typing import Final

import orjson
from aiohttp import web

from producers.adapter import Feed, Incoming, Parsed, Receipt, Refusal, Taker
from producers.fhir import answer as answers
from producers.fhir.answer import MEDIA_TYPE, Answer
from producers.fhir.bounds import Limits
from producers.fhir.options import Options
from producers.fhir.releases import BY_VERSION, Release, known
from producers.fhir.translate import TRANSLATOR, Message
from runtime.clock import now_ms

_JSON: Final = frozenset((MEDIA_TYPE, "application/json", "application/json+fhir", "text/json", ""))
_NDJSON: Final = frozenset(("application/fhir+ndjson", "application/ndjson", "application/x-ndjson"))
_HEAD: Final = 64 << 10
"""Of a request that is too large so much is kept with its refusal."""
_INLINE: Final = 64 << 10
"""A larger body is read in a thread, so that it holds nobody up."""
_HELD_BYTES: Final = 64 << 20
"""Of bodies in hand at once, of one address; further requests get 503."""
_ONCE: Final = itertools.count()


class Room:
    """What the requests of one address may hold in memory: bodies, and one large tree being read."""

    def __init__(self) -> None:
        self.held = 0
        self.reading = asyncio.Semaphore(1)


class Unread(Exception):
    """The body could not be read; `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Endpoint:
    """The requests of one feed."""

    def __init__(self, feed: Feed, options: Options, taker: Taker, room: Room) -> None:
        self._feed, self._options, self._taker, self._room = feed, options, taker, room
        self._limits = Limits(message=options.max_bytes)

    async def metadata(self, _: web.Request) -> web.Response:
        """A CapabilityStatement: clients ask for it first."""
        version = "4.0.1" if self._options.release == "R4" else "5.0.0"
        statement = {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2026-11-01",
            "kind": "instance",
            "implementation": {"description": "livingdata"},
            "fhirVersion": version,
            "format": ["json"],
            "rest": [{"mode": "server", "interaction": [{"code": "transaction"}, {"code": "batch"}]}],
        }
        return web.Response(body=orjson.dumps(statement), content_type=MEDIA_TYPE)

    async def post(self, request: web.Request) -> web.Response:
        type_ = request.match_info.get("type", "")
        if request.content_type in _NDJSON and not type_:
            return await self._lines(request)
        return await self._write(request, type_, created=True)

    async def put(self, request: web.Request) -> web.Response:
        return await self._write(request, f"{request.match_info['type']}/{request.match_info['id']}", created=False)

    async def delete(self, request: web.Request) -> web.Response:
        target = f"{request.match_info['type']}/{request.match_info['id']}"
        if not known(self._options.release, request.match_info["type"]):
            return respond(_no_such_type())
        parsed = TRANSLATOR.delete(target)
        receipt = await self._take(parsed, target.encode(), request, "DELETE", target)
        return respond(answers.answer(parsed, receipt))

    async def _write(self, request: web.Request, target: str, *, created: bool) -> web.Response:
        release = _release(request, self._options.release)
        wrong = _unacceptable(request, release, target)
        if wrong is not None:
            return respond(wrong)
        raw = await self._body(request)
        parsed = await self._parse(raw, release, target)
        receipt = await self._take(parsed, raw, request, request.method, target)
        bundle = isinstance(parsed, Parsed) and bool(parsed.content.content.bundle)
        return respond(answers.answer(parsed, receipt, created=created and not bundle, location=self._location(parsed)))

    async def _lines(self, request: web.Request) -> web.Response:
        """NDJSON: each line is a message."""
        raw = await self._body(request)
        release = _release(request, self._options.release) or "R4"
        lines = [line for line in raw.splitlines() if line.strip()]
        parsed = [await self._parse(line, release, "") for line in lines]
        taken = (
            self._take(found, line, request, "POST", f"line {number}")
            for number, (found, line) in enumerate(zip(parsed, lines, strict=True), 1)
        )
        receipts = await asyncio.gather(*taken)  # handed over in this order
        return respond(answers.several(receipts))

    async def _body(self, request: web.Request) -> bytes:
        """The body, cut after what is too large by one chunk. Unread where it does not come in time, or there is no
        room for it."""
        found = bytearray()
        try:
            async with asyncio.timeout(self._options.read_seconds):
                async for chunk in request.content.iter_chunked(1 << 16):
                    found += chunk
                    if self._room.held + len(found) > _HELD_BYTES:
                        raise Unread(answers.unavailable("Quá nhiều dữ liệu cùng lúc", "Too much data at once"))
                    if len(found) > self._options.max_bytes:
                        break
        except TimeoutError:
            late = answers.protocol(408, "timeout", "Nội dung đến quá chậm", "The body came too slowly")
            raise Unread(late) from None
        return bytes(found)

    async def _parse(self, raw: bytes, release: Release | None, target: str) -> Parsed | Refusal:
        def parse() -> Parsed | Refusal:
            return TRANSLATOR.parse(raw, self._feed, release=release, target=target, limits=self._limits)

        if len(raw) <= _INLINE:
            return parse()
        async with self._room.reading:
            return await asyncio.to_thread(parse)

    async def _take(
        self, parsed: Parsed | Refusal, raw: bytes, request: web.Request, method: str, target: str
    ) -> Receipt:
        kept = raw[:_HEAD] if len(raw) > self._options.max_bytes else raw
        incoming = Incoming(self._feed, parsed, kept, _origin(parsed, request, method, target), now_ms())
        self._room.held += len(raw)
        try:
            return await self._taker.take(incoming)
        finally:
            self._room.held -= len(raw)

    def _location(self, parsed: Parsed | Refusal) -> str:
        message = parsed.content if isinstance(parsed, Parsed) else None
        items = message.content.items if isinstance(message, Message) else ()
        resource = items[0].resource if items else None
        if resource is None or "id" not in resource:
            return ""
        return f"{self._options.base}/{resource['resourceType']}/{resource['id']}"


def _origin(parsed: Parsed | Refusal, request: web.Request, method: str, target: str) -> tuple[str, ...]:
    """What makes a retransmission beside the bytes: X-Request-Id, or that the bytes name their own version.

    Without either the same bytes may be a return to what was said before, so they are taken as a new message; where
    nothing changed the worker finds a duplicate.
    """
    request_id = request.headers.get("X-Request-Id", "")[:200]
    versioned = not isinstance(parsed, Parsed) or parsed.content.content.versioned
    once = "" if request_id or versioned else f"{now_ms()}.{next(_ONCE)}"
    return method, target, request_id, once


def _release(request: web.Request, configured: Release) -> Release | None:
    """By the media type's fhirVersion; None where that is of no release known here."""
    asked = request.headers.get("Content-Type", "").partition("fhirVersion=")[2].strip("\"' ;")[:3]
    return BY_VERSION.get(asked) if asked else configured


def _unacceptable(request: web.Request, release: Release | None, target: str) -> Answer | None:
    if request.content_type not in _JSON and request.body_exists and "Content-Type" in request.headers:
        return answers.protocol(415, "not-supported", "Chỉ nhận application/fhir+json", "Only application/fhir+json")
    if release is None:
        return answers.protocol(415, "not-supported", "fhirVersion không hỗ trợ", "fhirVersion is not supported")
    type_ = target.partition("/")[0]
    return _no_such_type() if type_ and not known(release, type_) else None


def _no_such_type() -> Answer:
    return answers.protocol(404, "not-supported", "Không có loại tài nguyên này", "No such resource type")


def respond(made: Answer) -> web.Response:
    return web.Response(status=made.status, body=made.body, content_type=MEDIA_TYPE, headers=dict(made.headers))
