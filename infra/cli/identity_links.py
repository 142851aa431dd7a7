"""`livingdata identity link|unlink|links`: what a person says of who is who, and what was said."""

import getpass
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table

from infra.cli.ask import Url, clickhouse
from infra.cli.options import AsJson
from infra.identity import queue
from infra.workbench.filters import local
from runtime.links import NotDelivered, Statement, Teller

RULE: Final = "person@1"
MERGED: Final = "person.merge@1"

Kafka = Annotated[
    str, typer.Option(envvar="LIVINGDATA_KAFKA", help="Bootstrap servers, host:port; the sink reads from there.")
]
Why = Annotated[str, typer.Option(help="Kept with your name. Never a name or number of the patient.")]
Patient = Annotated[str, typer.Argument(metavar="PATIENT", help="The patient's key at a facility (32 hex).")]


def add(commands: typer.Typer) -> None:
    commands.command()(link)
    commands.command()(unlink)
    commands.command()(links)


def who() -> str:
    """The person at this terminal, as the system knows them."""
    return getpass.getuser()


def tell(kafka: str, said: list[Statement]) -> None:
    """Returns when the broker has it; exit code 1 where it has not."""
    try:
        Teller(kafka, "identity")(said)
    except NotDelivered as error:
        typer.echo(f"Kafka không nhận / Kafka does not take it: {error}", err=True)
        raise typer.Exit(1) from None


def say(**said: Any) -> Statement:
    """Exit code 2 where it says too little."""
    try:
        return Statement(**said)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def home(url: str | None, *patients: str) -> str:
    """The facility of patients that have documents; exit code 2 where one has none, or they are of several."""
    with clickhouse(url) as client:
        found = queue.facilities(client, patients)
    if set(found) != set(patients):
        raise typer.BadParameter("không có tài liệu của người bệnh này / no document of this patient")
    if len(set(found.values())) > 1:
        raise typer.BadParameter("hai cơ sở khác nhau / of two facilities: link both to a citizen instead")
    return found[patients[0]]


def link(
    patient: Patient,
    kafka: Kafka,
    why: Why,
    citizen: Annotated[str, typer.Option(help="The citizen's key (32 hex).")] = "",
    into: Annotated[str, typer.Option(help="A patient of the same facility who is the same person and stays.")] = "",
    url: Url = None,
) -> None:
    """Say which citizen a patient is, or that two patients of a facility are one person.

    All documents of the patient, old ones too, then read so; none is written again. What a person says goes before what
    the worker or the population service found. Take it back with `unlink`.
    """
    if bool(citizen) == bool(into):
        raise typer.BadParameter("one of --citizen and --into")
    facility = home(url, patient, into) if into else home(url, patient)
    if into:
        said = say(patient_key=patient, facility=facility, action="merge", rule=MERGED, into_key=into, decided_by=who(), why=why)  # fmt: skip
    else:
        said = say(patient_key=patient, facility=facility, action="link", rule=RULE, citizen_key=citizen, decided_by=who(), why=why)  # fmt: skip
    tell(kafka, [said])
    print(f"đã ghi / told: {said.action} {patient}")


def unlink(
    patient: Patient,
    kafka: Kafka,
    why: Why,
    nobody: Annotated[
        bool, typer.Option("--nobody", help="The patient is no citizen known here, whatever was found.")
    ] = False,
    merge: Annotated[str, typer.Option(help="Undo the merge into this patient (32 hex).")] = "",
    url: Url = None,
) -> None:
    """Take back what a person said of a patient's citizen: what the service or the worker found holds again.

    With --nobody: say that what they found is wrong. With --merge KEY: part two patients that were merged, by a person
    or by the hospital; everything that was said of each before the merge holds again.
    """
    if nobody and merge:
        raise typer.BadParameter("one of --nobody and --merge")
    facility = home(url, patient)
    if merge:
        said = say(patient_key=patient, facility=facility, action="unmerge", rule=MERGED, into_key=merge, decided_by=who(), why=why)  # fmt: skip
    else:
        action = "unlink" if nobody else "withdraw"
        said = say(patient_key=patient, facility=facility, action=action, rule=RULE, decided_by=who(), why=why)
    tell(kafka, [said])
    print(f"đã ghi / told: {said.action} {patient}")


def links(
    facility: Annotated[str, typer.Option(help="Only this MACSKCB.")] = "",
    patient: Annotated[str, typer.Option(help="Only what was said of this patient.")] = "",
    citizen: Annotated[str, typer.Option(help="Only links to this citizen.")] = "",
    history: Annotated[bool, typer.Option("--history", help="Everything that was said, not only what holds.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 50,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """What was said late of who is who, by whom and why, the newest first. Keys only: no name and no number."""
    with clickhouse(url) as client:
        rows = queue.statements(
            client, facility=facility, patient=patient, citizen=citizen, history=history, limit=limit
        )
    if as_json:
        lines(rows)
        return
    table = Table("when", "action", "patient", "citizen / patient who stays", "facility", "rule", "who", "why")
    for row in rows:
        other = row["citizen_key"] or row["into_key"] or ""
        table.add_row(
            local(row["linked_at"]), row["action"], row["patient_key"], other, row["facility"], row["rule"],
            row["decided_by"] or "", row["why"] or "",
        )  # fmt: skip
    Console().print(table)


def lines(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        print(orjson.dumps(row, default=str).decode())
