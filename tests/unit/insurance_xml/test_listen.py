"""Files in a folder: taken HOSO by HOSO, refused whole where they are cut, answered by receipts, once only."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from producers import folder as folders
from producers.adapter import Feed, Incoming, Parsed, Read, Receipt, Refusal
from producers.event import Keys
from producers.insurance_xml import listen
from producers.insurance_xml.bounds import Limits
from producers.insurance_xml.listen import DIALECT
from producers.outbox import Outbox
from runtime import keyring
from runtime.settings import SettingsError
from tests.unit.insurance_xml.files import envelope, hoso, visit
from tests.unit.insurance_xml.telling import FEED

GOOD: Final = envelope(visit("LK-1"), visit("LK-2"))


def reasons(reads: Sequence[Read]) -> list[str]:
    return [read.parsed.reason if isinstance(read.parsed, Refusal) else read.parsed.state_key or "" for read in reads]


@pytest.fixture(params=["held", "streamed"])
def path(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file to be written, read by either of the two ways."""
    if request.param == "streamed":
        monkeypatch.setattr(listen, "HELD", 10)
    return tmp_path / "a.xml"


class TestRead:
    def test_a_message_per_dossier(self, path: Path) -> None:
        path.write_bytes(GOOD)
        reads = list(DIALECT.read(path, FEED))
        assert ["LK-1", "LK-2"] == reasons(reads)
        for index, read in enumerate(reads, 1):
            assert isinstance(read.parsed, Parsed)
            assert f"a.xml\x1f{index}" == read.parsed.message_id
            again = DIALECT.translator.parse(read.raw, FEED)
            assert isinstance(again, Parsed)
            assert read.parsed.state_key == again.state_key

    def test_of_a_file_that_is_cut_nothing_is_taken(self, path: Path) -> None:
        path.write_bytes(GOOD[: GOOD.rindex(b"</HOSO>")])
        (read,) = DIALECT.read(path, FEED)
        assert ["xml_not_well_formed"] == reasons([read])

    @pytest.mark.parametrize(
        ("reason", "raw"),
        [
            ("xml_facility", envelope(visit(), facility="01998")),
            ("xml_no_facility", envelope(visit(), facility="")),
            ("xml_root", b"<Bundle/>"),
            ("xml_not_well_formed", b""),
            ("xml_entities", b"<!DOCTYPE GIAMDINHHS>" + GOOD),
            ("xml_no_dossier", envelope()),
        ],
    )
    def test_faults_of_the_whole_file(self, reason: str, raw: bytes, path: Path) -> None:
        path.write_bytes(raw)
        assert [reason] == reasons(list(DIALECT.read(path, FEED)))

    def test_a_wrong_count_leaves_the_dossiers_standing(self, path: Path) -> None:
        path.write_bytes(envelope(visit("LK-1"), count="2"))
        reads = list(DIALECT.read(path, FEED))
        assert ["LK-1", "xml_count"] == reasons(reads)
        assert b"01999 20261123 2 HOSO" == reads[-1].raw

    def test_the_original_of_a_faulty_file(self, path: Path) -> None:
        path.write_bytes(GOOD[:-20])
        (read,) = DIALECT.read(path, FEED)
        if listen.HELD > 10:
            assert GOOD[:-20] == read.raw
        else:
            assert read.raw.startswith(b"sha256 ")
            assert read.raw.endswith(f" of a file of {len(GOOD) - 20} bytes".encode())

    def test_a_folder_of_any_facility(self, path: Path) -> None:
        path.write_bytes(GOOD)
        assert ["LK-1", "LK-2"] == reasons(list(DIALECT.read(path, Feed("any", "", "HIS", "insurance_xml"))))

    def test_a_missing_file_is_the_worlds_fault(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            list(DIALECT.read(tmp_path / "none.xml", FEED))


class Taking:
    """A taker with a real outbox; after `fails_after` messages the process is gone."""

    def __init__(self, data: Path, ring: keyring.Keyring, fails_after: int | None = None) -> None:
        keys = {"01999": Keys.of(ring, "01999")}
        self.outbox = Outbox(data, keys, {"insurance_xml": DIALECT.translator}, limit=900_000, max_bytes=1 << 30)
        self.receipts: list[Receipt] = []
        self._left = fails_after

    async def take(self, incoming: Incoming) -> Receipt:
        if self._left == 0:
            await asyncio.Event().wait()
        self._left = self._left and self._left - 1
        (receipt,) = self.outbox.take([incoming])
        self.receipts.append(receipt)
        return receipt


def feed_of(folder: Path) -> Feed:
    options = listen.Options(folder=folder, renamed=True, settle_seconds=1, poll_seconds=0.01)
    return Feed("01999.his", "01999", "HIS", "insurance_xml", options=options.model_dump())


async def until_moved(folder: Path, name: str) -> Path:
    async with asyncio.timeout(20):
        while True:
            for place in (folders.DONE, folders.REFUSED):
                if (folder / place / name).exists():
                    return folder / place / name
            await asyncio.sleep(0.01)


async def run(folder: Path, taking: Taking, *names: str) -> list[Path]:
    (listener,) = DIALECT.listen([feed_of(folder)], taking)
    await listener.start()
    moved = [await until_moved(folder, name) for name in names]
    await listener.stop()
    return moved


def receipt_of(moved: Path) -> str:
    return moved.with_name(moved.name + folders.RECEIPT).read_text(encoding="utf-8")


class TestFolder:
    async def test_files_are_moved_and_answered_in_both_languages(self, tmp_path: Path) -> None:
        inbox = tmp_path / "in"
        inbox.mkdir()
        (inbox / "good.xml").write_bytes(GOOD)
        (inbox / "bad.XML").write_bytes(envelope(visit("LK-3"), hoso(("XML1", "không phải base64"))))
        taking = Taking(tmp_path / "data", keyring.create(["01999"]))
        good, bad = await run(inbox, taking, "good.xml", "bad.XML")
        assert (folders.DONE, folders.REFUSED) == (good.parent.name, bad.parent.name)
        assert receipt_of(good).startswith("2 hồ sơ: 2 đã nhận, 0 có lỗi\n2 dossiers: 2 accepted, 0 with faults\n")
        assert "encounter, prescription, observation" in receipt_of(good)
        assert "base64 HOSO[2]/XML1" in receipt_of(bad)
        for text in ("Mã hoá lại phần này bằng base64", "Encode this part again as base64"):
            assert text in receipt_of(bad)
        for moved in (good, bad):
            assert "LK-" not in receipt_of(moved)
            assert "Hư Cấu" not in receipt_of(moved)
        taking.outbox.close()

    async def test_files_are_read_in_file_time_order(self, tmp_path: Path) -> None:
        inbox = tmp_path / "in"
        inbox.mkdir()
        for stamp, name in ((3, "a.xml"), (1, "b.xml"), (2, "c.xml")):
            (inbox / name).write_bytes(envelope(visit(f"LK-{name[0]}")))
            os.utime(inbox / name, ns=(stamp, stamp))
        taking = Taking(tmp_path / "data", keyring.create(["01999"]))
        moved = await run(inbox, taking, "b.xml", "c.xml", "a.xml")
        numbers = [receipt_of(path).split("number ")[1].splitlines()[0] for path in moved]
        assert ["1", "2", "3"] == numbers
        taking.outbox.close()

    @pytest.mark.parametrize("held", [1, folders.HELD_BYTES])
    async def test_a_file_of_many_dossiers_is_taken_in_order(
        self, held: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(folders, "HELD_BYTES", held)
        inbox = tmp_path / "in"
        inbox.mkdir()
        numbers = [f"LK-{n}" for n in range(2 * folders.AT_ONCE + 3)]
        (inbox / "a.xml").write_bytes(envelope(*map(visit, numbers)))
        taking = Taking(tmp_path / "data", keyring.create(["01999"]))
        (moved,) = await run(inbox, taking, "a.xml")
        assert list(range(1, len(numbers) + 1)) == [receipt.sequence for receipt in taking.receipts]
        assert receipt_of(moved).startswith(f"{len(numbers)} hồ sơ: {len(numbers)} đã nhận")
        taking.outbox.close()

    async def test_after_a_crash_in_the_middle_the_first_receipts_are_given_again(self, tmp_path: Path) -> None:
        inbox, ring = tmp_path / "in", keyring.create(["01999"])
        inbox.mkdir()
        (inbox / "a.xml").write_bytes(envelope(visit("LK-1"), visit("LK-2"), visit("LK-3")))
        crashed = Taking(tmp_path / "data", ring, fails_after=2)
        (listener,) = DIALECT.listen([feed_of(inbox)], crashed)
        await listener.start()
        async with asyncio.timeout(20):
            while len(crashed.receipts) < 2:
                await asyncio.sleep(0.01)
        stopping = asyncio.create_task(listener.stop())  # never ends: the third message is in hand
        crashed.outbox.close()
        again = Taking(tmp_path / "data", ring)
        (moved,) = await run(inbox, again, "a.xml")
        assert [1, 2, 3] == [receipt.sequence for receipt in again.receipts]
        assert [True, True, False] == [receipt.retransmission for receipt in again.receipts]
        assert crashed.receipts[0].documents == again.receipts[0].documents
        assert 2 == receipt_of(moved).count("sent again")
        stopping.cancel()
        again.outbox.close()

    def test_a_feed_needs_a_folder_of_its_own(self, tmp_path: Path) -> None:
        taking = Taking(tmp_path / "data", keyring.create(["01999"]))
        nowhere = Feed("01999.ris", "01999", "RIS", "insurance_xml")
        with pytest.raises(SettingsError, match=r"01999\.ris: options\.folder is needed"):
            DIALECT.listen([nowhere], taking)
        with pytest.raises(SettingsError, match="another feed's too"):
            DIALECT.listen([feed_of(tmp_path), replace(feed_of(tmp_path / "x" / ".."), adapter_id="other")], taking)
        taking.outbox.close()


def test_a_dossier_that_is_too_large_is_refused_and_the_others_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "DEFAULT", Limits(dossier=4_000))
    large = hoso(*(("XML2", "<![CDATA[<A>" + "x" * 900 + "</A>]]>") for _ in range(5)))
    path = tmp_path / "a.xml"
    path.write_bytes(envelope(visit("LK-1"), large, visit("LK-3")))
    first, middle, last = DIALECT.read(path, FEED)
    assert ["LK-1", "", "LK-3"] == reasons([first, middle, last])
    assert isinstance(middle.parsed, Parsed)
    (refusal,) = DIALECT.translator.translate(None, middle.parsed, FEED).outcomes
    assert isinstance(refusal, Refusal)
    assert ("too_large", "HOSO[2]") == (refusal.reason, refusal.place)
    assert b"" == middle.raw
