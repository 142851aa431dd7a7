"""Whoever means ill to the C-STORE listener is answered as DICOM has it (A-ABORT, a status), and the others are served."""

import asyncio
import ssl
from pathlib import Path
from typing import Any, Final

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pynetdicom import AE

from producers.dicom import bounded, store
from tests.unit.dicom.feed import Taken, until
from tests.unit.dicom.files import CT
from tests.unit.dicom.test_store import Serving, connect, send, sendable
from tests.unit.hl7v2.test_listen import certificate

pytestmark = pytest.mark.slow

ABORT: Final = 7


async def answer(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """What is said before the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = asyncio.create_task(reader.read(10))
    try:
        async with asyncio.timeout(20):
            for piece in pieces:
                if not said.done():
                    writer.write(piece)
                    await asyncio.sleep(pause)
            return await said
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_a_pdu_of_four_gigabytes_is_aborted_when_it_is_announced(tmp_path: Path) -> None:
    async with Serving(tmp_path, Taken()) as port:
        for kind in (1, 4):
            assert ABORT == (await answer(port, bytes((kind, 0)) + b"\xff\xff\xff\xff"))[0]
        assert [0] == await asyncio.to_thread(send, port, sendable(1))


async def test_a_pdu_that_never_ends_is_aborted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "IDLE_SECONDS", 0.3)
    async with Serving(tmp_path, Taken()) as port:
        request = bytes((1, 0, 0, 0, 1, 0)) + bytes(64)
        dripping = [request[at : at + 1] for at in range(len(request))]
        assert ABORT == (await answer(port, *dripping, pause=0.01))[0]


async def test_silent_connections_are_bounded_and_the_others_are_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "SPARE", 5)
    monkeypatch.setattr(store, "ASKING_SECONDS", 1)
    async with Serving(tmp_path, Taken(), associations=4) as port:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(12)]
        ended = [asyncio.create_task(reader.read()) for reader, _ in silent]
        await until(lambda: sum(task.done() for task in ended) >= 3)
        for _, writer in silent:
            writer.close()
        async with asyncio.timeout(20):  # until their threads are gone
            while not (association := await asyncio.to_thread(connect, port)).is_established:
                await asyncio.sleep(0.05)
        await asyncio.to_thread(association.release)


async def test_sequences_without_end_are_a_status_of_that_instance(tmp_path: Path) -> None:
    deep = Dataset()
    for _ in range(60):
        outer = Dataset()
        outer.ReferencedStudySequence = Sequence([deep])
        outer["ReferencedStudySequence"].is_undefined_length = True
        outer.is_undefined_length_sequence_item = True
        deep = outer
    taken = Taken()
    async with Serving(tmp_path, taken) as port:
        bad = sendable(1)
        bad.add(deep["ReferencedStudySequence"])
        assert [0xC000, 0] == await asyncio.to_thread(send, port, bad, sendable(2))
    assert ["dicom_too_deep"] == taken.reasons()


def tls_files(folder: Path) -> dict[str, Any]:
    authority = certificate(folder, "authority", None)
    certificate(folder, "server", authority)
    certificate(folder, "client", authority)
    certificate(folder, "stranger", None)
    return {"tls_certificate": folder / "server.pem", "tls_key": folder / "server.key", "tls_peers": folder / "authority.pem"}  # fmt: skip


def sent_over_tls(port: int, folder: Path, name: str) -> int:
    """The status of one instance, -1 where there was no association."""
    context = ssl.create_default_context(cafile=folder / "authority.pem")
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    entity = AE("MODALITY")
    entity.add_requested_context(CT, "1.2.840.10008.1.2.1")
    association = entity.associate("127.0.0.1", port, ae_title="LIVINGDATA", tls_args=(context, "127.0.0.1"))
    if not association.is_established:
        return -1
    status = int(association.send_c_store(sendable(1)).Status)
    association.release()
    return status


async def test_wrong_tls_gets_no_association_and_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded.BoundedServer, "handshake_seconds", 0.5)
    taken = Taken()
    async with Serving(tmp_path, taken, **tls_files(tmp_path)) as port:
        _, silent = await asyncio.open_connection("127.0.0.1", port)
        assert 0 == await asyncio.to_thread(sent_over_tls, port, tmp_path, "client")
        assert -1 == await asyncio.to_thread(sent_over_tls, port, tmp_path, "stranger")
        plain = await answer(port, bytes((1, 0, 0, 0, 0, 80)) + bytes(80))
        assert b"\x02" != plain[:1]  # no A-ASSOCIATE-AC
        silent.close()
        assert 0 == await asyncio.to_thread(sent_over_tls, port, tmp_path, "client")
