"""The roles that run until they are told to stop: processor and sink (the adapter has its own group)."""

from pathlib import Path
from typing import Annotated

import typer

from runtime import logs, settings, telemetry
from runtime.shutdown import stop_event

Config = Annotated[
    Path | None, typer.Option("--config", help="YAML file of settings; LIVINGDATA_* variables win over it.")
]


def processor(config: Config = None) -> None:
    """Run a worker: received.* -> accepted.*, rejected, outcomes."""
    chosen = settings.load(settings.WorkerSettings, config)
    logs.configure("processor", chosen.log_level)
    telemetry.serve(chosen.metrics_port)
    from stream_processors import app  # faust takes a second to load: not for every `--help`

    app.run(chosen, stop_event())


def sink(config: Config = None) -> None:
    """Run a sink: accepted.* and the ledger topics -> ClickHouse."""
    chosen = settings.load(settings.SinkSettings, config)
    logs.configure("sink", chosen.log_level)
    telemetry.serve(chosen.metrics_port)
    from sinks.clickhouse import sink as role

    role.run(chosen, stop_event())
