"""`livingdata schemas`: the release's schemas at a registry."""

import json
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from runtime import registry
from runtime.registry import Registry, RegistryAway, RegistryRefused

commands = typer.Typer(
    name="schemas",
    help="Register the release's schemas at a Confluent-compatible registry, or see which of them it knows. Without a "
    "registry nothing of this is needed: the ids are in the release.",
    no_args_is_help=True,
)
Url = Annotated[str, typer.Option("--registry", envvar="LIVINGDATA_REGISTRY", help="http(s)://[user:password@]host")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


def add(app: typer.Typer) -> None:
    app.add_typer(commands)


@commands.command()
def register(url: Url, as_json: AsJson = False) -> None:
    """Register every schema of this release, FULL_TRANSITIVE: each version must read, and be read by, every other.

    Before the new workers are started: schemas, tables, sinks, workers, adapters. Again, it changes nothing.
    """
    _tell(_asked(lambda: Registry(url).register_all(registry.texts())), as_json)


@commands.command()
def check(url: Url, as_json: AsJson = False) -> None:
    """The ids the registry gave for every schema of this release. Exit code 1 where it does not know one."""
    _tell(_asked(lambda: Registry(url).look_up(registry.texts())), as_json)


def _asked(question: Callable[[], dict[str, int]]) -> dict[str, int]:
    try:
        return question()
    except (RegistryAway, RegistryRefused) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _tell(given: dict[str, int], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"ids": given}))
        return
    table = Table("schema", "subject", "id")
    for name, number in sorted(given.items()):
        table.add_row(name, registry.subject_of(name), str(number))
    Console().print(table)
