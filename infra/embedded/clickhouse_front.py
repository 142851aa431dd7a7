"""ClickHouse's HTTP interface in front of the embedded engine, as far as its Python client and curl use it.

Loopback only. There is no login and one user, `default`: whoever may open a port on this machine may ask. A web page
may not (requests with a browser's `Origin`, or for another host name, are refused), and another user's name is refused
rather than given the rights of `default`. Statements and error texts are never logged.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from aiohttp import BasicAuth, web
from aiohttp.typedefs import Handler

from infra.embedded.body import BadBody, unpack
from infra.embedded.clickhouse import HOST
from infra.embedded.clickhouse_engine import Answer, Engine, EngineError
from infra.embedded.clickhouse_statement import Arguments, BadRequest, Statement, read_arguments, split_statement

MOST_BODY_BYTES = 64 * 1024 * 1024
MOST_UNPACKED_BYTES = 512 * 1024 * 1024
_BODY_SECONDS = 120.0
_AT_ONCE = 4
_MOST_WAITING = 64
_MOST_ARGUMENTS = 1024
_TOO_MANY_QUERIES = 202
_AUTHENTICATION_FAILED = 516

# Which HTTP status ClickHouse gives its own errors (HTTPHandler, exceptionCodeToHTTPStatus); all others are 500.
_BAD_REQUEST = {6, 26, 27, 36, 38, 41, 43, 53, 62, 69, 70, 72, 117, 130, 131, 320, 386, 427, 456, 457}
_NOT_FOUND = {46, 47, 50, 60, 73, 81, 115}
_STATUS = (
    dict.fromkeys(_BAD_REQUEST, 400)
    | dict.fromkeys(_NOT_FOUND, 404)
    | {48: 501, 159: 408, 497: 403, _AUTHENTICATION_FAILED: 403}
)


class Front:
    """The HTTP application on `engine`; `application()` is what aiohttp serves."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="clickhouse")
        # A request takes its place before its body is read, so that bodies in memory are bounded too.
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    def application(self) -> web.Application:
        """Return the aiohttp application: `/ping`, and statements at `/`."""
        app = web.Application(client_max_size=MOST_BODY_BYTES, middlewares=[_only_local_programs])
        app.router.add_get("/ping", self._ping)
        app.router.add_route("*", "/", self._statement)
        return app

    def close(self) -> None:
        """End the statements that still run, and their threads."""
        self._engine.cancel_all()
        self._threads.shutdown(wait=True)

    async def _ping(self, _: web.Request) -> web.Response:
        return web.Response(text="Ok.\n")

    async def _statement(self, request: web.Request) -> web.Response:
        if request.method not in ("GET", "POST"):
            return _refusal(501, 48, f"Code: 48. DB::Exception: HTTP method {request.method[:20]} is not supported")
        if self._waiting >= _MOST_WAITING:
            return _refusal(500, _TOO_MANY_QUERIES, "Code: 202. DB::Exception: Too many simultaneous queries")
        self._waiting += 1
        try:
            async with self._places:
                return await self._answer(request)
        except BadRequest as error:
            return _refusal(_STATUS.get(error.code, 400), error.code, f"Code: {error.code}. DB::Exception: {error}")
        except BadBody as error:
            return _refusal(400, 117, f"Code: 117. DB::Exception: {error}")
        except EngineError as error:
            return _refusal(_STATUS.get(error.code, 500), error.code, str(error))
        except TimeoutError:
            return _refusal(408, 209, "Code: 209. DB::Exception: The body did not arrive in time")
        finally:
            self._waiting -= 1

    async def _answer(self, request: web.Request) -> web.Response:
        pairs: dict[str, str] = dict(request.query)
        if _user(request) not in ("", "default"):
            raise BadRequest(_AUTHENTICATION_FAILED, "The embedded ClickHouse knows no user but default")
        async with asyncio.timeout(_BODY_SECONDS):
            if request.content_type == "multipart/form-data":
                pairs |= await _form(request)
                body = b""
            else:
                body = await request.read()
        if len(pairs) > _MOST_ARGUMENTS:
            raise BadRequest(36, "Too many arguments")
        if request.method == "GET":
            pairs["readonly"] = "2"
        arguments = read_arguments(pairs)
        chunks = unpack(body, request.headers.get("Content-Encoding", ""), MOST_UNPACKED_BYTES)
        statement, answer = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._run, arguments, chunks
        )
        return web.Response(body=answer.body, headers=_headers(arguments, statement, answer))

    def _run(self, arguments: Arguments, chunks: Iterator[bytes]) -> tuple[Statement, Answer]:
        statement = split_statement(arguments, chunks)
        return statement, self._engine.run(statement, arguments, chunks)


def _user(request: web.Request) -> str:
    """Return the user a request names, in any of ClickHouse's three ways; empty for none."""
    named: str = request.headers.get("X-ClickHouse-User") or request.query.get("user", "")
    header = request.headers.get("Authorization")
    if named or header is None:
        return named
    try:
        login: str = BasicAuth.decode(header).login
    except ValueError:
        raise BadRequest(_AUTHENTICATION_FAILED, "The embedded ClickHouse knows no such login") from None
    return login


async def _form(request: web.Request) -> dict[str, str]:
    """Return the fields of a multipart request, which the client sends when parameters are long."""
    fields = await request.post()
    if not all(isinstance(value, str) for value in fields.values()):
        raise BadRequest(48, "The embedded ClickHouse takes no external tables")
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def _headers(arguments: Arguments, statement: Statement, answer: Answer) -> Mapping[str, str]:
    summary = {
        "read_rows": str(answer.read_rows),
        "read_bytes": str(answer.read_bytes),
        "written_rows": str(answer.written_rows),
        "written_bytes": str(answer.written_bytes),
        "result_rows": str(answer.written_rows),
        "elapsed_ns": str(int(answer.elapsed_seconds * 1e9)),
    }
    headers = {
        "Content-Type": "application/octet-stream",
        "X-ClickHouse-Summary": json.dumps(summary),
        "X-ClickHouse-Timezone": arguments.settings.get("session_timezone", "UTC"),
    }
    if statement.answers:
        headers["X-ClickHouse-Format"] = statement.format
    if arguments.query_id.isascii() and arguments.query_id.isprintable() and arguments.query_id:
        headers["X-ClickHouse-Query-Id"] = arguments.query_id[:128]
    return headers


def _refusal(status: int, code: int, text: str) -> web.Response:
    return web.Response(status=status, text=text + "\n", headers={"X-ClickHouse-Exception-Code": str(code)})


@web.middleware
async def _only_local_programs(request: web.Request, handler: Handler) -> web.StreamResponse:
    host = request.host.rpartition(":")[0] or request.host
    if "Origin" in request.headers or host not in (HOST, "localhost"):
        return web.Response(status=403, text="only programs on this machine may ask\n")
    return await handler(request)
