"""`livingdata sql`: ask ClickHouse, with the reason kept in its query log."""

from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table

from infra.cli.ask import Url, clickhouse
from sinks.clickhouse.client import Unanswered

MOST_ROWS: Final = 200
"""Rows shown in a table; `--json` prints all."""
MOST_PURPOSE: Final = 500


def add(app: typer.Typer) -> None:
    app.command(name="sql")(sql)


def sql(
    query: Annotated[
        str, typer.Argument(help="One SELECT (or SHOW, DESCRIBE, EXPLAIN). The views have guessable names.")
    ],
    purpose: Annotated[
        str, typer.Option("--purpose", help="Why you ask; kept as log_comment in the query log, the access log.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object per row.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Rows shown in the table.")] = MOST_ROWS,
    url: Url = None,
) -> None:
    """Ask ClickHouse a question; it cannot change anything.

    `livingdata sql "SHOW TABLES"` lists the views, `"DESCRIBE visits"` explains one, docs/questions.md has worked examples.
    """
    if len(purpose) > MOST_PURPOSE:
        raise typer.BadParameter(f"at most {MOST_PURPOSE} characters", param_hint="--purpose")
    settings = {"readonly": "2", "log_comment": purpose} if purpose else {"readonly": "2"}
    with clickhouse(url) as client:
        try:
            names, rows = client.ask(query, settings)
        except Unanswered as trouble:
            Console(stderr=True).print(str(trouble), style="red", highlight=False, markup=False)
            raise typer.Exit(1) from None
    if json:
        for row in rows:
            print(orjson.dumps(dict(zip(names, row, strict=True)), default=str).decode())
        return
    Console().print(table(names, rows[:limit]))
    if len(rows) > limit:
        Console(stderr=True).print(f"… {len(rows) - limit} dòng nữa / more rows (--limit, --json)")


def table(names: list[str], rows: list[tuple[Any, ...]]) -> Table:
    """Numbers to the right, absent values as a dash."""
    made = Table(header_style="bold")
    for at, name in enumerate(names):
        numeric = any(isinstance(row[at], (int, float)) and not isinstance(row[at], bool) for row in rows)
        made.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        made.add_row(*("–" if value is None else str(value) for value in row))
    return made
