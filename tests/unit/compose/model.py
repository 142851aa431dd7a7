"""The part of the Compose specification that `infra/compose.yaml` may use; anything else is a typing error."""

from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

INFRA: Final = Path(__file__).parents[3] / "infra"
FILE: Final = INFRA / "compose.yaml"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Check(Strict):
    test: list[str] = Field(min_length=2)
    interval: str
    timeout: str
    retries: int = Field(ge=1)
    start_period: str | None = None


class Dependency(Strict):
    condition: Literal["service_started", "service_healthy", "service_completed_successfully"]


class Build(Strict):
    context: str
    dockerfile: str


class Service(Strict):
    image: str
    build: Build | None = None
    command: list[str] = Field(default_factory=list)
    environment: dict[str, str] = Field(default_factory=dict)
    ports: list[str] = Field(default_factory=list)
    volumes: list[str] = Field(default_factory=list)
    networks: list[str]
    depends_on: dict[str, Dependency] = Field(default_factory=dict)
    healthcheck: Check | None = None
    restart: Literal["unless-stopped", "on-failure"]
    hostname: str | None = None
    profiles: list[str] = Field(default_factory=list)
    secrets: list[str] = Field(default_factory=list)
    ulimits: dict[str, dict[str, int]] = Field(default_factory=dict)
    cpu_shares: int | None = None
    stop_grace_period: str | None = None
    read_only: bool = False
    tmpfs: list[str] = Field(default_factory=list)
    cap_drop: list[str] = Field(default_factory=list)
    security_opt: list[str] = Field(default_factory=list)


class Secret(Strict):
    file: str


class Compose(Strict):
    name: str
    services: dict[str, Service]
    networks: dict[str, dict[str, Any]]
    volumes: dict[str, dict[str, Any]]
    secrets: dict[str, Secret]


def read(text: str | None = None) -> Compose:
    """The file as Compose sees it: merges done, `x-` parts left out."""
    loaded = yaml.safe_load(FILE.read_text(encoding="utf-8") if text is None else text)
    return Compose.model_validate({name: value for name, value in loaded.items() if not name.startswith("x-")})


def variables(file: Path) -> dict[str, str]:
    """An env file."""
    lines = (line for line in file.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)
