"""`livingdata subject`: what a person may ask: a copy, a restriction, erasure."""

from pathlib import Path
from typing import Annotated, Final

import orjson
import typer
from rich.console import Console

from infra.cli.ask import Url, clickhouse
from runtime import keyring
from runtime.keyring import KeyringError
from schemas.clickhouse import Layout
from sinks.clickhouse import subject
from sinks.clickhouse.client import ClickHouse

_group: Final = typer.Typer(
    help="A person's rights: a copy of what is held, restriction, erasure (Law 91/2025, NĐ 356/2025).",
    no_args_is_help=True,
)

Citizen = Annotated[str, typer.Option(help="The citizen's key (32 hex).")]
Patient = Annotated[list[str] | None, typer.Option(help="A patient's key at a facility (32 hex); may be repeated.")]
Number = Annotated[
    bool, typer.Option("--number", help="Ask for the citizen number (not shown, not stored); needs --keyring.")
]
Ring = Annotated[Path | None, typer.Option("--keyring", help="The city's keyring.")]
Request = Annotated[str, typer.Option(help="Number of the request, kept as proof.")]
Cluster = Annotated[str | None, typer.Option("--cluster", envvar="LIVINGDATA_CLUSTER", help="Name in remote_servers.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask again.")]


def add(app: typer.Typer) -> None:
    app.add_typer(_group, name="subject")


@_group.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write it: one JSON object per row.", dir_okay=False)],
    citizen: Citizen = "",
    patient: Patient = None,
    number: Number = False,
    ring: Ring = None,
    url: Url = None,
) -> None:
    """Write every version of every document held of a person. Names and numbers are not here: they are sealed."""
    with clickhouse(url) as client:
        person = _find(client, citizen, patient, number, ring)
        written = 0
        file.touch(mode=0o600)
        with file.open("wb") as out:
            for row in subject.export(client, person):
                out.write(orjson.dumps(row, default=str) + b"\n")
                written += 1
    _say(f"{written} dòng / rows, {len(person.documents)} tài liệu / documents")


@_group.command()
def restrict(
    request: Request,
    citizen: Citizen = "",
    patient: Patient = None,
    number: Number = False,
    ring: Ring = None,
    lift: Annotated[bool, typer.Option("--lift", help="End the restriction.")] = False,
    url: Url = None,
) -> None:
    """Keep a person's documents but show them to nobody, those still to come included."""
    with clickhouse(url) as client:
        person = _find(client, citizen, patient, number, ring)
        count = (subject.lift if lift else subject.restrict)(client, person, request)
    _say(f"{count} tài liệu {'hiện lại / shown again' if lift else 'đã ẩn / hidden'}")


@_group.command()
def erase(
    request: Request,
    citizen: Citizen = "",
    patient: Patient = None,
    number: Number = False,
    ring: Ring = None,
    yes: Yes = False,
    cluster: Cluster = None,
    url: Url = None,
) -> None:
    """Erase a person from the store, and put the keys on the list that replay and rebuild obey.

    The ledger still balances. Kafka forgets by retention; the proof in erased_persons says until when.
    """
    with clickhouse(url) as client:
        person = _find(client, citizen, patient, number, ring)
        what = f"{len(person.documents)} tài liệu / documents, {len(person.patients)} cơ sở / facilities"
        if not yes and not typer.confirm(f"Xoá / erase {what}?"):
            raise typer.Exit(1)
        rows = subject.erase(client, person, request, Layout(cluster or ""))
    _say(f"đã xoá {rows} dòng / rows erased: {what}; Kafka: {subject.KAFKA_DAYS} ngày / days")


@_group.command()
def sweep(cluster: Cluster = None, url: Url = None) -> None:
    """Erase again what a redelivery or a replay has brought back. Run it daily."""
    with clickhouse(url) as client:
        rows = subject.sweep(client, Layout(cluster or ""))
    _say(f"{rows} dòng / rows")


def _find(
    client: ClickHouse, citizen: str, patient: list[str] | None, number: bool, ring: Path | None
) -> subject.Person:
    if number:
        citizen = _key_of_number(ring)
    if not citizen and not patient:
        raise typer.BadParameter("--citizen, --patient or --number says whose data it is")
    person = subject.find(client, citizen, patient or [])
    if not person.patients:
        _say("Không tìm thấy / nobody found")
        raise typer.Exit(1)
    return person


def _key_of_number(ring: Path | None) -> str:
    """The citizen key as the worker makes it. The number is typed unseen, and leaves no trace."""
    if ring is None:
        raise typer.BadParameter("needs the city's keyring", param_hint="--keyring")
    from stream_processors.identify import hashed  # the worker's own rule

    try:
        key = keyring.load(ring).citizen
    except KeyringError as error:
        raise typer.BadParameter(str(error), param_hint="--keyring") from None
    if key is None:
        raise typer.BadParameter("holds no citizen key", param_hint="--keyring")
    return hashed(key, b"citizen_key", typer.prompt("Số định danh / citizen number", hide_input=True).strip(), 16).hex()


def _say(text: str) -> None:
    Console(stderr=True).print(text, markup=False, highlight=False)
