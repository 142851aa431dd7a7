"""`livingdata clickhouse`: tables and views up to date, and what is in place."""

from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table

from infra.cli.ask import Url, clickhouse
from schemas import clickhouse as shape
from schemas import registry
from schemas.clickhouse import Layout
from sinks.clickhouse import migrate as steps
from sinks.clickhouse.migrations import MIGRATIONS

_group: Final = typer.Typer(help="Migrate ClickHouse, or see what is in place.", no_args_is_help=True)

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
