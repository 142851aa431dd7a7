"""`livingdata identity resolver` and `stand-in`: asking the population service, and one to ask on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from infra import tables
from runtime import logs, registry, settings, telemetry
from runtime.shutdown import stop_event


def add(commands: typer.Typer) -> None:
    commands.command()(resolver)
    commands.command(name="stand-in")(stand_in)


def resolver(
    config: Annotated[
        Path | None, typer.Option(help="YAML file of settings; LIVINGDATA_* variables win over it.")
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option("--ready-file", help="Written when partitions are assigned.", hidden=True)
    ] = None,
) -> None:
    """Run the resolver: people whose number the registry does not know are asked about at the national population
    service, and late links are told.

    Beside the pipeline, never in its way: while the service is slow or away, this role alone falls behind. It needs the
    city's keyring. Its settings are `service`, `token`, `rate`, `at_once`, `timeout_seconds`, `attempts` …, see
    docs/identity.md.
    """
    from stream_processors.resolver import role

    chosen = settings.load(settings.ResolverSettings, config)
    logs.configure("resolver", chosen.log_level)
    registry.adopt(chosen.registry, chosen.data)
    telemetry.serve(chosen.metrics_port, chosen.metrics_host)
    role.run(chosen, stop_event(), ready_file)


def stand_in(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV: number, full_name, birth, as `import` takes it.")
    ],
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8095,
    delay_ms: Annotated[float, typer.Option(min=0, max=60_000, help="Before each answer.")] = 50,
    jitter_ms: Annotated[float, typer.Option(min=0, max=60_000, help="Added to it, at random.")] = 100,
    fail_share: Annotated[float, typer.Option(min=0, max=1, help="Share of questions that fail.")] = 0.02,
    per_second: Annotated[float, typer.Option(min=0, max=100_000, help="Above this it throttles; 0: never.")] = 20,
    token: Annotated[str, typer.Option(envvar="LIVINGDATA_TOKEN", help="Asked of whoever asks.")] = "",
) -> None:
    """A stand-in for the population service on this machine, slow and unreliable as you like. The real one's form is not
    known here. `POST /behave` changes how it behaves while it runs."""
    from aiohttp import web

    from infra.standin.population import Behaviour, Population

    try:
        optional = frozenset({"sex", "card"})
        read = tables.read(file, frozenset({"number", "full_name", "birth"}), optional)
        rows = [(row["number"].strip(), row["full_name"], row["birth"].strip()) for _, row in read]
    except tables.WrongTable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    made = Population.of(rows, behaviour=Behaviour(delay_ms, jitter_ms, fail_share, per_second), token=token)
    typer.echo(f"http://127.0.0.1:{port} ({len(made.citizens)} citizens)", err=True)
    web.run_app(made.app(), host="127.0.0.1", port=port, print=None, access_log=None)
