"""`livingdata topics`: the topics on a broker, as the house needs them."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra import topics as plan
from runtime.admin import Admin, KafkaAway, NoAdminApi, TopicState
from schemas import topics

commands = typer.Typer(
    name="topics",
    help="Make and check the topics on a real Kafka. The embedded one has no admin API: there they come into being, "
    "with four partitions, when first used.",
    no_args_is_help=True,
)
Kafka = Annotated[str, typer.Option("--kafka", envvar="LIVINGDATA_KAFKA", help="host:port[,host:port]")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
Replication = Annotated[
    int | None, typer.Option(min=1, max=plan.MOST_REPLICAS, help="Replicas; else 3, or as many as there are brokers.")
]
_DAY_MS = topics.DAY_MS


def add(app: typer.Typer) -> None:
    app.add_typer(commands)


@commands.command()
def create(kafka: Kafka, replication: Replication = None, as_json: AsJson = False) -> None:
    """Make the topics that are missing. Those that exist are not touched: `check` says what is wrong with them."""
    admin = _connect(kafka)
    try:
        made = plan.missing(plan.wanted(admin.brokers, replication), admin.topics())
        admin.create(made)
    except KafkaAway as error:
        raise _failed(error) from None
    if as_json:
        typer.echo(json.dumps({"created": [asdict(state) for state in made]}))
    else:
        typer.echo(f"{len(made)} topics created, {len(topics.TOPICS) - len(made)} were there")


@commands.command("list")
def list_(kafka: Kafka, as_json: AsJson = False) -> None:
    """The topics of the broker, the house's first."""
    found = _topics(_connect(kafka))
    ordered = sorted(found.values(), key=lambda state: (state.name not in topics.TOPICS, state.name))
    if as_json:
        typer.echo(json.dumps({"topics": [asdict(state) for state in ordered]}))
        return
    table = Table("topic", "partitions", "replicas", "days", "what it is")
    for state in ordered:
        known = topics.TOPICS.get(state.name)
        days = int(state.settings["retention.ms"]) / _DAY_MS
        said = known.description if known else "not of this house"
        table.add_row(state.name, str(state.partitions), str(state.replication), f"{days:g}", said)
    Console().print(table)


@commands.command()
def check(kafka: Kafka, replication: Replication = None, as_json: AsJson = False) -> None:
    """Compare the broker's topics with what they should be. Exit code 1 where anything differs."""
    admin = _connect(kafka)
    found = plan.drift(plan.wanted(admin.brokers, replication), _topics(admin))
    if as_json:
        typer.echo(json.dumps({"drift": [asdict(one) for one in found]}))
    elif not found:
        typer.echo(f"all {len(topics.TOPICS)} topics are as they should be")
    else:
        table = Table("topic", "what", "wanted", "found")
        for one in found:
            table.add_row(one.topic, one.setting, one.wanted, one.found)
        Console().print(table)
    if found:
        raise typer.Exit(1)


def _connect(kafka: str) -> Admin:
    try:
        return Admin(kafka)
    except (NoAdminApi, KafkaAway) as error:
        raise _failed(error) from None


def _topics(admin: Admin) -> dict[str, TopicState]:
    try:
        return admin.topics(topics.SETTINGS)
    except KafkaAway as error:
        raise _failed(error) from None


def _failed(error: Exception) -> typer.Exit:
    typer.echo(str(error), err=True)
    return typer.Exit(1)
