"""`livingdata identity`: the citizen registry, and how well people are recognised; more in `identity_*.py`."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from infra import tables
from infra.cli import identity_links, identity_resolver, identity_review
from infra.cli.options import AsJson, Keyring, Redis
from infra.evaluation.identity import TARGETS, Report, Town, evaluate
from runtime import keyring as keys
from stream_processors import citizens, identify
from stream_processors.stores import Store

commands = typer.Typer(
    name="identity",
    help="Who is who: the citizen registry, late links, merges, and doubts for a person to decide.",
    no_args_is_help=True,
)

REQUIRED: Final = frozenset({"number", "full_name", "birth"})
OPTIONAL: Final = frozenset({"sex", "card"})
SHOWN: Final = 20


identity_links.add(commands)
identity_review.add(commands)
identity_resolver.add(commands)


def add(app: typer.Typer) -> None:
    app.add_typer(commands)


@commands.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV: number, full_name, birth, sex, card.")
    ],
    keyring: Keyring,
    redis: Redis,
    as_json: AsJson = False,
) -> None:
    """Fill the citizen registry; only keyed hashes leave this command.

    `birth` is yyyymmdd or yyyy; sex and card may be left out. From here on a patient may also be `probable`: by card, or
    by name and day of birth where only one citizen has both. A row that is no citizen is left out and told by its number
    and column. Exit 1 where a row was left out. Importing again replaces what was known of a number.
    """
    ring = _ring(keyring)
    wrong: list[tuple[int, str]] = []
    with Progress(console=Console(stderr=True), disable=as_json) as progress:
        task = progress.add_task("citizens", total=None)

        async def run() -> int:
            store = Store(redis, 1)
            try:
                return await store.load_registry(_rows(file, ring, wrong, lambda: progress.advance(task)))
            finally:
                await store.close()

        try:
            written = asyncio.run(run())
        except tables.WrongTable as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from None
    columns = dict(Counter(column for _, column in wrong))
    if as_json:
        print(orjson.dumps({"written": written, "left_out": len(wrong), "columns": columns}).decode())
    else:
        print(f"{written} citizens written, {len(wrong)} rows left out")
        for number, column in wrong[:SHOWN]:
            typer.echo(f"row {number}: {column}", err=True)
    raise typer.Exit(1 if wrong else 0)


def _ring(path: Path) -> bytes:
    try:
        ring = keys.load(path)
    except keys.KeyringError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if ring.citizen is None:
        typer.echo("the keyring holds no citizen key: the city's keyring is needed", err=True)
        raise typer.Exit(2)
    return ring.citizen


def _rows(file: Path, key: bytes, wrong: list[tuple[int, str]], told: Callable[[], Any]) -> Iterator[citizens.Rows]:
    for number, row in tables.read(file, REQUIRED, OPTIONAL):
        told()
        try:
            yield citizens.rows(
                key,
                citizens.Citizen(
                    row["number"], row["full_name"], row["birth"], row.get("sex", ""), row.get("card", "")
                ),
            )
        except citizens.WrongCitizen as error:
            wrong.append((number, str(error)))


@commands.command("evaluate")
def evaluate_(
    people: Annotated[int, typer.Option(min=100, max=2_000_000, help="Citizens in the registry.")] = 200_000,
    events: Annotated[int, typer.Option(min=100, max=5_000_000, help="Events decided.")] = 200_000,
    seed: int = 1,
    as_json: AsJson = False,
) -> None:
    """Measure precision and recall on made-up people with known flaws. Exit 1 where a target is missed.

    A quarter of the events lack a number, 3 % have a digit wrong, 4 % a word of the name missing or moved, 6 % only the
    year of birth, 0.5 % another's card; one person in a hundred is a twin, one event in ten is of somebody who is not in
    the registry. Needs no server.
    """
    with Progress(console=Console(stderr=True), disable=as_json) as progress:
        making = progress.add_task("registry", total=people)
        town = Town(people, seed=seed)
        town.register(lambda n: progress.advance(making, n))
        deciding = progress.add_task("events", total=events)
        report = evaluate(town, events, lambda n: progress.advance(deciding, n))
    figures = report.figures()
    missed = [name for name, target in TARGETS.items() if figures.get(name, 0.0) < target]
    if as_json:
        print(orjson.dumps(_summary(report, figures, people, events, missed)).decode())
    else:
        _show(report, figures)
    raise typer.Exit(1 if missed else 0)


def _summary(report: Report, figures: dict[str, float], people: int, events: int, missed: list[str]) -> dict[str, Any]:
    names = ("events", "right", "wrong")
    return {
        "people": people,
        "events": events,
        "figures": figures,
        "targets": TARGETS,
        "missed": missed,
        "tiers": {tier: dict(zip(names, row, strict=True)) for tier, row in report.tiers.items()},
        "rules": {rule: dict(zip(names, row, strict=True)) for rule, row in report.rules.items()},
    }


def _show(report: Report, figures: dict[str, float]) -> None:
    console = Console()
    table = Table("rule", "events", "right", "wrong", "what it means")
    for rule, row in sorted(report.rules.items()):
        table.add_row(rule, *(f"{count:,}" for count in row), identify.RULES[rule])
    console.print(table)
    table = Table("figure", "value", "target")
    for name, value in figures.items():
        target = TARGETS.get(name)
        style = "red" if target is not None and value < target else ""
        table.add_row(name, f"{value:.4%}", f"{target:.1%}" if target is not None else "", style=style)
    console.print(table)
