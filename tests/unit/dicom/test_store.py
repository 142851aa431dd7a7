"""C-STORE: acknowledged when the metadata is durable; refusals are numbered; pixel data is not kept."""

import asyncio
from pathlib import Path
from typing import Any, Final

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association

from producers.dicom.listen import DicomFeed
from tests.unit.dicom.feed import Taken, feed, until
from tests.unit.dicom.files import CT, dataset

VERIFICATION: Final = "1.2.840.10008.1.1"


class Serving:
    """A feed that listens on a free port, for the length of a `with`."""

    def __init__(self, tmp_path: Path, taken: Taken, **options: Any) -> None:
        self._feed = DicomFeed(feed(tmp_path, port=0, **options), taken)

    async def __aenter__(self) -> int:
        await self._feed.start()
        assert self._feed.store is not None
        return self._feed.store.port

    async def __aexit__(self, *_: object) -> None:
        await self._feed.stop()


def connect(
    port: int, called: str = "LIVINGDATA", calling: str = "MODALITY", syntax: str = ExplicitVRLittleEndian
) -> Association:
    entity = AE(calling)
    entity.add_requested_context(CT, syntax)
    entity.add_requested_context(VERIFICATION)
    return entity.associate("127.0.0.1", port, ae_title=called)


def send(port: int, *datasets: Dataset, syntax: str = ExplicitVRLittleEndian) -> list[int]:
    """The statuses; -1 where the association ended."""
    association = connect(port, syntax=syntax)
    assert association.is_established
    answers = [association.send_c_store(one) for one in datasets]
    association.release()
    return [answer.Status if "Status" in answer else -1 for answer in answers]


def sendable(number: int, **changes: Any) -> Dataset:
    made = dataset(number, **changes)
    made.ensure_file_meta()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


async def test_instances_become_a_study(tmp_path: Path) -> None:
    taken = Taken()
    async with Serving(tmp_path, taken) as port:
        assert [0, 0, 0] == await asyncio.to_thread(send, port, *(sendable(n) for n in (1, 2, 3)))
        await until(lambda: [3] == [one.body["instance_count"] for one in taken.studies()[-1:]])
    document = taken.studies()[-1]
    assert "Nguyễn Thị Hư Cấu" == document.identity["full_name"]


async def test_implicit_little_endian(tmp_path: Path) -> None:
    taken = Taken()
    async with Serving(tmp_path, taken) as port:
        made = dataset(1)
        made.ensure_file_meta()
        made.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        assert [0] == await asyncio.to_thread(lambda: send(port, made, syntax=ImplicitVRLittleEndian))
        await until(lambda: bool(taken.messages))
    assert 1 == len(taken.studies())


async def test_echo(tmp_path: Path) -> None:
    def echo(port: int) -> int:
        association = connect(port)
        status = association.send_c_echo().Status
        association.release()
        return int(status)

    async with Serving(tmp_path, Taken()) as port:
        assert 0 == await asyncio.to_thread(echo, port)


async def test_a_bad_instance_is_refused_and_numbered(tmp_path: Path) -> None:
    taken = Taken()
    async with Serving(tmp_path, taken) as port:
        bad = sendable(1, StudyInstanceUID=None, PixelData=b"\xab" * 512)
        assert [0xC000, 0] == await asyncio.to_thread(send, port, bad, sendable(2))
        await until(lambda: len(taken.messages) == 2)
    assert ["dicom_no_study"] == taken.reasons()
    assert not any(b"\xab\xab" in message.raw for message in taken.messages)


async def test_a_full_outbox_and_a_full_spool_ask_to_try_again(tmp_path: Path) -> None:
    taken = Taken()
    taken.full = True
    async with Serving(tmp_path, taken, spool_bytes=1 << 20) as port:
        assert [0xA700] == await asyncio.to_thread(send, port, sendable(1, StudyInstanceUID=None))
        long = ("PatientComments", "AdditionalPatientHistory", "ReasonForStudy", "StudyDescription", "PatientAddress")
        big = [sendable(n, **dict.fromkeys(long, "x" * 16_000)) for n in range(20)]
        statuses = await asyncio.to_thread(send, port, *big)
        assert {0, 0xA700} == set(statuses)


async def test_titles(tmp_path: Path) -> None:
    async with Serving(tmp_path, Taken(), peers=["MODALITY"]) as port:
        for called, calling in (("OTHER", "MODALITY"), ("LIVINGDATA", "STRANGER")):
            association = await asyncio.to_thread(connect, port, called, calling)
            assert association.is_rejected
        assert [0] == await asyncio.to_thread(send, port, sendable(1))


async def test_an_instance_without_end_is_cut_off(tmp_path: Path) -> None:
    taken = Taken()
    async with Serving(tmp_path, taken, instance_bytes=1 << 20) as port:
        assert [-1] == await asyncio.to_thread(send, port, sendable(1, PixelData=bytes(8 << 20)))
        assert [0] == await asyncio.to_thread(send, port, sendable(2))
        await until(lambda: bool(taken.messages))
    assert [1] == [document.body["instance_count"] for document in taken.studies()]


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\n\r\n", bytes(200), b"\x01\x00\xff\xff\xff\xff"])
async def test_noise_does_not_stop_it(tmp_path: Path, noise: bytes) -> None:
    async with Serving(tmp_path, Taken()) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(noise)
        await writer.drain()
        writer.close()
        assert [0] == await asyncio.to_thread(send, port, sendable(1))
