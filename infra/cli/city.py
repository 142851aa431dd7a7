"""`livingdata city`: files as simulated hospitals write them, for trying adapters out."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer
from rich.console import Console

_group: Final = typer.Typer(help="The simulated city: hospitals that send real formats.", no_args_is_help=True)


class Dialect(StrEnum):
    insurance_xml = "insurance_xml"
    hl7v2 = "hl7v2"
    fhir = "fhir"
    dicom = "dicom"
    history_csv = "history_csv"


class Flawed(StrEnum):
    none = "none"
    usual = "usual"


def add(app: typer.Typer) -> None:
    app.add_typer(_group, name="city")


@_group.callback()
def group() -> None:
    """The simulated city: hospitals that send real formats."""


@_group.command()
def write(
    folder: Annotated[Path, typer.Argument(help="Written into; made where it is not there.", file_okay=False)],
    dialect: Annotated[Dialect, typer.Option(help="What the hospitals speak.")],
    count: Annotated[int, typer.Option(min=1, max=10_000_000, help="Messages (CSV: rows).")] = 100,
    seed: Annotated[int, typer.Option(help="Same seed and start, same files.")] = 1,
    flaws: Annotated[
        Flawed, typer.Option(help="none: nothing goes wrong; usual: what goes wrong in life.")
    ] = Flawed.usual,
    facilities: Annotated[int, typer.Option(min=1, max=42, help="How many of the 42 hospitals.")] = 5,
    start: Annotated[datetime | None, typer.Option(help="When it happens, in Hanoi; now where it is left out.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the city's books as JSON.")] = False,
) -> None:
    """Write COUNT messages of a dialect as files, and tell what must become of them.

    History as CSV comes as one file per hospital with the mapping file beside them. Nobody in the files is real.
    """
    from infra.city.city import ONLY, City
    from infra.city.flaws import NONE, Flaws
    from infra.city.folder import write_folder
    from infra.city.hospitals import HOSPITALS
    from infra.city.visits import LOCAL

    begins = (start or datetime.now(LOCAL)).replace(tzinfo=LOCAL)
    alone = {hospital.code: dialect.value for hospital in HOSPITALS} if dialect.value in ONLY else {}
    chosen = NONE if flaws is Flawed.none else Flaws()
    city = City(seed, facilities, start=begins, flaws=chosen, dialects=alone)
    with Console(stderr=True).status("city write"):
        try:
            books = write_folder(city, folder, dialect.value, count)
        except OSError as error:
            typer.echo(f"{folder}: {error.strerror}", err=True)
            raise typer.Exit(1) from None
    totals = books.totals()
    if json:
        typer.echo(orjson.dumps({"totals": totals, "facilities": books.facilities()}))
        return
    told = ", ".join(f"{totals[name]} {name}" for name in ("published", "accepted", "amended", "duplicate", "rejected"))
    typer.echo(f"{folder}: {count} {dialect.value}; phần / parts: {told}; lượt khám / visits: {totals['visits']}")
