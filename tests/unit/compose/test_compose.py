"""`infra/compose.yaml` and what it refers to, without a container engine."""

import re
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings
from typer.main import get_command

from infra.cli import COMMANDS, build
from infra.stack import libraries
from runtime.settings import AdapterSettings, ResolverSettings, RulesSettings, SinkSettings, WorkerSettings
from tests.unit.compose.model import FILE, INFRA, Service, read, variables

COMPOSE = read()
OURS = {name: one for name, one in COMPOSE.services.items() if one.build is not None}
ROLES = [name for name, one in OURS.items() if one.restart == "unless-stopped"]
"""Those that run on; the others do one thing and end."""
SETTINGS: dict[str, type[BaseSettings]] = {
    "processor": WorkerSettings,
    "sink": SinkSettings,
    "adapter": AdapterSettings,
    "identity": ResolverSettings,
    "rules": RulesSettings,
}


def test_what_compose_does_not_know_is_refused() -> None:
    text = FILE.read_text(encoding="utf-8")
    with pytest.raises(ValidationError):
        read(text.replace("read_only: true", "readonly: true"))


def test_the_whole_house_is_there() -> None:
    images = {name: one.image.split(":")[0].rpartition("/")[2] for name, one in COMPOSE.services.items()}
    counts = {image: list(images.values()).count(image) for image in images.values()}
    assert {"kafka": 3, "redis": 2, "clickhouse-server": 2, "clickhouse-keeper": 1, "livingdata": 9} == {
        image: counts[image] for image in ("kafka", "redis", "clickhouse-server", "clickhouse-keeper", "livingdata")
    }
    assert {"registry", "prometheus", "grafana", "kafka-ui", "kafka-exporter"} <= set(COMPOSE.services)


@pytest.mark.parametrize("name", COMPOSE.services)
def test_versions_are_pinned(name: str) -> None:
    assert re.search(r":v?\d+(\.\d+)+[A-Za-z0-9.-]*$", COMPOSE.services[name].image)


def test_versions_agree_with_the_stack_without_containers() -> None:
    names = {"m": "http://maven.apache.org/POM/4.0.0"}
    properties = ET.parse(libraries.POM).getroot().find("m:properties", names)  # noqa: S314 our own file
    assert properties is not None
    pinned = {one.tag.rpartition("}")[2]: one.text for one in properties}
    kafka, registry = COMPOSE.services["kafka-1"].image, COMPOSE.services["registry"].image
    assert (pinned["kafka.version"], pinned["apicurio.version"]) == (kafka.split(":")[1], registry.split(":")[1])
    assert version("livingdata") == COMPOSE.services["sink"].image.split(":")[1]


@pytest.mark.parametrize("name", COMPOSE.services)
def test_the_host_is_reached_on_loopback_only(name: str) -> None:
    assert [] == [port for port in COMPOSE.services[name].ports if not port.startswith("127.0.0.1:")]


def test_no_two_take_one_port_of_the_host() -> None:
    ports = [port.split(":")[1] for one in COMPOSE.services.values() for port in one.ports]
    assert len(ports) == len(set(ports))


def test_every_variable_is_in_the_env_file_and_none_for_nothing() -> None:
    used = set(re.findall(r"\$\{(\w+)\}", FILE.read_text(encoding="utf-8")))
    assert used == set(variables(INFRA / "compose.env"))


def test_no_password_is_written_down() -> None:
    for service in COMPOSE.services.values():
        told = {k: v for k, v in service.environment.items() if "PASSWORD" in k or "AUTH" in k}
        assert [] == [name for name, value in told.items() if not value.startswith("${")]


@pytest.mark.parametrize("name", COMPOSE.services)
def test_whatever_it_refers_to_is_there(name: str) -> None:
    one = COMPOSE.services[name]
    assert set(one.depends_on) <= set(COMPOSE.services)
    assert set(one.networks) <= set(COMPOSE.networks)
    assert set(one.secrets) <= set(COMPOSE.secrets)
    for volume in one.volumes:
        source = volume.split(":")[0]
        assert (INFRA / source).exists() if source.startswith(".") else source in COMPOSE.volumes, source
    if one.build is not None:
        assert (INFRA / one.build.context / one.build.dockerfile).is_file()


@pytest.mark.parametrize("name", COMPOSE.services)
def test_who_waits_for_health_waits_for_one_that_tells(name: str) -> None:
    for other, how in COMPOSE.services[name].depends_on.items():
        if how.condition == "service_healthy":
            assert COMPOSE.services[other].healthcheck is not None


def test_every_volume_and_secret_is_used() -> None:
    mounted = {volume.split(":")[0] for one in COMPOSE.services.values() for volume in one.volumes}
    assert set(COMPOSE.volumes) <= mounted
    assert set(COMPOSE.secrets) == {secret for one in COMPOSE.services.values() for secret in one.secrets}


@pytest.mark.parametrize("name", OURS)
def test_our_roles_can_write_nothing_and_may_nothing(name: str) -> None:
    one = OURS[name]
    assert (True, ["ALL"], ["no-new-privileges:true"]) == (one.read_only, one.cap_drop, one.security_opt)


@pytest.mark.parametrize("name", ROLES)
def test_the_health_of_our_roles_is_progress(name: str) -> None:
    one = OURS[name]
    assert one.healthcheck is not None
    role = {"--backfill": "backfill", "resolver": "resolver"}.get(one.command[-1], one.command[0])
    assert ["CMD", "livingdata", "health", role] == one.healthcheck.test[:4]


def test_history_gets_a_smaller_share_than_the_live_roles() -> None:
    shares = {name: one.cpu_shares for name, one in COMPOSE.services.items() if one.cpu_shares is not None}
    assert ["backfill"] == list(shares)
    assert shares["backfill"] < 1024  # what the others have


@pytest.mark.parametrize("name", OURS)
def test_our_commands_exist(name: str) -> None:
    wanted = OURS[name].command[0]
    assert wanted in COMMANDS
    group = get_command(build(wanted))
    assert wanted in getattr(group, "commands")  # noqa: B009 click's groups have it


@pytest.mark.parametrize("name", ROLES)
def test_our_variables_are_settings(name: str) -> None:
    one = OURS[name]
    known = {f"LIVINGDATA_{setting}".upper() for setting in SETTINGS[one.command[0]].model_fields}
    assert set() == set(one.environment) - known


def test_brokers_know_each_other() -> None:
    brokers: dict[str, Service] = {n: one for n, one in COMPOSE.services.items() if one.image.startswith("apache/")}
    voters = ",".join(f"{number}@kafka-{number}:9093" for number in (1, 2, 3))
    assert {voters} == {one.environment["KAFKA_CONTROLLER_QUORUM_VOTERS"] for one in brokers.values()}
    assert {name: name[-1] for name in brokers} == {n: one.environment["KAFKA_NODE_ID"] for n, one in brokers.items()}
    for name, one in brokers.items():
        host = one.ports[0].rpartition(":")[0]
        assert f"INSIDE://{name}:9092,HOST://{host}" == one.environment["KAFKA_ADVERTISED_LISTENERS"]


@pytest.mark.parametrize("file", sorted((INFRA / "clickhouse").glob("*.xml")), ids=lambda file: file.name)
def test_clickhouse_files_name_only_what_is_there(file: Path) -> None:
    root = ET.parse(file).getroot()  # noqa: S314 our own file
    hosts = {one.text for tag in ("host", "hostname") for one in root.iter(tag)}
    assert hosts <= set(COMPOSE.services)
    given = {one.attrib["from_env"] for one in root.iter() if "from_env" in one.attrib}
    assert given <= set(COMPOSE.services["clickhouse-1"].environment)
    if file.name == "cluster.xml":
        assert root.find(f"remote_servers/{COMPOSE.services['sink'].environment['LIVINGDATA_CLUSTER']}") is not None
