"""DICOMweb: asks a PACS for the studies of the last days (QIDO-RS, PS3.18 10.6), and for the instances of those that grew."""

import asyncio
import sqlite3
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp
import orjson

from producers.adapter import Refusal
from producers.dicom import json_model
from producers.dicom.attributes import TAGS, Said
from producers.dicom.collect import Collector
from producers.dicom.file import HEAD, is_uid
from producers.dicom.options import DicomOptions
from producers.dicom.spool import SpoolFull
from producers.dicom.study import Study
from producers.dicom.translate import asked, from_values
from runtime import logs
from runtime.clock import HANOI

PAGE: Final = 200
PAGES: Final = 500
"""Of one list: more than this is cut, and said in the log."""
ANSWER_BYTES: Final = 16 << 20
TIMEOUT: Final = aiohttp.ClientTimeout(total=60, connect=10)
_INSTANCES_OF_STUDY: Final = 0x00201208
_HEADERS: Final = {"Accept": "application/dicom+json"}

log = logs.get("dicom")


class OutboxFull(Exception):
    """Nothing more can be numbered; what was not is asked for again."""


class BadAnswer(Exception):
    """The server answered, but not as QIDO-RS does."""


class DicomWeb:
    """The listener of one feed's QIDO-RS service."""

    def __init__(self, base: str, options: DicomOptions, collector: Collector) -> None:
        self._base, self._options, self._collector = base.rstrip("/"), options, collector
        self._wanted = asked(collector.feed)
        self._counts: dict[str, int | None] = {}
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"dicomweb {self._collector.feed.adapter_id}")

    async def stop(self) -> None:
        self._stop.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._stop.is_set():
            try:
                await self._poll()
            except (
                aiohttp.ClientError,
                TimeoutError,
                BadAnswer,
                OSError,
                sqlite3.Error,
                SpoolFull,
                OutboxFull,
            ) as error:
                log.error("dicomweb_failed", adapter_id=self._collector.feed.adapter_id, error=error)
            try:
                async with asyncio.timeout(self._options.dicomweb_seconds):
                    await self._stop.wait()
            except TimeoutError:
                continue

    async def _poll(self) -> None:
        """One look at the list; a study is asked for where it is new or the number of its instances changed."""
        today = datetime.now(HANOI).date()
        since = today - timedelta(days=self._options.dicomweb_days)
        counts: dict[str, int | None] = {}
        async with aiohttp.ClientSession(timeout=TIMEOUT, headers=await asyncio.to_thread(self._headers)) as session:
            for found in await self._list(session, "studies", StudyDate=f"{since:%Y%m%d}-{today:%Y%m%d}"):
                if self._stop.is_set():
                    return
                study = json_model.said(found, self._wanted)
                uid = study.values.get(TAGS["StudyInstanceUID"])
                if not isinstance(uid, str) or not is_uid(uid):
                    await self._refuse(Refusal("dicom_no_study", "StudyInstanceUID", kind="imaging"), found)
                    continue
                count = json_model.number(found, _INSTANCES_OF_STUDY)
                if uid not in self._counts or self._counts[uid] != count or count is None:
                    await self._take(session, uid, study)
                counts[uid] = count
                self._counts[uid] = count
        self._counts = counts

    def _headers(self) -> dict[str, str]:
        if self._options.dicomweb_token is None:
            return _HEADERS
        return _HEADERS | {"Authorization": f"Bearer {self._options.dicomweb_token.read_text().strip()}"}

    async def _take(self, session: aiohttp.ClientSession, uid: str, study: Said) -> None:
        series: dict[str, Said] = {}
        for found in await self._list(session, f"studies/{uid}/series"):
            one = json_model.said(found, self._wanted)
            series[str(one.values.get(TAGS["SeriesInstanceUID"], ""))] = one
        kept: list[Study] = []
        for found in await self._list(session, f"studies/{uid}/instances"):
            one = json_model.said(found, self._wanted)
            above = series.get(str(one.values.get(TAGS["SeriesInstanceUID"], "")), Said({}))
            made = from_values(json_model.together(study, above, one), self._collector.feed)
            if isinstance(made, dict):
                kept.append(made)
            else:
                await self._refuse(made, found)
        if kept:
            await asyncio.to_thread(self._collector.keep, kept)

    async def _refuse(self, refusal: Refusal | None, found: Any) -> None:
        raw = orjson.dumps(found, option=orjson.OPT_SORT_KEYS)[:HEAD]
        if (await self._collector.refuse(refusal, raw, ("dicomweb",))).full:
            raise OutboxFull

    async def _list(self, session: aiohttp.ClientSession, path: str, **query: str) -> list[Any]:
        """All entries of a list, page by page."""
        out: list[Any] = []
        for page in range(PAGES):
            asked_for = query | {"includefield": "all", "limit": str(PAGE), "offset": str(page * PAGE)}
            entries = await self._get(session, path, asked_for)
            if out and entries and entries[0] == out[0]:
                return out  # a server that knows no offset gives its whole list each time
            out += entries
            if len(entries) < PAGE:
                return out
        log.error("dicomweb_list_cut", adapter_id=self._collector.feed.adapter_id, mend="lower dicomweb_days")
        return out

    async def _get(self, session: aiohttp.ClientSession, path: str, query: dict[str, str]) -> list[Any]:
        async with session.get(f"{self._base}/{path}", params=query, allow_redirects=False) as response:
            if response.status == 204:
                return []
            if response.status != 200:
                raise BadAnswer(f"status {response.status}")
            body = bytearray()
            async for chunk in response.content.iter_chunked(1 << 16):
                body += chunk
                if len(body) > ANSWER_BYTES:
                    raise BadAnswer("too large")
        try:
            entries = orjson.loads(bytes(body))
        except orjson.JSONDecodeError:
            raise BadAnswer("not JSON") from None
        if not isinstance(entries, list):
            raise BadAnswer("not a list")
        return entries
