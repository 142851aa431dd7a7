"""Key pairs, compared and never shown."""

from dataclasses import replace
from pathlib import Path

import pytest

from infra.doctor import keys
from infra.doctor.finding import Finding
from infra.doctor.places import Places
from producers.adapter import Feed
from runtime import keyring
from runtime.keyring import Keyring
from runtime.settings import AdapterSettings, WorkerSettings, load

CODES = ["01001", "01002"]


@pytest.fixture
def city() -> Keyring:
    return keyring.create(CODES)


def levels(found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.subject, one.level.value) for one in found]


def test_pairs_that_fit(city: Keyring) -> None:
    ring = city.only(CODES)
    assert [] == levels(keys.adapters(ring, CODES))
    assert [("processor", "ok")] == levels(keys.workers(city))
    assert [("pairs", "ok")] == levels(keys.pairs(ring, city, CODES))


def test_a_facility_without_keys_is_named(city: Keyring) -> None:
    found = keys.adapters(city.only(CODES[:1]), CODES)
    assert [("adapter", "failed")] == levels(found)
    assert "01002" in found[0].en


def test_an_adapter_must_not_hold_the_citys_keys(city: Keyring) -> None:
    assert [("adapter", "failed")] == levels(keys.adapters(city, CODES))


def test_a_worker_needs_the_citys_keys(city: Keyring) -> None:
    (found,) = keys.workers(city.only(CODES))
    assert "worker, replay, citizen" in found.en


def test_keys_that_differ_are_told_and_not_shown(city: Keyring) -> None:
    other = keyring.create(CODES)
    found = keys.pairs(other.only(CODES), city, CODES)
    assert [("pairs", "failed"), ("pairs", "failed")] == levels(found)
    said = repr(found)
    for ring in (city, other):
        assert not any(key.hex() in said for key in ring.pseudonym.values())
        assert not any(key.secret.hex() in said for key in ring.seal.values())


def test_a_rotated_key_that_the_worker_does_not_know(city: Keyring) -> None:
    newer = keyring.create(CODES[:1]).sealing("01001")
    rotated = replace(newer, id="01001-2")
    adapter = Keyring({**city.only(CODES).seal, rotated.id: rotated}, city.only(CODES).pseudonym)
    found = keys.pairs(adapter, city, CODES)
    assert [("pairs", "failed")] == levels(found)
    assert "01001" in found[0].en
    assert "01002" not in found[0].en


def test_files_missing_or_open_to_others(city: Keyring, tmp_path: Path) -> None:
    keyring.save(city, tmp_path / "city.json")
    (tmp_path / "city.json").chmod(0o640)
    feed = {"facility": "01001", "system": "HIS", "dialect": "hl7v2"}
    common = {"kafka": "k:1", "data": tmp_path}
    places = Places(
        load(AdapterSettings, None, **common, keyring=tmp_path / "none.json", feeds=[feed]),
        load(WorkerSettings, None, **common, keyring=tmp_path / "city.json", redis="redis://r"),
        feeds=[Feed("01001.HIS", "01001", "HIS", "hl7v2", "treatment", "law", {})],
    )
    found = keys.examine(places)
    assert [("adapter", "failed"), ("processor", "failed"), ("processor", "ok")] == levels(found)
    assert "chmod 600" in found[1].mend_en
