"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Redis = Annotated[str, typer.Option("--redis", envvar="LIVINGDATA_REDIS", help="redis://host:port/db")]
Keyring = Annotated[
    Path,
    typer.Option("--keyring", envvar="LIVINGDATA_KEYRING", exists=True, dir_okay=False, help="The city's keyring."),
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
