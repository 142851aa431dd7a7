"""Instances wait sealed for their study to be still; nothing acknowledged is lost."""

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from producers.adapter import Parsed
from producers.dicom import study as studies
from producers.dicom.spool import Pending, Spool, SpoolFull
from producers.dicom.study import Study
from producers.dicom.translate import TRANSLATOR
from runtime import keyring
from runtime.keyring import Keyring
from tests.unit.dicom.feed import RING, feed
from tests.unit.dicom.files import CITIZEN, STUDY, image

MANY: Final = 1 << 30


def instance(number: int, study: str = STUDY) -> Study:
    read = TRANSLATOR.parse(image(number, study=study), feed(Path()))
    assert isinstance(read, Parsed)
    made: Study = read.content.study
    return made


def spool(folder: Path, ring: Keyring = RING, max_bytes: int = MANY) -> Spool:
    made = feed(folder, ring)
    assert made.desk is not None
    return Spool(made, made.desk, max_bytes)


def pending(kept: Spool, key: str) -> Pending:
    made = kept.pending(key)
    assert made is not None
    return made


def test_a_study_is_ripe_when_still_or_old(tmp_path: Path) -> None:
    kept = spool(tmp_path)
    kept.keep([instance(1)], 1_000)
    kept.keep([instance(2)], 2_000)
    assert [] == kept.ripe(still_since=1_999, first_before=999)
    assert 1 == len(kept.ripe(still_since=2_000, first_before=0))
    assert 1 == len(kept.ripe(still_since=0, first_before=1_000))


def test_what_is_told_leaves_and_what_came_since_stays(tmp_path: Path) -> None:
    kept = spool(tmp_path)
    kept.keep([instance(1), instance(2)], 1)
    (key,) = kept.ripe(1, 0)
    first = pending(kept, key)
    kept.keep([instance(3)], 2)
    assert 2 == studies.instances(first.study)
    assert not first.known
    kept.told(first, 3)
    second = pending(kept, key)
    assert 1 == studies.instances(second.study)
    assert second.known
    kept.told(second, 4)
    assert [] == kept.ripe(9, 9)
    assert kept.pending(key) is None


def test_studies_are_apart_and_oldest_first(tmp_path: Path) -> None:
    kept = spool(tmp_path)
    kept.keep([instance(1, f"{STUDY}.8"), instance(1, f"{STUDY}.7")], 1)
    assert [f"{STUDY}.8", f"{STUDY}.7"] == [pending(kept, key).study["uid"] for key in kept.ripe(1, 0)]


def test_it_survives_a_restart_and_a_new_key(tmp_path: Path) -> None:
    kept = spool(tmp_path)
    kept.keep([instance(1)], 1)
    kept.close()
    newer = keyring.create(["01999"]).seal["01999-1"]
    rotated = replace(RING, seal={**RING.seal, "01999-2": replace(newer, id="01999-2")})
    again = spool(tmp_path, rotated)
    again.keep([instance(2)], 2)
    (key,) = again.ripe(2, 0)
    assert 2 == studies.instances(pending(again, key).study)


def test_without_its_key_a_study_stays(tmp_path: Path) -> None:
    kept = spool(tmp_path)
    kept.keep([instance(1)], 1)
    kept.close()
    lost = spool(tmp_path, replace(keyring.create(["01999"]), pseudonym=RING.pseudonym))
    (key,) = lost.ripe(1, 0)
    assert lost.pending(key) is None
    assert [] == lost.ripe(1, 0)
    lost.close()
    assert [key] == spool(tmp_path).ripe(1, 0)


def test_nothing_is_unsealed(tmp_path: Path) -> None:
    kept = spool(tmp_path)
    kept.keep([instance(1)], 1)
    kept.close()
    data = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (STUDY, CITIZEN, "BN-77", "Nguyễn", "PX-4711"):
        assert secret.encode() not in data


def test_full(tmp_path: Path) -> None:
    kept = spool(tmp_path, max_bytes=1)
    with pytest.raises(SpoolFull):
        kept.keep([instance(1)], 1)
    assert [] == kept.ripe(9, 9)


def test_a_failing_disk_tells_every_caller(tmp_path: Path) -> None:
    kept = spool(tmp_path)
    kept.close()
    with pytest.raises(sqlite3.Error):
        kept.keep([instance(1)], 1)


def test_many_threads(tmp_path: Path) -> None:
    kept = spool(tmp_path)
    instances = [instance(number) for number in range(40)]
    threads = [threading.Thread(target=kept.keep, args=([one], 1)) for one in instances]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (key,) = kept.ripe(1, 0)
    assert 40 == studies.instances(pending(kept, key).study)
