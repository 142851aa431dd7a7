"""`livingdata stack`: a real Kafka, registry, Redis and ClickHouse on this machine."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from infra.stack import control, libraries, plan
from infra.stack.runner import READY_SECONDS

commands = typer.Typer(
    name="stack",
    help="A real stack on this machine, without containers: Apache Kafka in KRaft mode (1 or 3 brokers), a schema "
    "registry, Redis, ClickHouse; all on loopback, all data in one folder. Needs Java 17 and Maven.",
    no_args_is_help=True,
)
Data = Annotated[Path, typer.Option("--data", help="Folder of all data and logs.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
_DATA = Path("build/stack/data")
_LIBRARIES = Path("build/stack")


def _fail(text: object) -> typer.Exit:
    Console(stderr=True, highlight=False).print(str(text), style="red", markup=False)
    return typer.Exit(1)


def add(app: typer.Typer) -> None:
    app.add_typer(commands)


@commands.command()
def up(
    brokers: Annotated[int, typer.Option(help="1, or 3 with replication 3 and min.insync.replicas 2.")] = 1,
    data: Data = _DATA,
    jars: Annotated[Path, typer.Option(help="Where the jars are kept; fetched once.")] = _LIBRARIES,
    kafka_port: Annotated[int, typer.Option(help="The first broker's; its controller listens 1000 above.")] = 9092,
    redis_port: Annotated[int, typer.Option()] = 6379,
    clickhouse_port: Annotated[int, typer.Option(help="HTTP.")] = 8123,
    registry_port: Annotated[int, typer.Option(help="0: no registry, schema ids come from the lock file.")] = 8081,
    ready_seconds: Annotated[
        float, typer.Option(min=1, help="For each part to become ready; a busy machine needs more.")
    ] = READY_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Start it and print the addresses when every part answers. It goes on until `stack down`."""
    try:
        wanted = plan.fixed(data, jars, brokers, kafka_port, redis_port, clickhouse_port, registry_port)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False):
            typer.echo(f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}", err=True)
        raise typer.Exit(2) from None
    console = Console(stderr=True)
    try:
        with console.status("fetching the jars (once)…"):
            libraries.resolve(wanted.libraries, registry=wanted.registry_port is not None)
        with console.status("starting…"):
            ready = control.start(wanted, ready_seconds)
    except (libraries.Missing, control.StackFailed) as error:
        raise _fail(error) from None
    if as_json:
        typer.echo(json.dumps(ready))
        return
    _table({name: ready[name] for name in wanted.addresses}, f"up after {ready['seconds']} s")
    typer.echo(f"\nexport LIVINGDATA_KAFKA={ready['bootstrap']}\nlivingdata topics create")


@commands.command()
def down(data: Data = _DATA) -> None:
    """End it. The data stay; a folder removed by hand is a fresh start."""
    try:
        typer.echo("stopped" if control.stop(data) else "nothing to stop")
    except control.StackFailed as error:
        raise _fail(error) from None


@commands.command()
def status(data: Data = _DATA, as_json: AsJson = False) -> None:
    """Ask each part whether it answers. Exit code 1 where one does not."""
    found = control.status(data)
    if as_json:
        typer.echo(json.dumps(asdict(found)))
    elif not found.running:
        typer.echo("not running")
    else:
        _table({name: "answers" if well else "SILENT" for name, well in found.answers.items()}, "")
        typer.echo(f"{found.memory_mib} MiB")
    if not found.running or not all(found.answers.values()):
        raise typer.Exit(1)


def _table(rows: dict[str, str], title: str) -> None:
    table = Table(show_header=False, title=title or None, title_justify="left")
    for name, value in rows.items():
        table.add_row(name, value)
    Console().print(table)
