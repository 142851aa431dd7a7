"""A folder of DICOM: collected per study, told when still, again when it grows; the file moves last."""

from pathlib import Path
from typing import Any

import pytest

from producers.dicom import file
from producers.dicom.listen import DIALECT, DicomFeed
from tests.unit.dicom.feed import Taken, feed, until
from tests.unit.dicom.files import SHIPPED, STUDY, image


class Running:
    """A feed that watches `folder`, for the length of a `with`."""

    def __init__(self, tmp_path: Path, taken: Taken, **options: Any) -> None:
        self.folder = tmp_path / "in"
        self.folder.mkdir(exist_ok=True)
        self._feed = DicomFeed(feed(tmp_path / "data", folder=self.folder, **options), taken)

    async def __aenter__(self) -> Path:
        await self._feed.start()
        return self.folder

    async def __aexit__(self, *_: object) -> None:
        await self._feed.stop()


async def test_files_of_all_subfolders_become_one_study(tmp_path: Path) -> None:
    taken = Taken()
    running = Running(tmp_path, taken)
    for number in range(5):
        path = running.folder / f"day/{number}" / ("image.dcm" if number % 2 else f"1.2.{number}")
        path.parent.mkdir(parents=True)
        path.write_bytes(image(number))
    async with running as folder:
        await until(lambda: [5] == [one.body["instance_count"] for one in taken.studies()[-1:]])
        assert 5 == len([path for path in (folder / "done").rglob("*") if path.is_file()])
    assert ("study", STUDY) == taken.messages[0].origin


async def test_a_study_that_grows_is_told_again(tmp_path: Path) -> None:
    taken = Taken()
    async with Running(tmp_path, taken) as folder:
        (folder / "1.dcm").write_bytes(image(1))
        await until(lambda: len(taken.messages) == 1)
        (folder / "2.dcm").write_bytes(image(2))
        await until(lambda: len(taken.messages) == 2)
    assert [1, 2] == [document.body["instance_count"] for document in taken.studies()]


async def test_refused_files_have_a_receipt(tmp_path: Path) -> None:
    taken = Taken()
    async with Running(tmp_path, taken) as folder:
        (folder / "bad.dcm").write_bytes(b"this is no image" * 9)
        (folder / "cut.dcm").write_bytes(image(PixelData=b"\xab" * 4096)[:-2000])
        await until(lambda: len(list((folder / "refused").glob("*.receipt.txt"))) == 2)
        await until(lambda: not (folder / "cut.dcm").exists() and not (folder / "bad.dcm").exists())
        assert "dicom_truncated" in (folder / "refused/cut.dcm.receipt.txt").read_text(encoding="utf-8")
    assert {"dicom_not_dicom", "dicom_truncated"} == set(taken.reasons())
    assert not any(b"\xab\xab" in message.raw for message in taken.messages)


async def test_a_directory_is_numbered_and_done(tmp_path: Path) -> None:
    taken = Taken()
    directory = next(path for path in SHIPPED if path.name == "DICOMDIR")
    async with Running(tmp_path, taken) as folder:
        (folder / "DICOMDIR").write_bytes(directory.read_bytes())
        await until(lambda: (folder / "done/DICOMDIR").exists())
    assert 1 == len(taken.messages)


async def test_other_files_are_left_alone(tmp_path: Path) -> None:
    taken = Taken()
    async with Running(tmp_path, taken) as folder:
        (folder / "readme.txt").write_text("x")
        (folder / ".hidden").write_bytes(image(1))
        (folder / "link").symlink_to(folder / "readme.txt")
        (folder / "a.dcm").write_bytes(image(2))
        await until(lambda: (folder / "done/a.dcm").exists())
        assert {"readme.txt", ".hidden", "link", "done", "refused"} == {path.name for path in folder.iterdir()}


async def test_the_same_name_again_keeps_both(tmp_path: Path) -> None:
    taken = Taken()
    async with Running(tmp_path, taken) as folder:
        for number in (1, 2):
            (folder / "a.dcm").write_bytes(image(number))
            await until(lambda: not (folder / "a.dcm").exists())
        assert {"a.dcm", "a.dcm.2"} == {path.name for path in (folder / "done").iterdir()}


async def test_a_full_outbox_leaves_everything_where_it_is(tmp_path: Path) -> None:
    taken = Taken()
    taken.full = True
    async with Running(tmp_path, taken) as folder:
        (folder / "bad.dcm").write_bytes(b"this is no image" * 9)
        (folder / "good.dcm").write_bytes(image(1))
        await until(lambda: (folder / "done/good.dcm").exists())
        assert (folder / "bad.dcm").exists()
        assert [] == taken.messages
    taken.full = False
    async with Running(tmp_path, taken) as folder:
        await until(lambda: len(taken.messages) == 2)
    assert 1 == len(taken.studies())


async def test_a_file_that_cannot_be_read_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_path = file.read_path

    def failing(path: Path, *args: Any) -> Any:
        if path.name == "locked.dcm":
            raise PermissionError
        return read_path(path, *args)

    monkeypatch.setattr(file, "read_path", failing)
    taken = Taken()
    async with Running(tmp_path, taken) as folder:
        (folder / "locked.dcm").write_bytes(image(1))
        (folder / "good.dcm").write_bytes(image(2))
        await until(lambda: len(taken.messages) == 1)
        assert (folder / "locked.dcm").exists()


async def test_what_is_not_still_is_told_after_the_next_start(tmp_path: Path) -> None:
    taken = Taken()
    async with Running(tmp_path, taken, still_seconds=3_600) as folder:
        (folder / "a.dcm").write_bytes(image(1))
        await until(lambda: (folder / "done/a.dcm").exists())
    assert [] == taken.messages
    async with Running(tmp_path, taken):
        await until(lambda: len(taken.messages) == 1)


def test_a_feed_needs_a_source_and_a_desk(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="folder, a port or dicomweb"):
        DIALECT.listen([feed(tmp_path)], Taken())
    with pytest.raises(ValueError, match="desk"):
        DIALECT.listen([type(feed(tmp_path))("a", "01999", "PACS", "dicom")], Taken())


def test_each_file_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(image(1))
    (tmp_path / "b").write_bytes(b"nonsense" * 40)
    good, bad = (next(iter(DIALECT.read(tmp_path / name, feed(tmp_path)))) for name in "ab")
    assert DIALECT.translator.parse(good.raw, feed(tmp_path)) == good.parsed
    assert DIALECT.translator.parse(bad.raw, feed(tmp_path)) == bad.parsed
