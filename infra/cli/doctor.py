"""`livingdata doctor`: is everything as it must be, and what to do where it is not."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer
from rich.console import Console
from rich.markup import escape

from infra.cli.options import AsJson
from infra.doctor.examine import LOOKS, examine
from infra.doctor.finding import Finding, Level
from infra.doctor.places import NothingToExamine, find
from runtime import logs

_SIGNS: Final = {
    Level.ok: "[green]✓[/green]",
    Level.unknown: "[dim]?[/dim]",
    Level.warning: "[yellow]![/yellow]",
    Level.failed: "[bold red]✗[/bold red]",
}
File = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Its settings file.")]


def add(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(
    data: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A folder of `livingdata demo --data … --keep`.")
    ] = None,
    stack: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="A running stack's folder, as a rule build/stack/data."),
    ] = None,
    adapter: File = None,
    processor: File = None,
    sink: File = None,
    all_: Annotated[bool, typer.Option("--all", help="Show what is well too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look at everything a city needs and say what to do where something is wrong. Changes nothing.

    Versions, settings (all mistakes at once), topics, rights, clocks, disks, schemas at the registry, the facility
    register, key pairs (compared, never shown), Redis, ClickHouse's migrations and roles, documents under two dates,
    silent feeds, the ledger. Settings come from the roles' files, from LIVINGDATA_* variables, from a demo's folder, or
    addresses alone from a running stack. Exit 0 well (warnings too), 1 where something failed, 2 nothing to look at.
    """
    logs.configure("doctor", "ERROR")
    files = {"adapter": adapter, "processor": processor, "sink": sink}
    try:
        places, found = find(data, stack, {name: file for name, file in files.items() if file is not None})
    except NothingToExamine:
        typer.echo("nothing to look at: give --data, --stack, a role's file, or LIVINGDATA_* variables", err=True)
        raise typer.Exit(2) from None
    except (OSError, ValueError):
        typer.echo("--stack: no stack runs on this folder", err=True)
        raise typer.Exit(2) from None
    console = Console(stderr=as_json)
    with console.status(f"{len(LOOKS)} …"):
        found += examine(places)
    if as_json:
        print(orjson.dumps({"findings": [asdict(one) for one in found], **_counts(found)}).decode())
    else:
        _show(console, found, all_)
    raise typer.Exit(1 if any(one.level is Level.failed for one in found) else 0)


def _counts(found: list[Finding]) -> dict[str, int]:
    counted = Counter(one.level for one in found)
    return {level.value: counted[level] for level in Level}


def _show(console: Console, found: list[Finding], everything: bool) -> None:
    for one in found:
        if one.level is Level.ok and not everything:
            continue
        head = f"{_SIGNS[one.level]} [bold]{one.check}[/bold] {escape(one.subject)}"
        console.print(f"{head}\n    {escape(one.vi)}\n    {escape(one.en)}", highlight=False)
        if one.mend_vi:
            mends = dict.fromkeys((one.mend_vi, one.mend_en))
            console.print("".join(f"    → {escape(mend)}\n" for mend in mends).rstrip(), style="cyan", highlight=False)
    said = _counts(found)
    console.print(
        f"{said['ok']} tốt / well, {said['warning']} cảnh báo / warnings, {said['failed']} hỏng / failed, "
        f"{said['unknown']} không rõ / unknown"
    )
