"""`livingdata access`: the store's roles as configuration, and who has read what, and why."""

from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console

from infra.access import render, report
from infra.access.roles import roles
from infra.cli.ask import Url, clickhouse
from infra.cli.sql import table

_group: Final = typer.Typer(
    help="Roles of the store as configuration; who has read what, and why.", no_args_is_help=True
)

Database = Annotated[str, typer.Option("--database", help="The database that holds the tables.")]


def add(app: typer.Typer) -> None:
    app.add_typer(_group, name="access")


@_group.command(name="roles")
def show_roles(json: Annotated[bool, typer.Option("--json", help="One JSON line per role.")] = False) -> None:
    """The roles, and what each is for."""
    rows = [(r.name, r.vi, r.en, len(r.reads), len(r.writes), len(r.rows)) for r in roles().values()]
    names = ["role", "vi", "en", "reads", "writes", "filters"]
    _show(names, rows, json)


@_group.command()
def users(
    facility: Annotated[str, typer.Option(help="MACSKCB: the file of this facility's own reader.")] = "",
    database: Database = "default",
) -> None:
    """Print a users file for /etc/clickhouse-server/users.d. Passwords come from the environment as SHA-256."""
    print(render.facility_file(facility, database) if facility else render.users_file(database), end="")


@_group.command()
def sql(database: Database = "default") -> None:
    """Print profiles, quota, roles, grants and row policies as SQL, for a server that keeps access entities itself."""
    print(render.access_sql(database), end="")


@_group.command(hidden=True)
def write(folder: Annotated[Path, typer.Argument(help="infra/clickhouse")] = Path("infra/clickhouse")) -> None:
    """Write both files of the repository anew."""
    (folder / "users.d").mkdir(parents=True, exist_ok=True)
    (folder / "users.d" / "livingdata.xml").write_text(render.users_file(), encoding="utf-8")
    (folder / "access.sql").write_text(render.access_sql(), encoding="utf-8")


@_group.command(name="report")
def report_(
    days: Annotated[int, typer.Option(min=1, max=3660, help="How far back.")] = 7,
    without_purpose: Annotated[
        bool, typer.Option("--without-purpose", help="Only questions that gave no purpose.")
    ] = False,
    url: Url = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line per row.")] = False,
) -> None:
    """Who read which tables, how often, how many rows, and for what purpose, from the query log.

    The text of a question is not shown: it may hold a pseudonym. Questions about persons are those that read a table or
    view with keys of persons.
    """
    with clickhouse(url) as client:
        found = report.rows(client, days, without_purpose=without_purpose)
    names = list(report.COLUMNS)
    _show(names, [tuple(row[name] for name in names) for row in found], json)


def _show(names: list[str], rows: list[tuple[Any, ...]], as_json: bool) -> None:
    if as_json:
        for row in rows:
            print(orjson.dumps(dict(zip(names, row, strict=True)), default=str).decode())
        return
    Console().print(table(names, rows))
