"""Where everything of a demo lies: folders, ports, keys, and the settings files of the roles."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson
import yaml

from infra.city import history_csv
from infra.city.city import City
from infra.city.send import Targets
from infra.embedded.process import free_port
from infra.embedded.supervisor import Role
from producers.adapters import dialect
from runtime import keyring, settings
from runtime.keyring import Keyring
from runtime.settings import ClickHouseSettings

HOST: Final = "127.0.0.1"
MAPPING: Final = "history_csv.yaml"
_SYSTEMS: Final = {"fhir": "HIS-FHIR", "dicom": "PACS", "history_csv": "HIS-OLD"}


@dataclass(frozen=True, slots=True)
class Engines:
    """Addresses of the engines. `embedded` is the in-memory broker, which forgets; without a registry the schema ids are
    those of the release."""

    kafka: str
    redis: str
    clickhouse: str
    embedded: bool
    registry: str = ""
    database: str = "default"


@dataclass(frozen=True, slots=True)
class Plan:
    """A demo's folder and what was decided in it. `history`: a worker of history is wanted."""

    folder: Path
    ring: Keyring = field(repr=False)
    ports: Mapping[str, int]
    dialects: Mapping[str, str] = field(default_factory=dict)
    history: bool = False

    @classmethod
    def make(cls, folder: Path, city: City) -> "Plan":
        """New keys and free ports for the city's hospitals; the register and the keyring are written."""
        folder.mkdir(parents=True, exist_ok=True)
        codes = [hospital.code for hospital in city.hospitals]
        ring = keyring.create(codes)
        keyring.save(ring, folder / "keyring.json")
        keyring.save(ring.only(codes), folder / "adapter-keyring.json")
        sink = folder / "sink"
        sink.mkdir(exist_ok=True)
        (sink / "facilities.yaml").write_text(yaml.safe_dump(city.register(), allow_unicode=True), encoding="utf-8")
        (folder / MAPPING).write_text(history_csv.MAPPING, encoding="utf-8")
        history = any(dialect(spoken).history for spoken in city.dialects.values())
        return cls(folder, ring, {code: free_port() for code in codes}, city.dialects, history)

    def targets(self) -> Targets:
        """Where the city sends to."""
        spoken = {code: self.dialects.get(code) for code in self.ports}
        return Targets(
            {code: self._incoming(code) for code in self.ports},
            {code: (HOST, port) for code, port in self.ports.items()},
            {code: f"http://{HOST}:{port}/fhir" for code, port in self.ports.items() if spoken[code] == "fhir"},
            {code: (HOST, port) for code, port in self.ports.items() if spoken[code] == "dicom"},
        )

    def _incoming(self, code: str) -> Path:
        return self.folder / "hospitals" / code / "xml"

    def roles(self, engines: Engines) -> list[Role]:
        """Sink, worker and adapter, each with its settings file; a worker of history where a hospital tells of it."""
        common = {
            "kafka": engines.kafka,
            "embedded_kafka": engines.embedded,
            "registry": engines.registry,
            "log_level": "INFO",
        }
        store = {"clickhouse": engines.clickhouse, "database": engines.database}
        worker = common | {"redis": engines.redis, "keyring": str(self.folder / "keyring.json")}
        return [
            self._role("sink", ["sink"], common | store),
            self._role("processor", ["processor"], worker),
            *([self._role("backfill", ["processor", "--backfill"], worker)] if self.history else []),
            self._role(
                "adapter",
                ["adapter", "run"],
                common | {"keyring": str(self.folder / "adapter-keyring.json"), "feeds": self._feeds()},
            ),
        ]

    def _role(self, name: str, command: Sequence[str], values: Mapping[str, Any]) -> Role:
        path, ready = self.folder / f"{name}.yaml", self.folder / f"{name}.ready"
        # JSON is YAML, and written in a hundredth of the time.
        path.write_bytes(orjson.dumps({**values, "data": str(self.folder / name)}))
        config = [str(path)] if command[-1] == "run" else ["--config", str(path)]
        argv = [sys.executable, "-m", "infra.cli", *command, *config, "--ready-file", str(ready)]
        return Role(name, argv, ready_file=ready)

    def _feeds(self) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for code, port in self.ports.items():
            folder = {"folder": str(self._incoming(code)), "renamed": True}
            alone = self.dialects.get(code)
            if alone is not None:
                options = self._more(alone, folder, port)
                made.append({"facility": code, "system": _SYSTEMS[alone], "dialect": alone, "options": options})
                continue
            made.append({"facility": code, "system": "HIS-XML", "dialect": "insurance_xml", "options": folder})
            for system in ("HIS", "LIS"):
                listen = {"listen": f"{HOST}:{port}", "sending_application": system}
                made.append({"facility": code, "system": system, "dialect": "hl7v2", "options": listen})
        return made

    def _more(self, dialect: str, folder: dict[str, Any], port: int) -> dict[str, Any]:
        """Options of a hospital that speaks one dialect. A study of the city has one image, so nothing more is waited
        for; images that a modality cannot send come as files."""
        if dialect == "fhir":
            return {"listen": f"{HOST}:{port}", "profile": "light"}
        if dialect == "dicom":
            return folder | {"port": port, "host": HOST, "still_seconds": 0.2, "poll_seconds": 0.1}
        return folder | {"mapping": str(self.folder / MAPPING)}

    @staticmethod
    def clickhouse(engines: Engines) -> ClickHouseSettings:
        """For asking ClickHouse."""
        return settings.load(ClickHouseSettings, clickhouse=engines.clickhouse, database=engines.database)
