"""DICOMweb: a PACS is asked for its studies, and again for those that grew. The PACS here is a QIDO-RS service in small."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from aiohttp import web

from producers.dicom import dicomweb
from producers.dicom.listen import DicomFeed
from tests.unit.dicom.feed import Taken, feed, until
from tests.unit.dicom.files import STUDY, dataset

STUDY_TAGS: Final = (
    "00080020",
    "00080030",
    "00080050",
    "00081030",
    "00100010",
    "00100020",
    "00100030",
    "00100040",
    "0020000D",
    "00380010",
)
SERIES_TAGS: Final = ("00080060", "0008103E", "00180015", "0020000E", "00200011")
INSTANCE_TAGS: Final = ("00080016", "00080018", "0020000E")


class Pacs:
    """Answers QIDO-RS for one study; `broken` answers instead of the list of studies."""

    def __init__(self) -> None:
        self.instances = 2
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.broken: web.Response | None = None
        self.headers: list[str] = []

    def _chosen(self, number: int, tags: tuple[str, ...]) -> dict[str, Any]:
        whole = dataset(number).to_json_dict()
        return {tag: whole[tag] for tag in tags if tag in whole}

    async def studies(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, dict(request.query)))
        self.headers.append(request.headers.get("Authorization", ""))
        if self.broken is not None:
            return web.Response(status=self.broken.status, body=self.broken.body)
        if request.query["offset"] != "0":
            return web.Response(status=204)
        study = self._chosen(1, STUDY_TAGS) | {"00201208": {"vr": "IS", "Value": [self.instances]}}
        return web.json_response([study])

    async def series(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, dict(request.query)))
        return web.json_response([self._chosen(1, SERIES_TAGS)])

    async def images(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, dict(request.query)))
        start, limit = int(request.query["offset"]), int(request.query["limit"])
        numbers = range(self.instances)[start : start + limit]
        return web.json_response([self._chosen(number, INSTANCE_TAGS) for number in numbers])


@asynccontextmanager
async def asking(tmp_path: Path, pacs: Pacs, taken: Taken, **options: Any) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_get("/dicom/studies", pacs.studies)
    app.router.add_get(f"/dicom/studies/{STUDY}/series", pacs.series)
    app.router.add_get(f"/dicom/studies/{STUDY}/instances", pacs.images)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    chosen: dict[str, Any] = {"dicomweb": f"http://127.0.0.1:{port}/dicom/", "dicomweb_seconds": 1} | options
    asked = DicomFeed(feed(tmp_path, **chosen), taken)
    await asked.start()
    try:
        yield
    finally:
        await asked.stop()
        await runner.cleanup()


async def test_a_study_is_told_and_told_again_when_it_grew(tmp_path: Path) -> None:
    pacs, taken = Pacs(), Taken()
    async with asking(tmp_path, pacs, taken):
        await until(lambda: len(taken.messages) == 1)
        lists = [path for path, _ in pacs.asked if path.endswith("/instances")]
        pacs.instances = 3
        await until(lambda: len(taken.messages) == 2)
    first, second = taken.studies()
    assert [2, 3] == [first.body["instance_count"], second.body["instance_count"]]
    assert 1 == len(lists)
    assert "Nguyễn Thị Hư Cấu" == first.identity["full_name"]
    assert ("LK-0001", "CT", "CHEST") == (first.visit_number, first.body["modalities"][0], first.body["body_part"])
    assert "PX-4711" == first.narrative["accession_number"]
    assert first.body["size_bytes"] is None


async def test_an_unchanged_study_is_not_asked_for_again(tmp_path: Path) -> None:
    pacs, taken = Pacs(), Taken()
    async with asking(tmp_path, pacs, taken):
        await until(lambda: len([path for path, _ in pacs.asked if path == "/dicom/studies"]) >= 2)
    assert 1 == len([path for path, _ in pacs.asked if path.endswith("/instances")])


async def test_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicomweb, "PAGE", 2)
    pacs, taken = Pacs(), Taken()
    pacs.instances = 5
    async with asking(tmp_path, pacs, taken):
        await until(lambda: bool(taken.messages))
    assert 5 == taken.studies()[-1].body["instance_count"]
    offsets = [query["offset"] for path, query in pacs.asked if path.endswith("/instances")]
    assert ["0", "2", "4"] == offsets[:3]


@pytest.mark.parametrize("broken", [(500, b""), (200, b"not JSON"), (200, b'{"a": 1}'), (302, b"")])
async def test_a_broken_service_is_asked_again(tmp_path: Path, broken: tuple[int, bytes]) -> None:
    pacs, taken = Pacs(), Taken()
    pacs.broken = web.Response(status=broken[0], body=broken[1])
    async with asking(tmp_path, pacs, taken):
        await until(lambda: bool(pacs.asked))
        pacs.broken = None
        await until(lambda: bool(taken.messages))
    assert 1 == len(taken.studies())


async def test_an_answer_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicomweb, "ANSWER_BYTES", 100)
    pacs, taken = Pacs(), Taken()
    async with asking(tmp_path, pacs, taken):
        await until(lambda: len(pacs.asked) >= 2)
    assert [] == taken.messages


async def test_a_study_without_uid_is_a_rejection(tmp_path: Path) -> None:
    pacs, taken = Pacs(), Taken()
    pacs.broken = web.Response(status=200, body=orjson.dumps([{"00080020": {"vr": "DA", "Value": ["20261123"]}}, 7]))
    async with asking(tmp_path, pacs, taken):
        await until(lambda: len(taken.messages) == 2)
    assert ["dicom_no_study", "dicom_no_study"] == taken.reasons()


async def test_a_full_outbox_is_told_later(tmp_path: Path) -> None:
    pacs, taken = Pacs(), Taken()
    taken.full = True
    pacs.broken = web.Response(status=200, body=b"[7]")
    async with asking(tmp_path, pacs, taken):
        await until(lambda: bool(pacs.asked))
        taken.full = False
        await until(lambda: ["dicom_no_study"] == taken.reasons())


async def test_the_token_is_sent(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("made-up\n")
    pacs, taken = Pacs(), Taken()
    async with asking(tmp_path, pacs, taken, dicomweb_token=token):
        await until(lambda: bool(pacs.headers))
    assert "Bearer made-up" == pacs.headers[0]


async def test_only_the_last_days_are_asked_for(tmp_path: Path) -> None:
    pacs, taken = Pacs(), Taken()
    async with asking(tmp_path, pacs, taken, dicomweb_days=0):
        await until(lambda: bool(pacs.asked))
    first, _, last = pacs.asked[0][1]["StudyDate"].partition("-")
    assert first == last
    assert 8 == len(first)
