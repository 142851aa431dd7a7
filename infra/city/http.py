"""A FHIR client: a transaction Bundle posted, the answer to every entry read.

`X-Request-Id` is the message's name, so that the same bytes sent again after a broken connection are a retransmission.
"""

import json
from typing import Any, Final

import aiohttp

from infra.city.line import Answer
from infra.city.message import REFUSED, Message

_TYPE: Final = "application/fhir+json"
_TAKEN: Final = "200"
_UNREADABLE: Final = "400"
_NOT_NOW: Final = "503"


class Posting:
    """One connection to `url`, the base of a FHIR service."""

    def __init__(self, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, message: Message) -> Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1), timeout=self._timeout)
        headers = {"Content-Type": _TYPE, "X-Request-Id": message.name}
        try:
            async with self._session.post(self._url, data=message.payload, headers=headers) as response:
                return judge(message, str(response.status), await response.read())
        except aiohttp.ClientError as error:
            raise ConnectionError(type(error).__name__) from None

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def judge(message: Message, status: str, body: bytes) -> Answer:
    """A taken Bundle is answered entry by entry, one that could not be read by an OperationOutcome with an error."""
    refused = message.expected == REFUSED
    wanted = _UNREADABLE if refused else _TAKEN
    good = status == wanted and (_names_an_error(body) if refused else _every_entry(message, body))
    return Answer(wanted, status, good, not_now=status == _NOT_NOW)


def _every_entry(message: Message, body: bytes) -> bool:
    answer, asked = _object(body), _object(message.payload)
    entries = answer.get("entry", [])
    return (
        answer.get("type") == "transaction-response"
        and len(entries) == len(asked["entry"])
        and all(str(entry.get("response", {}).get("status", ""))[:1] == "2" for entry in entries)
    )


def _names_an_error(body: bytes) -> bool:
    answer = _object(body)
    issues = answer.get("issue", [])
    return answer.get("resourceType") == "OperationOutcome" and any(issue["severity"] == "error" for issue in issues)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
