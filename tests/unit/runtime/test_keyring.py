"""The keyring: what it holds, who may hold what, and that its file and its mistakes give no secret away."""

import os
import stat
from pathlib import Path
from typing import Any

import orjson
import pytest

from runtime import keyring
from runtime.keyring import WORKER, Keyring, KeyringError, may_speak
from runtime.seal import SealKey
from schemas.numbers import REPLAY

SECRET = "5ec2e7" * 10 + "5ec2"
GOOD: dict[str, Any] = {
    "seal": {"01001-1": {"owner": "01001", "secret": SECRET}},
    "pseudonym": {"01001": SECRET},
    "citizen": SECRET,
}


def write(folder: Path, body: object) -> Path:
    path = folder / "keyring.json"
    path.write_bytes(body if isinstance(body, bytes) else orjson.dumps(body))
    return path


def test_a_city_is_made_saved_and_loaded(tmp_path: Path) -> None:
    made = keyring.create(["01001", "01002"])
    keyring.save(made, tmp_path / "keys" / "city.json")
    loaded = keyring.load(tmp_path / "keys" / "city.json")
    assert made.citizen == loaded.citizen
    assert made.pseudonym == loaded.pseudonym
    assert {"01001-1", "01002-1", "worker-1", "replay-1"} == set(loaded.seal)
    for name in ("01001", "01002", WORKER, REPLAY):
        assert made.sealing(name).secret == loaded.sealing(name).secret


def test_every_secret_is_its_own() -> None:
    made = keyring.create(["01001", "01002"])
    secrets = [key.secret for key in made.seal.values()] + list(made.pseudonym.values()) + [made.citizen]
    assert 7 == len(set(secrets))
    assert {32} == {len(secret) for secret in secrets if secret is not None}


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Also where a file of that name stood open to all, and where an attempt was left unfinished."""
    path = tmp_path / "city.json"
    for left in (path, tmp_path / ".city.json.unfinished"):
        left.write_text("{}")
        left.chmod(0o644)
    before = os.umask(0)
    try:
        keyring.save(keyring.create(["01001"]), path)
    finally:
        os.umask(before)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert [path] == list(tmp_path.iterdir())


def test_a_failed_save_keeps_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "city.json"
    keyring.save(keyring.create(["01001"]), path)
    before = path.read_bytes()
    (tmp_path / ".city.json.unfinished").mkdir()
    with pytest.raises(OSError, match="directory"):
        keyring.save(keyring.create(["01001"]), path)
    assert before == path.read_bytes()


def test_a_hospital_holds_only_its_own() -> None:
    mine = keyring.create(["01001", "01002"]).only(["01001"])
    assert {"01001-1"} == set(mine.seal)
    assert {"01001"} == set(mine.pseudonym)
    assert mine.citizen is None
    for other in ("01002", WORKER, REPLAY):
        with pytest.raises(KeyringError, match=f"no seal key for {other}"):
            mine.sealing(other)
    with pytest.raises(KeyringError, match="no pseudonym key for 01002"):
        mine.pseudonym_key("01002")


def test_the_last_key_seals_and_the_older_one_stays(tmp_path: Path) -> None:
    body = GOOD | {"seal": {f"01001-{n}": {"owner": "01001", "secret": f"{n}" * 64} for n in (1, 2)}}
    made = keyring.load(write(tmp_path, body))
    assert "01001-2" == made.sealing("01001").id
    assert bytes.fromhex("1" * 64) == made.seal["01001-1"].secret


def test_without_a_citizen_key_there_is_none(tmp_path: Path) -> None:
    assert keyring.load(write(tmp_path, GOOD | {"citizen": None})).citizen is None
    assert keyring.load(write(tmp_path, {k: v for k, v in GOOD.items() if k != "citizen"})).citizen is None


BAD: dict[str, object] = {
    "empty": b"",
    "cut": orjson.dumps(GOOD)[:-5],
    "not UTF-8": b"\xff" + orjson.dumps(GOOD),
    "a list": [GOOD],
    "a text": SECRET,
    "null": None,
    "nothing in it": {},
    "no seal": {"pseudonym": {}},
    "no pseudonym": {"seal": {}},
    "seal null": GOOD | {"seal": None},
    "seal a list": GOOD | {"seal": [SECRET]},
    "pseudonym a text": GOOD | {"pseudonym": SECRET},
    "entry a text": GOOD | {"seal": {"01001-1": SECRET}},
    "entry without owner": GOOD | {"seal": {"01001-1": {"secret": SECRET}}},
    "entry without secret": GOOD | {"seal": {"01001-1": {"owner": "01001"}}},
    "owner a number": GOOD | {"seal": {"01001-1": {"owner": 1001, "secret": SECRET}}},
    "owner and secret exchanged": GOOD | {"seal": {"01001-1": {"owner": SECRET, "secret": "01001"}}},
    "id and secret exchanged": GOOD | {"seal": {SECRET: {"owner": "01001", "secret": "01001-1"}}},
    "id of other letters": GOOD | {"seal": {"bệnh viện": {"owner": "01001", "secret": SECRET}}},
    "id too long": GOOD | {"seal": {"i" * 300: {"owner": "01001", "secret": SECRET}}},
    "no id": GOOD | {"seal": {"": {"owner": "01001", "secret": SECRET}}},
    "facility and secret exchanged": GOOD | {"pseudonym": {SECRET: "01001"}},
    "secret cut": GOOD | {"pseudonym": {"01001": SECRET[:-2]}},
    "secret too long": GOOD | {"pseudonym": {"01001": SECRET + "00"}},
    "secret not hex": GOOD | {"pseudonym": {"01001": SECRET[:-1] + "g"}},
    "secret a number": GOOD | {"pseudonym": {"01001": 5}},
    "secret null": GOOD | {"pseudonym": {"01001": None}},
    "citizen cut": GOOD | {"citizen": SECRET[:-2]},
    "citizen empty": GOOD | {"citizen": ""},
    "citizen a list": GOOD | {"citizen": [SECRET]},
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_a_wrong_file_is_refused_without_a_secret(tmp_path: Path, body: object) -> None:
    with pytest.raises(KeyringError) as caught:
        keyring.load(write(tmp_path, body))
    assert SECRET[:12] not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_file_that_is_not_there_or_is_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyringError, match="not found"):
        keyring.load(tmp_path / "none.json")
    with pytest.raises(KeyringError, match="cannot be read: Is a directory"):
        keyring.load(tmp_path)


@pytest.mark.parametrize(
    ("owner", "facility", "adapter_id", "may"),
    [
        ("01001", "01001", "01001.his", True),
        ("01001", "01002", "01002.his", False),
        ("01001", "01001", "replay.01001", False),
        ("01001", "01001", "replay", False),
        ("01001", "01001", "replays.01001", True),
        (REPLAY, "01001", "replay.01001", True),
        (REPLAY, "01002", "replay.01002", True),
        (REPLAY, "01002", "replay.01001", False),
        (REPLAY, "01001", "01001.his", False),
        (REPLAY, "01001", "replay", False),
        (REPLAY, REPLAY, "any", False),
        (WORKER, "01001", "01001.his", False),
        (WORKER, "01001", "replay.01001", False),
    ],
)
def test_who_may_speak_for_whom(owner: str, facility: str, adapter_id: str, may: bool) -> None:
    assert may == may_speak(SealKey.make("k", owner, b"k" * 32), facility, adapter_id)


def test_no_secret_shows() -> None:
    made = Keyring({"a": SealKey.make("a", "01001", b"k" * 32)}, {"01001": b"k" * 32}, b"k" * 32)
    assert "kkk" not in repr(made) + repr(made.sealing("01001"))
