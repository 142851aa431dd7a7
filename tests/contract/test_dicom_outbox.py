"""DICOM through the real spool and the real outbox: numbered once, sealed, whole, versions that grow."""

import sqlite3
from pathlib import Path
from typing import Any, Final

import orjson

from producers.adapter import Incoming, Parsed, Receipt
from producers.dicom.listen import DIALECT, DicomFeed
from producers.event import Keys
from producers.outbox import Outbox, unpack
from runtime.seal import HEADER, unseal
from schemas import codec, registry
from tests.unit.dicom.feed import RING, feed, until
from tests.unit.dicom.files import CITIZEN, STUDY, image

SECRETS: Final = (CITIZEN, "BN-77", "LK-0001", "PX-4711", STUDY, "DN4999900000001", "Thị Hư Cấu", "19850312")


class Adapter:
    """An outbox of one feed; `receipts` are what was answered, in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "in"
        self.folder.mkdir(exist_ok=True)
        self.feed = feed(folder, folder=self.folder)
        self.outbox = Outbox(
            folder, {"01999": Keys.of(RING, "01999")}, {"dicom": DIALECT.translator}, limit=900_000, max_bytes=1 << 30
        )
        self.receipts: list[Receipt] = []

    async def take(self, incoming: Incoming) -> Receipt:
        (receipt,) = self.outbox.take([incoming])
        self.receipts.append(receipt)
        return receipt

    def records(self) -> list[tuple[str, bytes, bytes, bytes]]:
        with sqlite3.connect(self.outbox.path) as db:
            return db.execute("SELECT topic, key, value, headers FROM record ORDER BY id").fetchall()

    def events(self) -> list[dict[str, Any]]:
        made = []
        for _, _, value, _ in self.records():
            framed = codec.unframe(value)
            assert framed is not None
            coder = registry.codec(framed[0])
            assert coder is not None
            made.append(coder.decode(framed[1]))
        return made

    def sealed(self) -> list[dict[str, Any]]:
        key = Keys.of(RING, "01999").seal
        return [
            registry.SEALED.decode(unseal(key, dict(unpack(headers))[HEADER], value[codec.FRAME_BYTES :]))
            for _, _, value, headers in self.records()
        ]


async def test_a_study_grows_through_the_outbox(tmp_path: Path) -> None:
    adapter = Adapter(tmp_path)
    serving = DicomFeed(adapter.feed, adapter)
    await serving.start()
    (adapter.folder / "1.dcm").write_bytes(image(1))
    await until(lambda: len(adapter.receipts) == 1)
    (adapter.folder / "2.dcm").write_bytes(image(2))
    await until(lambda: len(adapter.receipts) == 2)
    await serving.stop()

    first, second = adapter.events()
    assert [1, 2] == [first["instance_count"], second["instance_count"]]
    assert first["document_id"] == second["document_id"]
    assert first["version"] < second["version"]
    assert first["content_hash"] != second["content_hash"]
    assert ("imaging", "01999", "PACS", "dicom") == tuple(first[name] for name in ("kind", "facility", "source_system", "source_format"))  # fmt: skip
    assert (1, 1, 0) == (first["rows_read"], first["rows_used"], first["rows_unmapped"])
    assert not second["partial"]
    assert "███" in first["description"]
    opened = adapter.sealed()[0]
    assert ("Nguyễn Thị Hư Cấu", CITIZEN) == (opened["identity"]["full_name"], opened["identity"]["citizen_id"])
    assert (STUDY, "PX-4711") == (opened["narrative"]["study_uid"], opened["narrative"]["accession_number"])


async def test_nothing_of_a_person_leaves_unsealed(tmp_path: Path) -> None:
    adapter = Adapter(tmp_path)
    serving = DicomFeed(adapter.feed, adapter)
    await serving.start()
    (adapter.folder / "1.dcm").write_bytes(image(1))
    (adapter.folder / "cut.dcm").write_bytes(image(2)[:-8])
    await until(lambda: len(adapter.receipts) == 2)
    await serving.stop()
    adapter.outbox.close()
    stored = b"".join(
        path.read_bytes() for path in tmp_path.rglob("*") if "in" not in path.parts[-3:] and path.is_file()
    )
    shown = stored + b"".join(value + headers for _, _, value, headers in adapter.records())
    shown += repr(adapter.receipts).encode()
    for secret in SECRETS:
        assert secret.encode() not in shown


async def test_the_same_snapshot_again_gets_no_new_number(tmp_path: Path) -> None:
    """As after a crash between the outbox's write and the spool's."""
    adapter = Adapter(tmp_path)
    (adapter.folder / "1.dcm").write_bytes(image(1))
    for _ in range(2):
        serving = DicomFeed(adapter.feed, adapter)
        await serving.start()
        count = len(adapter.receipts) + 1
        await until(lambda wanted=count: len(adapter.receipts) == wanted)  # type: ignore[misc]
        await serving.stop()
        (adapter.folder / "1.dcm").write_bytes(image(1))
    assert [False, True] == [receipt.retransmission for receipt in adapter.receipts]
    assert [1, 1] == [receipt.sequence for receipt in adapter.receipts]


async def test_a_study_whose_state_was_lost_is_partial(tmp_path: Path) -> None:
    adapter = Adapter(tmp_path)
    serving = DicomFeed(adapter.feed, adapter)
    await serving.start()
    (adapter.folder / "1.dcm").write_bytes(image(1))
    await until(lambda: len(adapter.receipts) == 1)
    adapter.outbox.purge(1 << 50)
    (adapter.folder / "2.dcm").write_bytes(image(2))
    await until(lambda: len(adapter.receipts) == 2)
    await serving.stop()
    assert [False, True] == [event["partial"] for event in adapter.events()]


def test_files_one_by_one(tmp_path: Path) -> None:
    """As `adapter check` and a backfill read them: each file is a message, the state makes the study whole."""
    adapter = Adapter(tmp_path)
    for number in range(3):
        path = tmp_path / f"{number}"
        path.write_bytes(image(number))
        for read in DIALECT.read(path, adapter.feed):
            assert isinstance(read.parsed, Parsed)
            incoming = Incoming(adapter.feed, read.parsed, read.raw, (path.name, "1"), 1_795_400_000_000 + number)
            assert adapter.outbox.take([incoming])[0].accepted
    assert [1, 2, 3] == [event["instance_count"] for event in adapter.events()]
    assert orjson.dumps(adapter.events()[-1])
