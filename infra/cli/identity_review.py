"""`livingdata identity review`: patients whose citizen is in doubt, for a person to decide one by one."""

from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table

from infra import tables
from infra.cli.ask import Url, clickhouse
from infra.cli.identity_links import Kafka, lines, tell, who
from infra.cli.options import AsJson
from infra.identity import queue
from infra.workbench import rejections
from infra.workbench.filters import local
from runtime import keyring as keys
from runtime import logs
from runtime.links import MOST_WHY, Statement
from sinks.clickhouse.client import ClickHouse
from stream_processors.identify import RULES

RULE: Final = "review@1"
DECISIONS: Final = ("candidate", "nobody")
"""And a citizen's key."""

Facility = Annotated[str, typer.Option(help="Only this MACSKCB.")]
Decision = Annotated[
    str, typer.Option(help="candidate (the citizen that was found), nobody, or a citizen's key (32 hex).")
]

_group: Final = typer.Typer(
    help="Patients whose citizen is in doubt (conflict, probable): list, look, decide. Shows no value of a patient.",
    no_args_is_help=True,
)

log = logs.get("review")


def add(commands: typer.Typer) -> None:
    commands.add_typer(_group, name="review")


@_group.command(name="list")
def list_(
    facility: Facility = "",
    tier: Annotated[str, typer.Option(help="conflict or probable.")] = "",
    each: Annotated[bool, typer.Option("--patients", help="Every patient, instead of counts.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="With --patients: at most so many.")] = 50,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Counts by facility, tier and rule, with the age of the oldest; whoever was decided about is left out.

    A hospital's merge of two verified citizens waits here as `conflict` under its own rule (hl7.A40 …): say it yourself with
    `identity link --into`, or take it back with `identity unlink --merge`.
    """
    if tier and tier not in queue.TIERS:
        raise typer.BadParameter(f"one of {', '.join(queue.TIERS)}", param_hint="--tier")
    with clickhouse(url) as client:
        if each:
            rows = queue.waiting(client, facility, tier, limit=limit)
        else:
            rows = [row for row in queue.counts(client, facility) if not tier or row["tier"] == tier]
    if as_json:
        lines(rows)
        return
    names = (
        ("patient_key", "facility", "tier", "rule", "score", "documents", "days", "into_key")
        if each
        else ("facility", "tier", "rule", "patients", "documents", "oldest_days")
    )
    table = Table(*names)
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in names))
    Console().print(table)


@_group.command()
def show(
    patient: Annotated[str, typer.Argument(help="The patient's key, as `list --patients` shows it.")],
    unseal: Annotated[
        bool, typer.Option("--unseal", help="Print what the newest document says of the patient.")
    ] = False,
    keyring: Annotated[Path | None, typer.Option(help="With --unseal: the city's keyring.")] = None,
    kafka: Annotated[str, typer.Option(envvar="LIVINGDATA_KAFKA", help="With --unseal: bootstrap servers.")] = "",
    redis: Annotated[str, typer.Option(envvar="LIVINGDATA_REDIS", help="With --unseal: also look up the number.")] = "",
    purpose: Annotated[str, typer.Option(help="With --unseal: why it must be read; kept with your name.")] = "",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Why a patient is in doubt: rule, score, candidate, and the documents by kind, date and place. No value of the patient.

    With --unseal what the newest document that Kafka still has (14 days) says of the patient, as JSON, and with --redis
    the key of the citizen whose number it gives. Who opened what and why goes to the log and to the table
    `original_accesses` before anything is shown.
    """
    if unseal and (keyring is None or not kafka or not 0 < len(purpose.strip()) <= MOST_WHY):
        raise typer.BadParameter(
            f"needs --keyring, --kafka and a --purpose of at most {MOST_WHY} characters", param_hint="--unseal"
        )
    with clickhouse(url) as client:
        documents = queue.documents(client, patient)
        if not documents:
            typer.echo("không tìm thấy / nobody found", err=True)
            raise typer.Exit(1)
        if unseal and keyring is not None:
            logs.configure("review")
            _unseal(client, documents, _ring(keyring), kafka, redis, purpose)
            return
        rows = queue.waiting(client, patient=patient)
        row = next(iter(rows), None)
        held = [one["into_key"] for one in rows if one["into_key"] is not None]
        said = queue.statements(client, patient=patient)
        others = queue.shared_with(client, row["candidate"], patient) if row and row["candidate"] else 0
    told = {
        "patient_key": patient,
        "waiting": row,
        "means": _meaning(row),
        "candidate_has": others,
        "said": said,
        "held": held,
    }
    if as_json:
        print(orjson.dumps(told | {"documents": documents}, default=str).decode())
    else:
        _print(told, documents)


def _meaning(row: dict[str, Any] | None) -> str:
    if row and row["into_key"] is not None:
        return "a hospital's merge would make one person of two verified citizens"
    return RULES.get(row["rule"].partition("@")[0], "") if row else ""


def _print(told: dict[str, Any], documents: list[dict[str, Any]]) -> None:
    row = told["waiting"]
    if row is None:
        print("không chờ quyết định / waits for no decision")
    else:
        print(f"{row['tier']}  {row['rule']}  {row['score']}  {told['means']}")
        print(
            f"ứng viên / candidate: {row['candidate'] or '–'} ({told['candidate_has']} người bệnh khác / other patients)"
        )
    for into in told["held"]:
        print(
            f"chờ gộp vào / a merge waits into: {into}, hai công dân đã xác thực / two verified citizens.\n"
            f"  livingdata identity link {told['patient_key']} --into {into} --why …\n"
            f"  livingdata identity unlink {told['patient_key']} --merge {into} --why …"
        )
    for said in told["said"]:
        print(f"{local(said['linked_at'])}  {said['action']}  {said['rule']}  {said['decided_by'] or ''}")
    names = ("kind", "document_date", "source_system", "identity_tier", "identity_rule", "identity_score")
    table = Table(*names)
    for each in documents:
        table.add_row(*(str(each[name]) for name in names))
    Console().print(table)


def _ring(path: Path) -> keys.Keyring:
    try:
        return keys.load(path)
    except keys.KeyringError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _unseal(
    client: ClickHouse, documents: list[dict[str, Any]], ring: keys.Keyring, kafka: str, redis: str, purpose: str
) -> None:
    """The access is written down first: where it cannot be, nothing is shown."""
    from infra.identity import behind
    from infra.workbench.fetch import Fetcher

    fetch = Fetcher(kafka)
    try:
        for row in documents:
            found = behind.opened(row, fetch, ring)
            if isinstance(found, str):
                continue
            person = behind.candidate(redis, ring.citizen, found.identity) if redis and ring.citizen else None
            rejections.log_access(client, row, who(), purpose)
            log.info("identity_opened", facility=row["facility"], opened_by=who(), purpose=purpose)
            told = {"kind": row["kind"], "identity": found.identity, "citizen_of_number": person}
            print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
            return
    finally:
        fetch.close()
    typer.echo(
        "Kafka không còn giữ, hoặc khoá không mở được / Kafka has it no more, or the key does not open", err=True
    )
    raise typer.Exit(1)


@_group.command()
def decide(
    kafka: Kafka,
    patient: Annotated[str, typer.Argument(help="The patient's key; or --file.")] = "",
    decision: Decision = "",
    why: Annotated[str, typer.Option(help="Kept with your name. Never a name or number of the patient.")] = "",
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="CSV of many: patient_key, decision, why.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also whoever a person has decided about.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Decide who a patient is. The decision goes to `identity.links` with your name, the time and why; take it back with
    `livingdata identity unlink`.

    With --file many at once; whoever was decided about before is left out, so a run that broke off can be started again.
    Exit 1 where a line cannot be decided (no candidate, nobody waits by that key).
    """
    if (file is None) == (not patient):
        raise typer.BadParameter("a patient, or --file")
    asked = _asked(file) if file is not None else [(patient, decision, why)]
    done: list[Statement] = []
    left, wrong = 0, list[tuple[str, str]]()
    with clickhouse(url) as client:
        before = set() if again else queue.decided(client, [key for key, _, _ in asked])
        homes = queue.facilities(client, [key for key, _, _ in asked])
        for key, chosen, reason in asked:
            if key in before:
                left += 1
                continue
            made = _decided(client, key, homes.get(key, ""), chosen, reason)
            if isinstance(made, str):
                wrong.append((key, made))
            else:
                done.append(made)
    if done:
        tell(kafka, done)
    told = {"decided": len(done), "decided_before": left, "wrong": [{"patient_key": k, "why": w} for k, w in wrong]}
    if as_json:
        print(orjson.dumps(told).decode())
    else:
        print(f"đã ghi / told: {len(done)}; đã có quyết định / decided before: {left}")
        for key, what in wrong:
            typer.echo(f"{key}: {what}", err=True)
    raise typer.Exit(1 if wrong else 0)


def _asked(file: Path) -> list[tuple[str, str, str]]:
    wanted = frozenset({"patient_key", "decision", "why"})
    try:
        return [(row["patient_key"], row["decision"], row["why"]) for _, row in tables.read(file, wanted, frozenset())]
    except tables.WrongTable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _decided(client: ClickHouse, patient: str, facility: str, decision: str, why: str) -> Statement | str:
    """The statement, or why there is none."""
    if not facility:
        return "không có tài liệu / no document of this patient"
    citizen: str | None = decision
    if decision in DECISIONS:
        citizen = None
    if decision == "candidate":
        citizen = next((row["candidate"] for row in queue.waiting(client, patient=patient) if row["candidate"]), None)
        if citizen is None:
            return "không có ứng viên / no candidate: give the citizen's key"
    action = "unlink" if decision == "nobody" else "link"
    try:
        return Statement(patient, facility, action, RULE, citizen, None, who(), why)
    except ValueError as error:
        return str(error)
