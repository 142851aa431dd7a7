"""The feeds of an adapter process: every mistake at once, never a value; keys for each facility."""

from pathlib import Path
from typing import Any

import pytest

from infra.city import history_csv
from producers import adapters
from producers.feeds import feeds, keys
from producers.folder import FolderOptions
from runtime.keyring import Keyring
from runtime.seal import SealKey
from runtime.settings import SettingsError
from tests.lines import DIALECT, FEED, KEYRING

SECRET = "Kh0ngDuocIn"


@pytest.fixture(autouse=True)
def lines_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(adapters.DIALECTS, "lines", "tests.lines")


def entry(**more: Any) -> dict[str, Any]:
    return {"facility": "01001", "system": "HIS", "dialect": "lines"} | more


def mistakes(*entries: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        feeds(list(entries))
    assert SECRET not in str(caught.value)
    first, *lines = str(caught.value).splitlines()
    assert "settings are wrong or missing:" == first
    return lines


def test_a_feed_is_made_and_what_is_left_out_has_its_default() -> None:
    (made,) = feeds([entry(options={"renamed": True})])
    assert ("01001.HIS", "01001", "HIS", "lines") == (made.adapter_id, made.facility, made.source_system, made.dialect)
    assert ("treatment", "luat-kcb-15-2023") == (made.purpose, made.legal_basis)
    assert FolderOptions.model_validate({"renamed": True}).model_dump() == made.options


def test_a_name_of_its_own_is_kept() -> None:
    (made,) = feeds([entry(adapter_id="01001.old")])
    assert "01001.old" == made.adapter_id


def test_a_dialect_of_the_past_has_the_name_of_history_and_no_other_has(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(history_csv.MAPPING, encoding="utf-8")
    old = entry(dialect="history_csv", options={"mapping": str(mapping)})
    made = feeds([old, old | {"adapter_id": "old"}, old | {"adapter_id": "older.backfill"}])
    assert ["01001.HIS.backfill", "old.backfill", "older.backfill"] == [feed.adapter_id for feed in made]
    (line,) = mistakes(entry(adapter_id="01001.his.backfill"))
    assert line.startswith("  feeds.0.adapter_id: this name is of history")


def test_every_mistake_is_told_at_once() -> None:
    lines = mistakes(
        entry(),
        entry(facility="1", system="HIS LIS"),
        entry(dialect=SECRET),
        entry(options={"renamed": SECRET, "unknown": SECRET}),
        entry(more=SECRET),
        {"dialect": "lines"},
    )
    assert [
        "  feeds.1.facility", "  feeds.1.system", "  feeds.2.dialect", "  feeds.3.options.renamed",
        "  feeds.3.options.unknown", "  feeds.4.more", "  feeds.5.facility", "  feeds.5.system",
    ] == sorted(line.partition(":")[0] for line in lines)  # fmt: skip


def test_a_dialect_that_is_not_listed_names_those_that_are() -> None:
    (line,) = mistakes(entry(dialect=SECRET))
    assert line == f"  feeds.0.dialect: one of {', '.join(adapters.DIALECTS)}"


def test_a_name_may_be_used_once() -> None:
    lines = mistakes(entry(), entry(), entry(system="LIS"), entry(system="X", adapter_id="01001.LIS"))
    assert ["  feeds: adapter_id 01001.HIS is used twice", "  feeds: adapter_id 01001.LIS is used twice"] == lines


def test_every_facility_needs_keys_of_its_own() -> None:
    made = feeds([entry(), entry(system="LIS"), entry(facility="01002"), entry(facility="01003")])
    ring = Keyring(dict(KEYRING.seal) | {"x": SealKey.make("x", "01003", b"x" * 32)}, KEYRING.pseudonym)
    with pytest.raises(SettingsError) as caught:
        keys(made, ring)
    assert [
        "  keyring: no seal key for 01002",
        "  keyring: no pseudonym key for 01003",
    ] == str(caught.value).splitlines()[1:]
    assert {"01001"} == set(keys([FEED, FEED], KEYRING))


def test_a_listed_dialect_is_loaded_by_its_name() -> None:
    assert adapters.dialect("lines") is DIALECT
    with pytest.raises(KeyError):
        adapters.dialect("nothing")
