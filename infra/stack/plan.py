"""What a stack consists of: brokers, ports, folders. Written to its data folder and read back by its runner."""

from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from infra.embedded.process import free_port

HOST: Final = "127.0.0.1"
CLUSTER_ID: Final = urlsafe_b64encode(b"livingdata-stack").decode().rstrip("=")
"""Kafka wants sixteen bytes in base64; always the same, so that a data folder can be opened again."""

_LAST_PORT: Final = 65_535
_CONTROLLERS: Final = 1000
"""A broker's controller listens this far above its clients' port."""


class Plan(BaseModel):
    """One stack. Brokers take `kafka_port` and those after it; registry None means the lock file is used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path
    libraries: Path
    brokers: Literal[1, 3] = 1
    kafka_ports: tuple[int, ...]
    advertised_ports: tuple[int, ...] = ()
    """Where brokers say that they are, to clients and to each other; empty: where they listen. For a proxy between."""
    controller_ports: tuple[int, ...]
    redis_port: int
    clickhouse_port: int
    registry_port: int | None = None

    @model_validator(mode="after")
    def _ports_are_enough_valid_and_distinct(self) -> Self:
        if {len(self.kafka_ports), len(self.controller_ports)} != {self.brokers}:
            raise ValueError("each broker has one port for clients and one for controllers")
        if self.advertised_ports and len(self.advertised_ports) != self.brokers:
            raise ValueError("each broker is advertised at one port")
        if not all(1 <= port <= _LAST_PORT for port in self.ports()):
            raise ValueError(f"a port is a number from 1 to {_LAST_PORT}")
        if len(set(self.ports())) != len(self.ports()):
            raise ValueError("two parts have the same port")
        return self

    def ports(self) -> list[int]:
        more = [] if self.registry_port is None else [self.registry_port]
        return [*self.kafka_ports, *self.controller_ports, self.redis_port, self.clickhouse_port, *more]

    @property
    def bootstrap(self) -> str:
        return ",".join(f"{HOST}:{port}" for port in self.kafka_ports)

    @property
    def addresses(self) -> dict[str, str]:
        """What the parts are reached by; no `registry` where there is none."""
        known = {
            "bootstrap": self.bootstrap,
            "redis": f"redis://{HOST}:{self.redis_port}/0",
            "clickhouse": f"http://{HOST}:{self.clickhouse_port}",
        }
        if self.registry_port is not None:
            known["registry"] = f"http://{HOST}:{self.registry_port}/apis/ccompat/v7"
        return known

    @property
    def ready_file(self) -> Path:
        return self.data / "ready.json"

    @property
    def file(self) -> Path:
        return plan_file(self.data)

    def save(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.file.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")


def plan_file(data: Path) -> Path:
    return data / "plan.json"


def load(data: Path) -> Plan:
    """The plan that was last used in `data`; `FileNotFoundError` where there was none."""
    return Plan.model_validate_json(plan_file(data).read_text(encoding="utf-8"))


def fixed(data: Path, libraries: Path, brokers: int, kafka: int, redis: int, clickhouse: int, registry: int) -> Plan:
    """Ports as people know them; a registry port of 0 means no registry. `ValueError` where something cannot be."""
    kafka_ports = tuple(kafka + at for at in range(brokers))
    return Plan.model_validate(
        {
            "data": data.resolve(),
            "libraries": libraries.resolve(),
            "brokers": brokers,
            "kafka_ports": kafka_ports,
            "controller_ports": tuple(port + _CONTROLLERS for port in kafka_ports),
            "redis_port": redis,
            "clickhouse_port": clickhouse,
            "registry_port": registry or None,
        }
    )


def free(data: Path, libraries: Path, brokers: Literal[1, 3] = 1, *, registry: bool = False) -> Plan:
    """A stack on ports that nobody uses: for tests, beside whatever else runs."""
    ports: list[int] = []
    while len(ports) < 2 * brokers + 3:
        port = free_port()
        if port not in ports:
            ports.append(port)
    return Plan(
        data=data.resolve(),
        libraries=libraries.resolve(),
        brokers=brokers,
        kafka_ports=tuple(ports[:brokers]),
        controller_ports=tuple(ports[brokers : 2 * brokers]),
        redis_port=ports[-3],
        clickhouse_port=ports[-2],
        registry_port=ports[-1] if registry else None,
    )
