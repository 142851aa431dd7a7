"""`livingdata adapter`: run the listeners of a hospital, or check files without any server."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import orjson
import typer
import yaml
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress

from producers.adapter import Feed
from producers.adapters import DIALECTS
from producers.adapters import dialect as dialect_of
from runtime import logs, registry, settings, telemetry
from runtime.shutdown import stop_event

if TYPE_CHECKING:  # the worker's rules are loaded only by `check`
    from infra.conformance.check import Checked, Checker

_group: Final = typer.Typer(help="Run an adapter, or check files of a hospital system.", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    app.add_typer(_group, name="adapter")


@_group.command()
def run(
    config: Annotated[Path, typer.Argument(help="YAML file of settings and feeds, see docs/adapters.")],
    ready_file: Annotated[
        Path | None, typer.Option("--ready-file", help="Written when senders can be served.", hidden=True)
    ] = None,
) -> None:
    """Take what the hospital's systems send, keep it durably, publish it to received.*."""
    chosen = settings.load(settings.AdapterSettings, config)
    logs.configure("adapter", chosen.log_level)
    registry.adopt(chosen.registry, chosen.data)
    telemetry.serve(chosen.metrics_port, chosen.metrics_host)
    from producers import run as role

    role.run(chosen, stop_event(), ready_file)


@_group.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of them.", exists=True)],
    dialect: Annotated[str, typer.Option(help=f"One of: {', '.join(DIALECTS)}.")],
    facility: Annotated[str, typer.Option(help="MACSKCB; where given, messages of others are refused.")] = "",
    options: Annotated[str, typer.Option(help="Options of the dialect, as JSON or YAML.")] = "{}",
    json: Annotated[bool, typer.Option("--json", help="One JSON line per message, then the totals.")] = False,
) -> None:
    """Parse, validate and explain messages, in Vietnamese and English. Needs no server, sends nothing.

    Exit 0 when every file could be read, whatever was found in it.
    """
    checker = _checker(dialect, facility, options)
    totals = {"messages": 0, "accepted": 0, "rejected": 0, "events": 0}
    files = [file for path in paths for file in checker.files(path)]
    unreadable = 0
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=json or not console.is_terminal) as progress:
        for file in progress.track(files, description="check"):
            try:
                for checked in checker.check(file):
                    totals["messages"] += 1
                    totals[checked.outcome] += 1
                    totals["events"] += len(checked.events)
                    _tell(checked, json)
            except OSError as error:
                unreadable += 1
                console.print(f"{file}: không đọc được / cannot be read: {error.strerror}", markup=False)
    if json:
        print(orjson.dumps({"totals": totals}).decode())
    else:
        print(
            f"\n{totals['messages']} thông điệp / messages: {totals['accepted']} đạt / accepted, "
            f"{totals['rejected']} bị từ chối / rejected; {totals['events']} tài liệu / documents"
        )
    raise typer.Exit(1 if unreadable else 0)


def _checker(name: str, facility: str, options: str) -> "Checker":
    if name not in DIALECTS:
        raise typer.BadParameter(f"one of {', '.join(DIALECTS)}", param_hint="--dialect")
    from infra.conformance.check import Checker

    made = dialect_of(name)
    try:
        chosen = made.options.model_validate(yaml.safe_load(options) or {})
    except (ValidationError, yaml.YAMLError) as error:
        raise typer.BadParameter(type(error).__name__, param_hint="--options") from None
    return Checker(made, Feed("check", facility, "check", name, options=chosen.model_dump()))


def _tell(checked: "Checked", as_json: bool) -> None:
    if as_json:
        print(orjson.dumps(checked.line()).decode())
        return
    if not checked.issues:
        return
    word = "ĐẠT / accepted" if checked.outcome == "accepted" else "TỪ CHỐI / rejected"
    print(f"{checked.path} [{checked.index}] {word}")
    for issue in checked.issues:
        print(f"  {issue.severity:7} {issue.rule:6} {issue.path}")
        print(f"          {issue.vi}. {issue.mend_vi}.")
        print(f"          {issue.en}. {issue.mend_en}.")
