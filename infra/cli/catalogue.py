"""`livingdata catalogue`: national catalogues, version by version, with the day from which each holds."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table

from infra.cli.options import AsJson
from schemas import catalogues, codes
from schemas.catalogues import NAMES, CatalogueError, Version

commands = typer.Typer(name="catalogue", help="National catalogues with effective dates.", no_args_is_help=True)

Folder = Annotated[
    Path,
    typer.Option(
        "--folder", envvar="LIVINGDATA_CATALOGUES", file_okay=False, help="The workers' setting `catalogues`."
    ),
]
BUILT_IN: Final = {
    "icd10": "WHO ICD-10; mã quốc gia theo dạng / national codes by their form",
    "facility": "theo dạng, 5 ký tự / by its form, 5 characters",
    "commune": "gói vietnam-provinces nếu có / the package vietnam-provinces where installed",
    "drug": "không / none",
    "service": "theo dạng CC.KKKK.GGGG / by its form",
}


def add(app: typer.Typer) -> None:
    app.add_typer(commands)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except CatalogueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"không ghi, đọc được / cannot be read or written: {error.strerror}", err=True)
        raise typer.Exit(1) from None


@commands.command("import")
def import_(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(NAMES)}.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV with code, perhaps parent and name.")],
    folder: Folder,
    since: Annotated[str, typer.Option("--from", help="The first day on which it holds, yyyy-mm-dd.")],
    version: Annotated[str, typer.Option(help="What it is called, such as QD4469.")],
    as_json: AsJson = False,
) -> None:
    """Put a version of a catalogue in place. It holds until the next one begins; the same day and name replaces it.

    Rules look into the version in force on a document's date. Workers, `rules run` and `reprocess` read the folder at
    their start (setting `catalogues`): restart the workers afterwards. Exit 2 where the file is no catalogue.
    """
    with _told():
        made = catalogues.read(file, name, _day(since), version)
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f".{made.file}.part"
        shutil.copyfile(file, unfinished)
        unfinished.replace(folder / made.file)
    if as_json:
        print(orjson.dumps(_row(made)).decode())
    else:
        print(f"{made.name} {made.version}: {len(made.codes)} mã / codes, {made.since.isoformat()} –")


@commands.command("list")
def list_(folder: Folder, as_json: AsJson = False) -> None:
    """Every version in the folder, oldest first, and what is built in."""
    with _told():
        found = catalogues.stored(folder)
    if as_json:
        for each in found:
            print(orjson.dumps(_row(each)).decode())
        return
    table = Table("catalogue", "version", "từ / from", "mã / codes")
    for each in found:
        table.add_row(each.name, each.version, each.since.isoformat(), str(len(each.codes)))
    for name, built_in in BUILT_IN.items():
        table.add_row(name, "có sẵn / built in", "…", built_in)
    Console().print(table)


@commands.command()
def status(
    folder: Folder,
    on: Annotated[str | None, typer.Option("--on", help="The day, yyyy-mm-dd; today where it is left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Which version is in force on a day, and how many codes the lists have that are built in."""
    day = _day(on) if on else datetime.now(UTC).date()
    with _told():
        catalogues.adopt(catalogues.stored(folder))
    rows: list[dict[str, Any]] = []
    for name in NAMES:
        held = catalogues.of(name, day)
        rows.append(_row(held) if held else {"name": name, "version": "", "from": None, "codes": 0})
    if as_json:
        built_in = {name: len(codes.in_force(name, day)) for name in codes.LISTS}
        print(orjson.dumps({"on": day.isoformat(), "catalogues": rows, "built_in": built_in}).decode())
        return
    table = Table("catalogue", "version", "từ / from", "mã / codes", "")
    for row in rows:
        shown = "" if row["version"] else f"dùng bản có sẵn / built in: {BUILT_IN[row['name']]}"
        table.add_row(row["name"], row["version"] or "–", row["from"] or "", str(row["codes"]), shown)
    Console().print(table)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("a day is yyyy-mm-dd") from None


def _row(version: Version) -> dict[str, Any]:
    return {
        "name": version.name, "version": version.version, "from": version.since.isoformat(), "codes": len(version.codes),
    }  # fmt: skip
