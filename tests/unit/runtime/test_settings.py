"""Settings: one file and the environment; every mistake at once, never a value."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from runtime.settings import (
    AdapterSettings,
    ClickHouseSettings,
    Settings,
    SettingsError,
    SinkSettings,
    WorkerSettings,
    load,
)

SECRET = "Kh0ngDuocIn"
ROLES = (AdapterSettings, ClickHouseSettings, SinkSettings, WorkerSettings)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("LIVINGDATA_")]:
        monkeypatch.delenv(name)


def config(folder: Path, **values: Any) -> Path:
    path = folder / "role.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def test_a_file_alone_is_enough(tmp_path: Path) -> None:
    made = load(Settings, config(tmp_path, kafka="a:1", data="/d", embedded_kafka=True))
    assert ("a:1", Path("/d"), True, None) == (made.kafka, made.data, made.embedded_kafka, made.metrics_port)


def test_a_variable_wins_over_the_file_and_what_is_given_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = config(tmp_path, kafka="file:1", data="/file", log_level="DEBUG")
    monkeypatch.setenv("LIVINGDATA_KAFKA", "variable:1")
    monkeypatch.setenv("LIVINGDATA_DATA", "/variable")
    made = load(Settings, path, data=Path("/given"), metrics_port=None)
    assert ("variable:1", Path("/given"), "DEBUG") == (made.kafka, made.data, made.log_level)


def test_every_mistake_is_told_at_once_and_never_the_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = config(tmp_path, flush_ms=SECRET, clickhouse=SECRET, unknown=SECRET)
    monkeypatch.setenv("LIVINGDATA_METRICS_PORT", SECRET)
    monkeypatch.setenv("LIVINGDATA_DATABASE", f"{SECRET}; DROP")
    with pytest.raises(SettingsError) as caught:
        load(SinkSettings, path)
    text = str(caught.value)
    told = [line.split(":")[0].strip() for line in text.splitlines()[1:]]
    assert ["clickhouse", "data", "database", "flush_ms", "kafka", "metrics_port", "unknown"] == told
    assert SECRET not in text
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__  # the validation error behind it holds the values


@pytest.mark.parametrize("role", ROLES)
def test_an_empty_start_names_what_is_missing(role: type[Settings]) -> None:
    with pytest.raises(SettingsError) as caught:
        load(role)
    required = sorted(name for name, field in role.model_fields.items() if field.is_required())
    assert [f"  {name}: Field required" for name in required] == str(caught.value).splitlines()[1:]


def test_feeds_may_come_as_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVINGDATA_FEEDS", '[{"facility": "01001"}]')
    made = load(AdapterSettings, kafka="a:1", data=Path("/d"), keyring=Path("/k"))
    assert [{"facility": "01001"}] == made.feeds


@pytest.mark.parametrize("text", ["[", SECRET, "{}", "[]", "[1]"])
def test_feeds_that_are_no_list_of_feeds_are_a_mistake_like_others(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVINGDATA_FEEDS", text)
    with pytest.raises(SettingsError) as caught:
        load(AdapterSettings, kafka="a:1", data=Path("/d"))
    assert "  feeds" in str(caught.value)
    assert "  keyring: Field required" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("content", [b"[1]", b"1: 2", b"kafka: [", b"\xff\xfe\x00\xd8", b"", b"Kh0ngDuocIn"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "role.yaml"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load(Settings, path)
    assert str(caught.value).startswith("--config: ")
    assert SECRET not in str(caught.value)


def test_a_file_that_is_not_there_or_is_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--config: file not found: none\.yaml"):
        load(Settings, tmp_path / "none.yaml")
    with pytest.raises(SettingsError, match="--config: cannot be read: Is a directory"):
        load(Settings, tmp_path)


@pytest.mark.parametrize("role", ROLES)
def test_a_password_is_in_no_repr(role: type[Settings]) -> None:
    values: dict[str, Any] = {
        "kafka": "a:1",
        "data": Path("/d"),
        "keyring": Path("/k"),
        "redis": "redis://h",
        "feeds": [{}],
    }
    values |= {"clickhouse": "http://h:1", "clickhouse_password": SECRET}
    made = load(role, **{name: value for name, value in values.items() if name in role.model_fields})
    assert SECRET not in f"{made!r} {made}"
