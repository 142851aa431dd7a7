"""`livingdata reconcile`: does every number have its outcome?"""

from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from infra.cli.ask import Url, clickhouse
from sinks.clickhouse import reconcile as ledger


def add(app: typer.Typer) -> None:
    app.command()(reconcile)


def reconcile(
    facility: Annotated[str | None, typer.Option(help="Only this MACSKCB.")] = None,
    settle: Annotated[int, typer.Option(min=0, help="Seconds: what is younger is still in flight.")] = 60,
    url: Url = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line per feed.")] = False,
) -> None:
    """The ledger's balance of each feed: taken = accepted + amended + duplicate + rejected + without document.

    Exit 1 where a feed does not balance: a number is absent, a part is missing, or a feed that ended or fell silent has
    a lost tail. A feed of history says `ended` when all of it has been sent.
    """
    with clickhouse(url) as client:
        rows = ledger.balance(client, facility, settle)
    wrong = [row for row in rows if not row["balanced"]]
    if json:
        for row in rows:
            print(orjson.dumps(row, default=str).decode())
    else:
        _print(rows, wrong)
    raise typer.Exit(1 if wrong else 0)


_COLUMNS = ("taken", "acknowledged", "accepted", "amended", "duplicate", "rejected", "silent", "stored", "missing")


def _print(rows: list[dict[str, Any]], wrong: list[dict[str, Any]]) -> None:
    console = Console()
    table = Table()
    for name in ("facility", "feed", *_COLUMNS, ""):
        table.add_column(name, justify="right" if name in _COLUMNS else "left")
    for row in rows:
        sign = "[green]✓[/green]" if row["balanced"] else "[bold red]✗[/bold red]"
        said = f"{sign} ended" if row["ended"] else sign
        table.add_row(row["facility"], row["adapter_id"], *(str(row[name]) for name in _COLUMNS), said)
    console.print(table)
    console.print(f"{len(rows)} nguồn / feeds, {len(wrong)} không cân / do not balance")
