"""Settings of a role: one file and the environment, all mistakes told at once.

Every role takes `LIVINGDATA_*` variables or a YAML file (`--config`); a variable wins. A wrong or missing setting stops
the start.
"""

from pathlib import Path
from typing import Any, Final, Self, TypeVar

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

WORKERS: Final = "livingdata-workers"
BACKFILL: Final = "livingdata-backfill"
SINKS: Final = "livingdata-sinks"
"""Consumer groups, unless the settings say otherwise."""


class SettingsError(Exception):
    """Every mistake, one line each: setting, what is wrong. Never the value given."""


class Watched(BaseSettings):
    """What every process needs that stays: how it is watched."""

    model_config = SettingsConfigDict(env_prefix="LIVINGDATA_", extra="forbid")

    metrics_port: int | None = Field(None, ge=1, le=65535, description="Prometheus port")
    metrics_host: str = Field(
        "127.0.0.1", description="where it listens; 0.0.0.0 in a container, which has its own net"
    )
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")


class Settings(Watched):
    """What every role on Kafka needs."""

    model_config = SettingsConfigDict(env_prefix="LIVINGDATA_", extra="forbid", enable_decoding=False)

    kafka: str = Field(description="bootstrap servers, host:port[,host:port]")
    embedded_kafka: bool = Field(False, description="the broker is the in-memory one: hold back before it forgets")
    data: Path = Field(description="folder for this role's own files")
    registry: str = Field(
        "", pattern="^(https?://.+)?$", repr=False, description="schema registry by URL; empty: ids of the lock file"
    )


class WorkerSettings(Settings):
    keyring: Path = Field(description="the city's keyring")
    redis: str = Field(pattern="^(redis|rediss|unix)://", description="claims and citizens")
    worker_id: str = Field("worker-1", pattern="^[A-Za-z0-9._-]{1,64}$")
    group: str = Field("", description=f"consumer group; {WORKERS}, or {BACKFILL} of one that reads history")
    backfill: bool = Field(False, description="read the topics of history, and give way to live data")
    give_way_seconds: float = Field(
        1.0, gt=0, le=3600, description="history waits while live data has waited longer than this"
    )
    live_group: str = Field(WORKERS, min_length=1, description="whose lag on received.* history gives way to")
    sink_group: str = Field(SINKS, min_length=1, description="whose lag on accepted.* history gives way to")
    claim_days: int = Field(45, ge=1, le=400)
    chunk: int = Field(500, ge=1, le=10_000, description="most records handled at once")
    rules: Path | None = Field(None, description="folder of rules that add to the house's own; a known id replaces it")
    facility_groups: dict[str, str] = Field(default_factory=dict, description="facility -> group, for modes by group")
    catalogues: Path | None = Field(None, description="folder of national catalogues (livingdata catalogue import)")

    @model_validator(mode="after")
    def _group(self) -> Self:
        self.group = self.group or (BACKFILL if self.backfill else WORKERS)
        return self


class ResolverSettings(Settings):
    keyring: Path = Field(description="the city's keyring")
    service: str = Field(pattern="^https?://", description="the population service, http://host:port")
    token: str = Field("", repr=False, description="sent as Authorization: Bearer")
    group: str = Field("livingdata-resolver", min_length=1)
    batch: int = Field(200, ge=1, le=10_000, description="most records in hand at once")
    rate: float = Field(10.0, gt=0, le=10_000, description="questions a second, retries included")
    at_once: int = Field(4, ge=1, le=256, description="questions waiting for an answer at a time")
    timeout_seconds: float = Field(5.0, gt=0, le=300, description="of one attempt")
    attempts: int = Field(4, ge=1, le=20, description="at one question, before it counts as a failure")
    breaker_failures: int = Field(5, ge=1, le=1000, description="failures in a row after which nobody asks for a while")
    breaker_seconds: float = Field(10.0, gt=0, le=3600, description="how long; twice as long each time, at most 300 s")
    remembered: int = Field(50_000, ge=1, le=10_000_000, description="verdicts kept in memory, by keyed hash")


class ClickHouseSettings(BaseSettings):
    """Where ClickHouse is: for the sink, and for every command that asks it."""

    model_config = SettingsConfigDict(env_prefix="LIVINGDATA_", extra="forbid")

    clickhouse: str = Field(pattern="^https?://", description="http://host:port")
    clickhouse_user: str = "default"
    clickhouse_password: str = Field("", repr=False)
    database: str = Field("default", pattern="^[A-Za-z_][A-Za-z0-9_]*$")
    cluster: str = Field("", pattern="^[A-Za-z0-9_-]*$", description="name in remote_servers; empty: one server")


class SinkSettings(Settings, ClickHouseSettings):
    group: str = Field(SINKS, min_length=1)
    flush_rows: int = Field(20_000, ge=1)
    flush_bytes: int = Field(32 << 20, ge=1 << 16)
    flush_ms: int = Field(250, ge=10, description="age of the oldest record at which a batch is sent")
    inserts_at_once: int = Field(2, ge=1, le=16, description="inserts of one flush that run side by side")


class RulesSettings(Watched, ClickHouseSettings):
    """Of `livingdata rules run`: the same rules and groups as the workers have."""

    rules: Path | None = Field(None, description="the workers' folder of rules")
    catalogues: Path | None = Field(None, description="the workers' folder of catalogues")
    facility_groups: dict[str, str] = Field(default_factory=dict, description="as the workers'")


class ReplaySettings(ClickHouseSettings):
    """Of `livingdata rejected replay`. Without `kafka` it can only say what would become of what."""

    keyring: Path = Field(description="the city's keyring, with the replay key")
    kafka: str = Field("", description="bootstrap servers, host:port[,host:port]")
    embedded_kafka: bool = Field(False, description="the broker is the in-memory one: hold back before it forgets")
    data: Path = Field(Path("replay"), description="folder of its own outbox; the same one each time")
    registry: str = Field("", pattern="^(https?://.+)?$", repr=False, description="schema registry by URL, as workers'")
    feeds: list[dict[str, Any]] = Field(default_factory=list, description="the adapters' feeds, for their options")
    rules: Path | None = Field(None, description="the workers' folder of rules")
    catalogues: Path | None = Field(None, description="the workers' folder of catalogues")
    facility_groups: dict[str, str] = Field(default_factory=dict, description="as the workers'")


class AdapterSettings(Settings):
    keyring: Path = Field(description="keys of this adapter's facilities")
    feeds: list[dict[str, Any]] = Field(min_length=1, description="see docs/adapters")
    most_a_second: float = Field(
        250, ge=0, description="records of one live feed that go to Kafka in a second; more waits in the outbox; 0: all"
    )
    outbox_bytes: int = Field(8 << 30, ge=1 << 20, description="above this the outbox refuses new messages")

    @field_validator("feeds", mode="before")
    @classmethod
    def _from_variable(cls, value: object) -> object:
        """`LIVINGDATA_FEEDS` is YAML, and JSON is YAML."""
        try:
            return yaml.safe_load(value) if isinstance(value, str) else value
        except yaml.YAMLError:
            raise ValueError("not YAML") from None


Role = TypeVar("Role", bound=BaseSettings)


def load(role: type[Role], config: Path | None = None, **given: Any) -> Role:
    """The role's settings, or SettingsError with every mistake. What is `given` wins over a variable, that over the file."""
    values = _file(config) if config is not None else {}
    values |= EnvSettingsSource(role)()
    values |= {name: value for name, value in given.items() if value is not None}
    try:
        return role(**values)
    except ValidationError as error:
        lines = [f"  {'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors(include_input=False)]
        raise SettingsError("settings are wrong or missing:\n" + "\n".join(sorted(lines))) from None


def _file(config: Path) -> dict[str, Any]:
    try:
        read = yaml.safe_load(config.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"--config: file not found: {config.name}") from None
    except OSError as error:
        raise SettingsError(f"--config: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise SettingsError("--config: not YAML") from None
    if not isinstance(read, dict) or not all(isinstance(name, str) for name in read):
        raise SettingsError("--config: a mapping of settings is expected")
    return read
