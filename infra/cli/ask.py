"""What the commands that ask ClickHouse share: where it is, and how a failure is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from runtime import settings
from sinks.clickhouse.client import Away, ClickHouse, connect

Url = Annotated[
    str | None,
    typer.Option(
        "--url", help="ClickHouse, http://host:port; otherwise LIVINGDATA_CLICKHOUSE. The demo prints its own."
    ),
]


@contextmanager
def clickhouse(url: str | None, chosen: settings.ClickHouseSettings | None = None) -> Iterator[ClickHouse]:
    """A client for as long as the block; exit code 1 where ClickHouse does not answer or refuses."""
    chosen = chosen or settings.load(settings.ClickHouseSettings, clickhouse=url)
    try:
        client = connect(chosen)
        try:
            yield client
        finally:
            client.close()
    except Away as error:
        typer.echo(f"ClickHouse không trả lời được / ClickHouse cannot answer: {error}", err=True)
        raise typer.Exit(1) from None
