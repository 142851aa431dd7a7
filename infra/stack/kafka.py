"""Apache Kafka in KRaft mode: each node is broker and controller, on loopback, formatted on first use."""

import subprocess
from pathlib import Path
from typing import Final

from infra.embedded.supervisor import Role
from infra.stack.plan import CLUSTER_ID, HOST, Plan
from runtime import admin

_FORMAT_SECONDS: Final = 120
_LOGGING: Final = Path(__file__).with_name("log4j2.xml")
_HEAP: Final = {1: "400m", 3: "256m"}


def properties(plan: Plan, node: int) -> dict[str, str]:
    """The settings of node 1, 2, …; what differs from Kafka's defaults is either the place or the small machine."""
    at = node - 1
    replicas = str(plan.brokers)
    voters = ",".join(f"{one}@{HOST}:{port}" for one, port in enumerate(plan.controller_ports, 1))
    return {
        "process.roles": "broker,controller",
        "node.id": str(node),
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{HOST}:{plan.kafka_ports[at]},CONTROLLER://{HOST}:{plan.controller_ports[at]}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{(plan.advertised_ports or plan.kafka_ports)[at]}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(folder(plan, node) / "log"),
        # Nothing comes into being by a typing error; `livingdata topics create` makes what there is.
        "auto.create.topics.enable": "false",
        "default.replication.factor": replicas,
        "min.insync.replicas": "2" if plan.brokers > 1 else "1",
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": "2" if plan.brokers > 1 else "1",
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": "2" if plan.brokers > 1 else "1",
        # A small machine: 50 + 50 internal partitions and a 128 MiB cleaning buffer are a third of the heap.
        "offsets.topic.num.partitions": "8",
        "transaction.state.log.num.partitions": "4",
        "log.cleaner.dedupe.buffer.size": str(8 << 20),
        "num.io.threads": "4",
        # Members are started one after the other here; production keeps the default of 3 s.
        "group.initial.rebalance.delay.ms": "0",
    }


def folder(plan: Plan, node: int) -> Path:
    return plan.data / f"kafka-{node}"


def java(plan: Plan, *arguments: str) -> list[str]:
    """The argument list of a class on the broker's class path. The first compiler alone: starts twice as fast."""
    options = [f"-Xmx{_HEAP[plan.brokers]}", "-Xss512k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    return [
        *("java", *options, f"-Dlog4j2.configurationFile={_LOGGING}", "-Djava.awt.headless=true"),
        *("-cp", f"{plan.libraries / 'lib'}/*", *arguments),
    ]


def prepare(plan: Plan, node: int) -> Path:
    """Write the node's settings and format its folder unless it is; give the settings file."""
    place = folder(plan, node)
    place.mkdir(parents=True, exist_ok=True)
    file = place / "server.properties"
    file.write_text("".join(f"{name}={value}\n" for name, value in properties(plan, node).items()), encoding="utf-8")
    if not (place / "log" / "meta.properties").exists():
        argv = java(plan, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(file))
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=_FORMAT_SECONDS)
        if done.returncode != 0:
            raise RuntimeError(f"kafka-{node} could not be formatted:\n{(done.stdout + done.stderr)[-2000:]}")
    return file


def role(plan: Plan, node: int) -> Role:
    """Ready when the node itself knows of all brokers: a port that listens is not yet a broker that answers."""
    address = f"{HOST}:{plan.kafka_ports[node - 1]}"

    def ready() -> bool:
        return admin.count_brokers(address) == plan.brokers

    argv = java(plan, "kafka.Kafka", str(folder(plan, node) / "server.properties"))
    return Role(f"kafka-{node}", argv, ready=ready)
