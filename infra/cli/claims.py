"""`livingdata claims`: what was claimed, made again from what ClickHouse holds."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.progress import Progress

from infra.cli.ask import Url, clickhouse
from infra.cli.options import AsJson, Redis
from schemas.kinds import KINDS
from sinks.clickhouse.client import ClickHouse
from stream_processors import rebuild as claims
from stream_processors.stores import Store

commands = typer.Typer(name="claims", help="What was claimed, by document.", no_args_is_help=True)

SLICES: Final = [f"{n:x}" for n in range(16)]
"""By the first digit of the document id: one slice of one kind is in memory at a time."""


def add(app: typer.Typer) -> None:
    app.add_typer(commands)


@commands.command()
def rebuild(
    redis: Redis,
    url: Url = None,
    days: Annotated[
        int, typer.Option(min=1, max=400, help="Documents told in this many days; claims live as long.")
    ] = 45,
    replace: Annotated[
        bool, typer.Option("--replace", help="Over claims that are there: they came back from an older backup.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the claims again after Redis lost its data.

    Order: stop the workers; let the sink drain `accepted` to its end; then this; then start the workers. A claim that is
    there is left alone (but for --replace), so running it again is harmless.
    """
    written: dict[str, int] = {}
    with clickhouse(url) as client, Progress(console=Console(stderr=True), disable=as_json) as progress:
        task = progress.add_task("claims", total=len(KINDS) * len(SLICES))

        async def run() -> None:
            store = Store(redis, days)
            for kind in KINDS:
                for digit in SLICES:
                    rows = history(client, kind, digit, days)
                    written[kind] = written.get(kind, 0) + await store.load_claims(
                        claims.claims_of(rows), replace=replace
                    )
                    progress.advance(task)
            await store.close()

        asyncio.run(run())
    if as_json:
        print(orjson.dumps({"written": written}).decode())
    else:
        print(f"{sum(written.values())} claims written")


def history(client: ClickHouse, kind: str, digit: str, days: int) -> Iterator[Mapping[str, Any]]:
    """The versions of a kind's documents whose id begins with `digit`, of documents told in the last `days`."""
    columns = ", ".join(claims.COLUMNS)
    # `kind` and the columns are ours; what is given is bound by the server.
    yield from client.rows(
        f"SELECT {columns} FROM {kind}_history FINAL WHERE startsWith(document_id, {{digit:String}}) AND document_id IN "  # noqa: S608
        f"(SELECT document_id FROM {kind}_history WHERE startsWith(document_id, {{digit:String}}) "
        "AND processed_at >= now() - toIntervalDay({days:UInt32})) ORDER BY document_id",
        {"digit": digit, "days": days},
    )
