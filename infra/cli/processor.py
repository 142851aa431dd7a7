"""`livingdata processor`: a worker."""

from pathlib import Path
from typing import Annotated

import typer

from runtime import logs, registry, settings, telemetry
from runtime.shutdown import stop_event
from stream_processors import app as role


def add(app: typer.Typer) -> None:
    app.command()(processor)


def processor(
    config: Annotated[
        Path | None, typer.Option(help="YAML file of settings; LIVINGDATA_* variables win over it.")
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option("--ready-file", help="Written when partitions are assigned.", hidden=True)
    ] = None,
) -> None:
    """Run a worker: received.* -> accepted.*, rejected, outcomes."""
    chosen = settings.load(settings.WorkerSettings, config)
    logs.configure("processor", chosen.log_level)
    registry.adopt(chosen.registry, chosen.data)
    telemetry.serve(chosen.metrics_port, chosen.metrics_host)
    role.run(chosen, stop_event(), ready_file)
