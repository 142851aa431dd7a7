"""A Confluent-compatible schema registry: Apicurio, its data in an H2 file beside the others."""

import urllib.request
from typing import Final

from infra.embedded.supervisor import Role
from infra.stack.libraries import registry_jar
from infra.stack.plan import HOST, Plan

_HEAP: Final = "256m"


def role(plan: Plan) -> Role:
    """Ready when it lists its subjects. Storage and port go by the environment, as Quarkus has it."""
    folder = plan.data / "registry"
    folder.mkdir(parents=True, exist_ok=True)
    options = [f"-Xmx{_HEAP}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Djava.io.tmpdir={folder}"]
    env = {
        "QUARKUS_HTTP_HOST": HOST,
        "QUARKUS_HTTP_PORT": str(plan.registry_port),
        "LOG_LEVEL": "WARN",
        "REGISTRY_LOG_LEVEL": "WARN",
        "REGISTRY_DATASOURCE_URL": f"jdbc:h2:file:{folder / 'schemas'}",
    }
    return Role(
        "registry", ["java", *options, "-jar", str(registry_jar(plan.libraries))], env=env, ready=lambda: answers(plan)
    )


def answers(plan: Plan) -> bool:
    """Whether a registry lists its subjects at the plan's address."""
    try:
        with urllib.request.urlopen(f"{plan.addresses['registry']}/subjects", timeout=5) as answer:  # noqa: S310 loopback
            return bool(answer.status == 200)
    except OSError:
        return False
