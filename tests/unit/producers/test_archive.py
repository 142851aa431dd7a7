"""The archive of large originals: sealed, durable, and nothing half-written under a name that counts."""

from pathlib import Path

import pytest

from producers.archive import LARGEST_ON_KAFKA, Archive
from producers.event import Number
from runtime.seal import SealBroken, unseal_at_rest
from tests.lines import KEYS

NUMBER = Number("01001.his", "a" * 16, 7, 2, 3)
NAME = f"01001.his.{'a' * 16}.7.2"
LARGE = b"x" * (LARGEST_ON_KAFKA + 1)


def test_a_small_original_goes_with_its_rejection(tmp_path: Path) -> None:
    assert Archive(tmp_path / "archive").keep(KEYS.seal, NUMBER, LARGE[:-1]) is None
    assert [] == list(tmp_path.iterdir())


def test_a_large_one_lies_sealed_under_its_number(tmp_path: Path) -> None:
    assert f"archive/{NAME}.sealed" == Archive(tmp_path / "archive").keep(KEYS.seal, NUMBER, LARGE)
    (file,) = (tmp_path / "archive").iterdir()
    assert f"{NAME}.sealed" == file.name
    assert b"xxxx" not in file.read_bytes()
    assert LARGE == unseal_at_rest(KEYS.seal, NAME.encode(), file.read_bytes())
    with pytest.raises(SealBroken):
        unseal_at_rest(KEYS.seal, NAME.replace(".2", ".3").encode(), file.read_bytes())


def test_a_number_that_was_rolled_back_is_written_over(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    archive.keep(KEYS.seal, NUMBER, LARGE)
    archive.keep(KEYS.seal, NUMBER, LARGE + b"y")
    (file,) = (tmp_path / "archive").iterdir()
    assert LARGE + b"y" == unseal_at_rest(KEYS.seal, NAME.encode(), file.read_bytes())


def test_what_was_not_finished_has_no_name_that_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_number: int) -> None:
        raise OSError("disk")

    monkeypatch.setattr("producers.archive.os.fsync", fail)
    with pytest.raises(OSError, match="disk"):
        Archive(tmp_path / "archive").keep(KEYS.seal, NUMBER, LARGE)
    assert [] == list((tmp_path / "archive").glob("*.sealed"))
