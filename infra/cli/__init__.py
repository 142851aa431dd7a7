"""The command `livingdata`: one file per command or group of commands, all listed here.

A file is loaded only when its command is asked for: a role should not carry what another needs.
"""

import sys
from importlib import import_module
from typing import Final

import typer

from runtime.registry import RegistryAway, RegistryRefused
from runtime.settings import SettingsError

COMMANDS: Final[dict[str, str]] = {
    "demo": "infra.cli.demo",
    "adapter": "infra.cli.adapter",
    "backfill": "infra.cli.backfill",
    "city": "infra.cli.city",
    "processor": "infra.cli.processor",
    "sink": "infra.cli.sink",
    "reconcile": "infra.cli.reconcile",
    "topics": "infra.cli.topics",
    "schemas": "infra.cli.schemas",
    "stack": "infra.cli.stack",
    "health": "infra.cli.health",
    "doctor": "infra.cli.doctor",
    "sql": "infra.cli.sql",
    "clickhouse": "infra.cli.clickhouse",
    "rules": "infra.cli.rules",
    "reprocess": "infra.cli.reprocess",
    "catalogue": "infra.cli.catalogue",
    "codes": "infra.cli.codes",
    "identity": "infra.cli.identity",
    "claims": "infra.cli.claims",
    "rejected": "infra.cli.rejected",
    "access": "infra.cli.access",
    "subject": "infra.cli.subject",
}
"""Command -> the module whose `add(app)` registers it."""


def build(*names: str) -> typer.Typer:
    """The application with these commands; with all of them where none is named."""
    app = typer.Typer(
        name="livingdata",
        help="Hospital messages in, honest rows out: the event pipeline of Hanoi's living health data.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def group() -> None:
        """Hospital messages in, honest rows out: the event pipeline of Hanoi's living health data."""

    for name in names or COMMANDS:
        import_module(COMMANDS[name]).add(app)
    return app


def main() -> None:
    """Exit codes: 0 well, 1 failed, 2 misused."""
    asked = [name for name in sys.argv[1:2] if name in COMMANDS]
    try:
        build(*asked)(prog_name="livingdata")
    except SettingsError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    except (RegistryAway, RegistryRefused) as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None
