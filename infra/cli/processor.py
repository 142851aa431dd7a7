"""`livingdata processor`: a worker, of live data or of history."""

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
    backfill: Annotated[
        bool, typer.Option("--backfill", help="Read history (backfill.*) instead, and give way to live data.")
    ] = False,
    ready_file: Annotated[
        Path | None, typer.Option("--ready-file", help="Written when partitions are assigned.", hidden=True)
    ] = None,
) -> None:
    """Run a worker: received.* -> accepted.*, rejected, outcomes.

    With --backfill it reads backfill.* in a consumer group of its own, at a lower priority, and waits while anything
    live has been waiting for longer than `give_way_seconds` (1): records that no worker has handled, rows that no sink
    has stored. History needs at least one such worker beside those of live data.
    """
    chosen = settings.load(settings.WorkerSettings, config, backfill=backfill or None)
    logs.configure("backfill" if chosen.backfill else "processor", chosen.log_level)
    registry.adopt(chosen.registry, chosen.data)
    telemetry.serve(chosen.metrics_port, chosen.metrics_host)
    role.run(chosen, stop_event(), ready_file)
