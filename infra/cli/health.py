"""`livingdata health`: does a role get on? For containers and schedulers."""

import json
from typing import Annotated

import typer

from infra.progress import METRIC
from infra.progress import age as progress_age


def add(app: typer.Typer) -> None:
    app.command()(health)


def health(
    role: Annotated[str, typer.Argument(help="processor, backfill (of history), sink, adapter, resolver or rules.")],
    port: Annotated[int, typer.Option(envvar="LIVINGDATA_METRICS_PORT", help="Its metrics port, on this machine.")],
    within: Annotated[float, typer.Option(min=1, help="Seconds without progress that are still well.")] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Ask a role on this machine when it last got on: a process that lives may still be stuck.

    Progress is a chunk or batch done, a run of `rules` that came to its end, or nothing to do. Exit 0 well, 1 stuck or not there. A role that waits for a
    server that is away makes no progress: allow more time than an outage you would rather wait out than restart.
    """
    if role not in METRIC:
        typer.echo(f"role: one of {', '.join(METRIC)}", err=True)
        raise typer.Exit(2)
    age = progress_age(port, METRIC[role])
    well = age is not None and age <= within
    if as_json:
        typer.echo(json.dumps({"well": well, "seconds_since_progress": age}))
    else:
        typer.echo("no answer, or no progress yet" if age is None else f"last progress {age:.1f} s ago")
    raise typer.Exit(0 if well else 1)
