"""`livingdata health`: does a role get on? For containers and schedulers."""

import json
import time
import urllib.request
from typing import Annotated, Final

import typer
from prometheus_client.parser import text_string_to_metric_families

from runtime import telemetry

_ROLES: Final = {"processor": "worker", "sink": "sink", "adapter": "outbox"}
"""Command -> how the metric calls it."""

_MOST_BYTES: Final = 8 << 20


def add(app: typer.Typer) -> None:
    app.command()(health)


def health(
    role: Annotated[str, typer.Argument(help="processor, sink or adapter.")],
    port: Annotated[int, typer.Option(envvar="LIVINGDATA_METRICS_PORT", help="Its metrics port, on this machine.")],
    within: Annotated[float, typer.Option(min=1, help="Seconds without progress that are still well.")] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Ask a role on this machine when it last got on: a process that lives may still be stuck.

    Progress is a chunk or batch done, or nothing to do. Exit 0 well, 1 stuck or not there. A role that waits for a
    server that is away makes no progress: allow more time than an outage you would rather wait out than restart.
    """
    if role not in _ROLES:
        typer.echo(f"role: one of {', '.join(_ROLES)}", err=True)
        raise typer.Exit(2)
    age = _age(port, _ROLES[role])
    well = age is not None and age <= within
    if as_json:
        typer.echo(json.dumps({"well": well, "seconds_since_progress": age}))
    else:
        typer.echo("no answer, or no progress yet" if age is None else f"last progress {age:.1f} s ago")
    raise typer.Exit(0 if well else 1)


def _age(port: int, label: str) -> float | None:
    """Seconds since the last progress; None where nobody answers or nothing was done yet."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read(_MOST_BYTES).decode()
    except (OSError, UnicodeDecodeError):
        return None
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == telemetry.PROGRESS_NAME and sample.labels.get("role") == label:
                return time.time() - sample.value
    return None
