"""The command `livingdata`: one file per command or group of commands, registered here."""

import sys
from typing import Final

import typer

from infra.cli import adapter, demo, roles
from runtime.settings import SettingsError

app: Final = typer.Typer(
    name="livingdata",
    help="Hospital messages in, honest rows out: the event pipeline of Hanoi's living health data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(demo.demo)
app.add_typer(adapter.app, name="adapter")
app.command()(roles.processor)
app.command()(roles.sink)


def main() -> None:
    """Exit codes: 0 well, 1 failed, 2 misused."""
    try:
        app()
    except SettingsError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
