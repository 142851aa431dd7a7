"""`livingdata adapter`: run the listeners of a hospital, or check files without any server."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import orjson
import typer
from rich.console import Console
from rich.progress import Progress

from infra.cli.dialect_options import chosen
from producers.adapter import Feed
from producers.adapters import DIALECTS
from producers.adapters import dialect as dialect_of
from runtime import clock, logs, registry, settings, telemetry
from runtime.shutdown import stop_event

if TYPE_CHECKING:  # the worker's rules are loaded only by `check`
    from infra.conformance.check import Checked, Checker
    from infra.conformance.run import Run

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
def restored(
    data: Annotated[Path, typer.Argument(help="The adapter's data folder, put back from a backup.", exists=True)],
) -> None:
    """After an outbox was put back from a backup and before the adapter starts: begin a new life of its numbers.

    Otherwise messages taken since the backup and new ones would have the same numbers, and the new ones be lost as
    repeats. The ledger keeps showing the old life: numbers taken but never acknowledged there are in doubt
    (`livingdata reconcile`), and the hospital should send that time once more.
    """
    from producers.outbox import OutboxInUse
    from producers.restored import renew

    try:
        done = renew(data)
    except (OutboxInUse, FileNotFoundError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{done.old} -> {done.new}; {done.waiting} records wait to be published again")


@_group.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of them.", exists=True)],
    dialect: Annotated[str, typer.Option(help=f"One of: {', '.join(DIALECTS)}.")],
    facility: Annotated[str, typer.Option(help="MACSKCB; where given, messages of others are refused.")] = "",
    options: Annotated[
        str, typer.Option(help="Of the dialect, as JSON or YAML; history_csv needs '{mapping: FILE}'.")
    ] = "{}",
    json: Annotated[bool, typer.Option("--json", help="One JSON line per message, then the totals.")] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write the conformance report: one HTML file, for a screen or paper.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML for a build server.")] = None,
    vendor: Annotated[str, typer.Option(help="Whose system it is, for the report's verdict.")] = "",
    version: Annotated[str, typer.Option(help="Which version of it.")] = "",
) -> None:
    """Parse, validate and explain messages, in Vietnamese and English. Needs no server, sends nothing.

    The report ends in a verdict: certified, certified with conditions, or not yet. Exit 0 when every file could be
    read, whatever was found in it.
    """
    from infra.conformance.run import Run

    run = Run(_checker(dialect, facility, options))
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=json or not console.is_terminal) as progress:
        files = run.files(paths)
        for file in progress.track(files, description="check"):
            for checked in run.check(file):
                _tell(checked, json)
            if run.trouble:
                console.print(f"{_name(file)}: không đọc được / cannot be read: {run.trouble}", markup=False)
    tally = run.tally
    if json:
        totals = {"messages": tally.messages, "accepted": tally.accepted, "rejected": tally.rejected}
        typer.echo(orjson.dumps({"totals": totals | {"events": tally.documents}}))
    else:
        _summary(run)
    from infra.conformance.page import About

    try:
        run.write(report, junit, About(dialect, facility, vendor, version, clock.now_ms()))
    except OSError as error:
        console.print(f"báo cáo không ghi được / the report cannot be written: {error.strerror}", markup=False)
        raise typer.Exit(1) from None
    raise typer.Exit(1 if tally.unreadable else 0)


def _checker(name: str, facility: str, options: str) -> "Checker":
    if name not in DIALECTS:
        raise typer.BadParameter(f"one of {', '.join(DIALECTS)}", param_hint="--dialect")
    from infra.conformance.check import Checker

    made = dialect_of(name)
    return Checker(made, Feed("check", facility, "check", name, options=chosen(made, options)))


def _tell(checked: "Checked", as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(checked.line()))
        return
    if not checked.issues:
        return
    word = "ĐẠT / accepted" if checked.outcome == "accepted" else "TỪ CHỐI / rejected"
    typer.echo(f"{checked.path} [{checked.index}] {word}")
    for issue in checked.issues:
        typer.echo(f"  {issue.severity:7} {issue.rule:6} {issue.path}")
        typer.echo(f"          {issue.vi}. {issue.mend_vi}.")
        typer.echo(f"          {issue.en}. {issue.mend_en}.")


def _summary(run: "Run") -> None:
    from infra.conformance.verdict import TITLES, verdict

    tally = run.tally
    typer.echo(
        f"\n{tally.messages} thông điệp / messages: {tally.accepted} đạt / accepted, "
        f"{tally.rejected} bị từ chối / rejected; {tally.documents} tài liệu / documents"
    )
    found = verdict(tally)
    typer.echo(" / ".join(TITLES[found.grade]))
    for reason in found.reasons:
        typer.echo(f"  {reason.vi}.\n  {reason.en}.")


def _name(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
