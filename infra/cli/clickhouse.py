"""`livingdata clickhouse`: tables and views up to date, what is in place, and the ledger kept small."""

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table

from infra.cli.again import again
from infra.cli.ask import Url, clickhouse
from runtime import logs, settings
from runtime.shutdown import stop_event
from schemas import clickhouse as shape
from schemas import registry
from schemas.clickhouse import Layout
from sinks.clickhouse import freeze as freezing
from sinks.clickhouse import migrate as steps
from sinks.clickhouse.client import connect
from sinks.clickhouse.migrations import MIGRATIONS

log = logs.get("freeze")

_group: Final = typer.Typer(
    help="Migrate ClickHouse, see what is in place, freeze the old ledger.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Cluster = Annotated[
    str | None,
    typer.Option("--cluster", envvar="LIVINGDATA_CLUSTER", help="Name in remote_servers; empty: one server."),
]


def add(app: typer.Typer) -> None:
    app.add_typer(_group, name="clickhouse")


@_group.command()
def migrate(
    url: Url = None,
    cluster: Cluster = None,
    json: Json = False,
) -> None:
    """Bring tables, numbered migrations and views up to date. The sink does the same at its start.

    Forward only. Running it again changes nothing.
    """
    with clickhouse(url) as client:
        done = steps.migrate(client, Layout(cluster or ""))
    _tell(done, json, "đã làm / done")


@_group.command()
def status(
    url: Url = None,
    cluster: Cluster = None,
    json: Json = False,
) -> None:
    """What has been applied and what is pending. Exit 1 where the database is behind; changes nothing."""
    with clickhouse(url) as client:
        found = steps.plan(client, Layout(cluster or ""))
    _tell(found, json, "còn thiếu / pending")
    raise typer.Exit(0 if found.current or found.ahead else 1)


@_group.command()
def ddl(cluster: Cluster = None) -> None:
    """Print the statements that a new database is made of. Needs no server."""
    for statement in shape.statements(Layout(cluster or ""), registry.accepted_versions()):
        print(statement + ";\n")


@_group.command(name="freeze")
def freeze_ledger(
    url: Url = None,
    older_than_days: Annotated[
        int, typer.Option(min=freezing.LEAST_DAYS, max=36_500, help="Months whose last day is so many days ago.")
    ] = freezing.OLDER_THAN_DAYS,
    every: Annotated[int, typer.Option(min=0, help="Seconds between runs; 0 runs once. Daily: 86400.")] = 0,
    json: Json = False,
) -> None:
    """Collapse old months of the ledger: complete numbers become one row per feed and day. Run it daily, one at a time;
    with --every it stays and runs by itself, whether or not ClickHouse answers, and tells its log.

    The balance stays as it is; what is absent, rejected or replayed is kept number by number. Broken off anywhere, the next
    run ends it. Exit 1 where history has lost a row: it stops there. On one server only.
    """
    if every:
        chosen = settings.load(settings.ClickHouseSettings, clickhouse=url)
        logs.configure("freeze", "INFO")
        freeze_loop(lambda: _freeze_once(chosen, older_than_days), stop_event(), every)
        return
    with clickhouse(url) as client:
        done = freezing.freeze(client, older_than_days)
    if json:
        print(orjson.dumps([asdict(month) for month in done]).decode())
        raise typer.Exit(1 if any(month.lost for month in done) else 0)
    for month in done:
        if month.lost:
            text = (
                f"{month.month}: {month.lost} thông điệp mất dòng trong kho, dừng / messages have lost a row, stopped"
            )
            Console().print(text, style="red", highlight=False)
            raise typer.Exit(1)
        text = f"{month.month}: {month.messages} thông điệp đã chốt / messages frozen, {month.parts} phần còn lại / parts kept"
        Console().print(text, highlight=False)
    if not done:
        Console().print("chưa có gì để chốt / nothing to freeze yet")


def freeze_loop(once: Callable[[], list[freezing.Frozen]], stop: threading.Event, every: float) -> None:
    """`once` again and again. A month that has lost rows is told each time: an error in the log."""

    def freeze() -> None:
        for month in once():
            tell = log.error if month.lost else log.info
            tell("ledger_frozen", month=month.month, messages=month.messages, parts=month.parts, lost=month.lost)

    again(freeze, stop, every, log)


def _freeze_once(chosen: settings.ClickHouseSettings, older_than_days: int) -> list[freezing.Frozen]:
    with closing(connect(chosen)) as client:
        return freezing.freeze(client, older_than_days)


def _tell(plan: steps.Plan, as_json: bool, word: str) -> None:
    if as_json:
        print(orjson.dumps(summary(plan)).decode())
        return
    table = Table("số / number", "nội dung / migration", "", header_style="bold")
    pending = {migration.number for migration in plan.pending}
    for migration in MIGRATIONS:
        table.add_row(str(migration.number), migration.name, word if migration.number in pending else "✓")
    for number, name in plan.applied.items():
        if number > MIGRATIONS[-1].number:
            table.add_row(str(number), name, "bản mới hơn / a newer release's")
    console = Console()
    console.print(table)
    for title, items in (("bảng, cột / tables, columns", plan.missing), ("khung nhìn / views", plan.views)):
        if items:
            console.print(f"{title}: {len(items)} {word}")
            for item in items[:20]:
                console.print(f"  {item.splitlines()[0]}", markup=False, highlight=False)


def summary(plan: steps.Plan) -> dict[str, Any]:
    """The plan for machines: applied, pending, missing (statements), views, ahead, current."""
    return {
        "applied": [{"number": number, "name": name} for number, name in plan.applied.items()],
        "pending": [{"number": migration.number, "name": migration.name} for migration in plan.pending],
        "missing": plan.missing,
        "views": plan.views,
        "ahead": plan.ahead,
        "current": plan.current,
    }
