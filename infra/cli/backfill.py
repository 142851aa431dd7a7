"""`livingdata backfill`: send the history of a hospital system from files."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from producers.adapters import DIALECTS
from producers.adapters import dialect as dialect_of
from producers.feeds import feeds
from runtime import logs, settings
from runtime.clock import HANOI
from runtime.shutdown import stop_event

if TYPE_CHECKING:
    from infra.backfill.run import Plan


def add(app: typer.Typer) -> None:
    app.command()(backfill)


def backfill(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of them.", exists=True)],
    dialect: Annotated[str, typer.Option(help=f"One of: {', '.join(DIALECTS)}.")],
    config: Annotated[
        Path, typer.Option(help="The adapter's YAML file: keys, Kafka, and the feed whose history it is.")
    ],
    feed: Annotated[str | None, typer.Option(help="adapter_id of the feed, where several speak the dialect.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Leave out documents last dated before this day.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0, help="Messages a second; 0: as fast as it goes.")] = 200,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and validate only; send nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Send history to Kafka beside the live feed, slowly enough not to hold it up.

    Documents take their own last date as version, so whatever was said live stays. Ended early or run again, it goes on
    where it was: what was sent within 7 days is known and not sent twice. Exit 1 where a file could not be read or
    records still wait in the outbox.
    """
    from infra.backfill.run import Plan, feed_of, files_of

    if dialect not in DIALECTS:
        raise typer.BadParameter(f"one of {', '.join(DIALECTS)}", param_hint="--dialect")
    chosen = settings.load(settings.AdapterSettings, config)
    made = dialect_of(dialect)
    first = None if since is None else int(since.replace(tzinfo=HANOI).timestamp() * 1000)
    plan = Plan(feed_of(feeds(chosen.feeds), dialect, feed), made, files_of(paths, made.suffixes), rate, first)
    counts, well = _dry(plan) if dry_run else _send(chosen, plan)
    if json:
        typer.echo(orjson.dumps(counts))
    else:
        typer.echo(", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items()))
    raise typer.Exit(0 if well else 1)


def _bar() -> Progress:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[speed]}"),
    )  # fmt: skip
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _send(chosen: settings.AdapterSettings, plan: "Plan") -> tuple[dict[str, int], bool]:
    from infra.backfill.run import send

    logs.configure("backfill", chosen.log_level)
    sizes = {path: path.stat().st_size for path in plan.files if path.is_file()}
    with _bar() as bar:
        task = bar.add_task("backfill (kB)", total=max(1, sum(sizes.values()) // 1000), speed="")
        done = 0

        def told(size: int) -> None:
            nonlocal done
            done += size
            elapsed = bar.tasks[0].elapsed or 0
            bar.update(task, completed=done // 1000, speed=f"{done / 1000 / elapsed:.0f} kB/s" if elapsed else "")

        sent = asyncio.run(send(chosen, plan, stop_event(), told))
    for path in sent.unreadable:
        typer.echo(f"{path.as_posix().encode('utf-8', 'replace').decode()}: không đọc được / cannot be read", err=True)
    counts = {
        "files": sent.files, "unreadable": len(sent.unreadable), "messages": sent.messages, "sent_before": sent.again,
        "documents": sent.documents, "refused": sent.refused, "without_document": sent.without_document,
        "waiting": sent.waiting,
    }  # fmt: skip
    return counts, not (sent.unreadable or sent.waiting or sent.stopped)


def _dry(plan: "Plan") -> tuple[dict[str, int], bool]:
    """What would be sent, by the adapter's own translator and the worker's own rules."""
    from dataclasses import replace

    from infra.conformance.check import Checker
    from infra.conformance.run import Run
    from producers.history import History

    translator = History(plan.dialect.translator, plan.since)
    run = Run(Checker(replace(plan.dialect, translator=translator), plan.feed))
    with _bar() as bar:
        for path in bar.track(plan.files, description="dry run"):
            for _ in run.check(path):
                pass
    tally = run.tally
    counts = {
        "files": tally.files, "unreadable": tally.unreadable, "messages": tally.messages, "documents": tally.documents,
        "rejected": tally.rejected, "without_document": sum(tally.silent.values()),
    }  # fmt: skip
    return counts, not tally.unreadable
