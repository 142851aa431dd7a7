"""What is to be looked at: the settings of the roles that run here, and the addresses that follow from them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.doctor.finding import Finding, failed, ok
from infra.embedded.ready import read_ready
from producers.adapter import Feed
from producers.feeds import feeds
from runtime import settings
from runtime.settings import (
    AdapterSettings,
    ClickHouseSettings,
    ResolverSettings,
    Settings,
    SettingsError,
    SinkSettings,
    WorkerSettings,
)

ROLES: Final[Mapping[str, type[Settings]]] = {
    "adapter": AdapterSettings,
    "processor": WorkerSettings,
    "sink": SinkSettings,
    "resolver": ResolverSettings,
}
_MARK: Final = {
    "adapter": "LIVINGDATA_FEEDS",
    "processor": "LIVINGDATA_REDIS",
    "sink": "LIVINGDATA_CLICKHOUSE",
    "resolver": "LIVINGDATA_SERVICE",
}
"""A variable that only this role needs: where it is set, the role's settings are expected in the environment."""


class NothingToExamine(Exception):
    """Neither settings nor addresses were given."""


@dataclass(slots=True)
class Places:
    """Settings of the roles that have any, and addresses; empty or None where nothing was said."""

    adapter: AdapterSettings | None = None
    processor: WorkerSettings | None = None
    sink: SinkSettings | None = None
    resolver: ResolverSettings | None = None
    feeds: list[Feed] = field(default_factory=list)
    addresses: dict[str, str] = field(default_factory=dict)

    @property
    def roles(self) -> dict[str, Settings]:
        known = {"adapter": self.adapter, "processor": self.processor, "sink": self.sink, "resolver": self.resolver}
        return {name: role for name, role in known.items() if role is not None}

    @property
    def kafka(self) -> str:
        return self._first("kafka", "bootstrap")

    @property
    def registry(self) -> str:
        return self._first("registry", "registry")

    @property
    def redis(self) -> str:
        return self.processor.redis if self.processor is not None else self.addresses.get("redis", "")

    @property
    def clickhouse(self) -> ClickHouseSettings | None:
        if self.sink is not None:
            return self.sink
        url = self.addresses.get("clickhouse")
        return settings.load(ClickHouseSettings, clickhouse=url) if url else None

    def _first(self, name: str, address: str) -> str:
        said = [str(getattr(role, name)) for role in self.roles.values() if getattr(role, name)]
        return said[0] if said else self.addresses.get(address, "")


def find(data: Path | None, stack: Path | None, files: Mapping[str, Path]) -> tuple[Places, list[Finding]]:
    """Read all settings; every mistake in any of them is a finding. Raises NothingToExamine."""
    places, found = Places(), []
    for name in ROLES:
        file = files.get(name) or _in(data, f"{name}.yaml")
        if file is None and _MARK[name] not in os.environ:
            continue
        found += _read(places, name, file)
    if stack is not None:
        places.addresses = read_ready(stack / "ready.json")
    if not found and not places.addresses:
        raise NothingToExamine
    return places, found + _agree(places)


def _in(data: Path | None, name: str) -> Path | None:
    return data / name if data is not None and (data / name).exists() else None


def _read(places: Places, name: str, file: Path | None) -> list[Finding]:
    try:
        chosen = settings.load(ROLES[name], file)
        if isinstance(chosen, AdapterSettings):
            places.feeds = feeds(chosen.feeds)
    except SettingsError as error:
        lines = [line.strip() for line in str(error).splitlines()]
        return [_mistake(name, line) for line in (lines[1:] or lines)]
    setattr(places, name, chosen)
    return [ok("settings", name, "thiết lập đọc được", "settings are readable")]


def _mistake(name: str, line: str) -> Finding:
    return failed(
        "settings",
        name,
        f"thiết lập sai: {line}",
        f"a setting is wrong: {line}",
        "sửa tệp của vai trò này (hoặc biến LIVINGDATA_…) rồi chạy lại",
        "mend this role's file (or its LIVINGDATA_… variable) and run again",
    )


def _agree(places: Places) -> list[Finding]:
    """Roles of one city have one broker and one source of schema ids."""
    found = []
    for name, vi in (("kafka", "broker"), ("registry", "kho lược đồ"), ("embedded_kafka", "loại Kafka")):
        if len({str(getattr(role, name)) for role in places.roles.values()}) > 1:
            found.append(
                failed(
                    "settings",
                    name,
                    f"các vai trò không cùng {vi}",
                    f"the roles do not agree on `{name}`",
                    f"đặt `{name}` như nhau ở mọi vai trò",
                    f"give every role the same `{name}`",
                )
            )
    return found
