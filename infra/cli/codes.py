"""`livingdata codes`: a facility's own codes and the national lists."""

import asyncio
import csv
import sys
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table

from infra import codes, tables
from infra.cli.ask import Url, clickhouse
from infra.cli.options import AsJson, Redis
from runtime.clock import now_ms
from stream_processors.codes import Row
from stream_processors.stores import Store

commands = typer.Typer(name="codes", help="Local codes mapped to the national lists.", no_args_is_help=True)

SHOWN: Final = 20
_BATCH: Final = 5_000

Facility = Annotated[str, typer.Option("--facility", help="Only of this facility (5 characters).")]


def add(app: typer.Typer) -> None:
    app.add_typer(commands)


@commands.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="CSV: facility, system, local_code, national_system, national_code, valid_from, valid_to, rule_id, version.",
        ),
    ],
    redis: Redis,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Put code maps in place: for workers (Redis) and for queries (ClickHouse, table code_maps).

    `system` is the name the source gives with the code (OBX-3.3), or drug, service, supply, department. An empty facility
    means every facility; days are yyyy-mm-dd and an empty valid_to never ends. The file holds the whole history of the
    local codes it names: what was known of them before is replaced for workers. Exit 1 where a row was left out.
    """  # fmt: skip
    try:
        read = list(codes.read(file, now_ms()))
    except tables.WrongTable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    rows = [row for row in read if isinstance(row, Row)]
    wrong = [row for row in read if isinstance(row, codes.Wrong)]

    async def run() -> int:
        store = Store(redis, 1)
        try:
            return await store.load_codes(rows)
        finally:
            await store.close()

    with clickhouse(url) as client:
        for at in range(0, len(rows), _BATCH):
            client.insert_rows("code_maps", list(codes.COLUMNS), [codes.stored(row) for row in rows[at : at + _BATCH]])
        written = asyncio.run(run())
    if as_json:
        print(orjson.dumps({"rows": len(rows), "local_codes": written, "left_out": len(wrong)}).decode())
    else:
        print(f"{len(rows)} rows of {written} local codes written, {len(wrong)} left out")
        for one in wrong[:SHOWN]:
            typer.echo(f"row {one.row}: {one.column}", err=True)
    raise typer.Exit(1 if wrong else 0)


@commands.command()
def unmapped(
    facility: Facility = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Local codes without a national one, most seen first: tests, drugs, departments."""
    with clickhouse(url) as client:
        rows = client.rows(codes.UNMAPPED, {"facility": facility, "limit": limit})
    if as_json:
        for row in rows:
            print(orjson.dumps(row).decode())
        return
    table = Table("facility", "system", "local code", "name", "unit", "seen")
    for row in rows:
        table.add_row(*(str(row[name]) for name in ("facility", "system", "local_code", "name", "unit", "seen")))
    Console().print(table)


@commands.command()
def suggest(
    facility: Facility = "",
    least: Annotated[float, typer.Option(min=0.0, max=1.0, help="Lowest score shown.")] = 0.6,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 1_000,
    url: Url = None,
) -> None:
    """National codes that unmapped tests may be, by name and unit, as CSV for `import`.

    A suggestion is no map: read it, take out what is wrong and the last four columns, fill valid_from, then import it.
    """
    with clickhouse(url) as client:
        rows = client.rows(codes.UNMAPPED, {"facility": facility, "limit": limit})
        named = client.rows(codes.NAMED)
    out = csv.writer(sys.stdout)
    out.writerow(["facility", "system", "local_code", "national_system", "national_code", "valid_from", "rule_id",
                  "name", "national_name", "score", "seen"])  # fmt: skip
    for one in codes.suggest(rows, named, least):
        out.writerow([one.facility, one.system, one.local_code, codes.NATIONAL_TESTS, one.national_code, "", "suggested",
                      one.name, one.national_name, one.score, one.seen])  # fmt: skip
