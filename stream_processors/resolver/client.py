"""The service over HTTP: one attempt, bounded in time and size. The only door to it.

The form (`POST /v1/check` with number, name and birth, answered by `result`) is this house's own, spoken by the stand-in
as well: the national one is to be put in its place here.
"""

import math
from typing import Any, Final

import aiohttp
import orjson

from stream_processors.resolver.population import VERDICTS, Person, Refused, Unavailable, Verdict

LARGEST: Final = 4_096
"""Bytes of an answer."""
LONGEST_REST: Final = 300.0
"""Seconds that a service may ask to be left alone."""
_NEVER: Final = frozenset((400, 404, 413, 422))


class HttpPopulation:
    """A service at `url`. Made inside a running loop; close it."""

    def __init__(self, url: str, token: str, seconds: float) -> None:
        self._url = url.rstrip("/") + "/v1/check"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        timeout = aiohttp.ClientTimeout(total=seconds, connect=min(seconds, 5.0))
        self._session = aiohttp.ClientSession(headers=headers, timeout=timeout)

    async def check(self, person: Person) -> Verdict:
        asked = {"number": person.number, "full_name": person.full_name, "birth": person.birth}
        try:
            async with self._session.post(self._url, json=asked, allow_redirects=False) as answer:
                if answer.status == 200:
                    return _verdict(await answer.content.read(LARGEST + 1))
                if answer.status in _NEVER:
                    raise Refused(f"status {answer.status}")
                raise Unavailable(f"status {answer.status}", _after(answer.headers.get("Retry-After", "")))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(type(error).__name__) from None

    async def close(self) -> None:
        await self._session.close()


def _verdict(body: bytes) -> Verdict:
    try:
        said: Any = orjson.loads(body) if len(body) <= LARGEST else None
    except orjson.JSONDecodeError:
        said = None
    result = said.get("result") if isinstance(said, dict) else None
    found = next((verdict for verdict in VERDICTS if verdict == result), None)
    if found is None:
        raise Unavailable("the answer cannot be read")
    return found


def _after(text: str) -> float:
    """Seconds of `Retry-After`; a date counts as none."""
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), LONGEST_REST) if math.isfinite(seconds) else 0.0
