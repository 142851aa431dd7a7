"""`livingdata rejected`: find what was refused, understand it, mend it, send it again."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table

from infra.cli.ask import Url, clickhouse
from infra.workbench import rejections
from infra.workbench.explain import Explanation, alike, explain, explained, with_explanation
from infra.workbench.filters import Filters, local, moment, numbers
from runtime import logs, registry, settings
from sinks.clickhouse.views.workbench import LONGEST_MINUTES, STATES
from sinks.clickhouse.weights import LEAST, MINUTES

MOST_WHY: Final = 500

Facility = Annotated[str, typer.Option(help="Only this MACSKCB.")]
Reason = Annotated[
    str, typer.Option(help="Only this reason (`livingdata rejected explain` lists none but explains all).")
]
Rule = Annotated[str, typer.Option(help="Only parts that this rule blocked.")]
Stage = Annotated[str, typer.Option(help="adapter, worker or sink.")]
Kind = Annotated[str, typer.Option(help="Kind of document: encounter, prescription …")]
Since = Annotated[str, typer.Option(help="30m, 2h, 3d ago, or a date or time (Hanoi).")]
Until = Annotated[str, typer.Option(help="As --since.")]
Archive = Annotated[Path | None, typer.Option(help="Folder where the adapter keeps large originals.")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines for machines.")]
Numbers = Annotated[list[str], typer.Argument(metavar="NUMBER…", help="adapter_id/incarnation/sequence/part")]

_group: Final = typer.Typer(
    help="What was refused: list it, understand it, mend it, send it again. Shows no value of a message.",
    no_args_is_help=True,
)


def add(app: typer.Typer) -> None:
    app.add_typer(_group, name="rejected")


def filters(
    facility: str = "",
    reason: str = "",
    rule: str = "",
    stage: str = "",
    kind: str = "",
    since: str = "",
    until: str = "",
    states: tuple[str, ...] = (),
    named: list[str] | None = None,
) -> Filters:
    """The filters of options and arguments; exit code 2 where one is of the wrong form."""
    now = datetime.now(UTC)
    try:
        return Filters(
            facility,
            reason,
            rule,
            stage,
            kind,
            states,
            moment(since, now) if since else None,
            moment(until, now) if until else None,
            numbers(named or []),
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def who() -> str:
    """The person at this terminal, as the system knows them."""
    return getpass.getuser()


@_group.command(name="list")
def list_(
    facility: Facility = "",
    reason: Reason = "",
    rule: Rule = "",
    stage: Stage = "",
    kind: Kind = "",
    since: Since = "",
    until: Until = "",
    state: Annotated[str, typer.Option(help=f"One of {', '.join(STATES)}.")] = "open",
    everything: Annotated[bool, typer.Option("--all", help="Whatever became of them.")] = False,
    each: Annotated[bool, typer.Option("--numbers", help="Every part by its number, instead of counts.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="With --numbers: at most so many.")] = 50,
    url: Url = None,
    json: Json = False,
) -> None:
    """Counts by facility, stage, reason and rule, with the latest; what is mended or discarded is left out."""
    if state not in STATES:
        raise typer.BadParameter(f"one of {', '.join(STATES)}", param_hint="--state")
    chosen = filters(facility, reason, rule, stage, kind, since, until, () if everything else (state,))
    with clickhouse(url) as client:
        rows = rejections.parts(client, chosen, limit) if each else rejections.counts(client, chosen)
    if json:
        _lines(rows)
    elif each:
        _table(rows, ("number", "kind", "stage", "reason", "rules", "place", "rejected_at", "state"))
    else:
        _table(rows, ("facility", "stage", "reason", "rule", "rejections", "open", "mended", "latest", "example"))


@_group.command()
def show(
    number: Annotated[str, typer.Argument(help="adapter_id/incarnation/sequence/part, as `list` shows it.")],
    unseal: Annotated[bool, typer.Option("--unseal", help="Print the original itself: it names the patient.")] = False,
    keyring: Annotated[
        Path | None, typer.Option(help="With --unseal: a keyring that holds the key that sealed it.")
    ] = None,
    purpose: Annotated[str, typer.Option(help="With --unseal: why it must be read; kept with your name.")] = "",
    archive: Archive = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """One rejected part: what, where, why, how to mend it, and what became of it. Never a value of the message.

    With --unseal the original and nothing else: what the source sent as it came, or the document as JSON. Who opened
    what and why goes to the log and to the table `original_accesses` before anything is shown.
    """
    chosen = filters(named=[number])
    if unseal and (keyring is None or not 0 < len(purpose.strip()) <= MOST_WHY):
        raise typer.BadParameter(
            f"needs --keyring and a --purpose of at most {MOST_WHY} characters", param_hint="--unseal"
        )
    with clickhouse(url) as client:
        rows = rejections.parts(client, chosen, 10)
        if not rows:
            _none(number)
        if unseal and keyring is not None:
            from infra.cli import rejected_replay

            logs.configure("rejected")
            rejected_replay.unseal(client, rows[:1], rejected_replay.load_keyring(keyring), archive, purpose, who())
            return
    for row in rows:
        if json:
            _lines([with_explanation(row)])
        else:
            _show(row)


@_group.command(name="explain")
def explain_(
    name: Annotated[str, typer.Argument(help="A reason (xml_no_visit) or a rule (P01).")], json: Json = False
) -> None:
    """What a reason or a rule means and how to mend it, in Vietnamese and English. Needs no server."""
    found = explain(name)
    if found is None:
        near = alike(name)
        typer.echo(f"không có / no such reason or rule; {', '.join(near) or '…'}", err=True)
        raise typer.Exit(2)
    if json:
        _lines([found.line()])
    else:
        _explain(found)


@_group.command()
def export(
    facility: Facility = "",
    reason: Reason = "",
    rule: Rule = "",
    stage: Stage = "",
    kind: Kind = "",
    since: Since = "",
    until: Until = "",
    state: Annotated[str, typer.Option(help=f"One of {', '.join(STATES)}; empty: all.")] = "",
    url: Url = None,
) -> None:
    """JSON lines for a ticket system: every part with its explanation, never an original."""
    chosen = filters(facility, reason, rule, stage, kind, since, until, (state,) if state else ())
    with clickhouse(url) as client:
        _lines([with_explanation(row) for row in rejections.find(client, chosen)])


@_group.command()
def replay(
    number: Annotated[
        list[str] | None, typer.Argument(metavar="[NUMBER…]", help="Parts by their numbers; else by filters.")
    ] = None,
    facility: Facility = "",
    reason: Reason = "",
    rule: Rule = "",
    stage: Stage = "",
    kind: Kind = "",
    since: Since = "",
    until: Until = "",
    mend: Annotated[Path | None, typer.Option(help="YAML file of rules that mend, see docs/rejections.md.")] = None,
    file: Annotated[Path | None, typer.Option(help="A corrected message in place of the original of one part.")] = None,
    archive: Archive = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would become of them; send nothing.")] = False,
    anyway: Annotated[bool, typer.Option("--anyway", help="Also send what would be rejected again.")] = False,
    rate: Annotated[float, typer.Option(min=0, help="At most so many parts a second; 0: no limit.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many parts.")] = 10_000,
    why: Annotated[str, typer.Option(help="Kept with the decision.")] = "",
    config: Annotated[
        Path | None, typer.Option(help="YAML file of settings; LIVINGDATA_* variables win over it.")
    ] = None,
    kafka: Annotated[str | None, typer.Option(help="Bootstrap servers; without them only --dry-run works.")] = None,
    keyring: Annotated[Path | None, typer.Option(help="The city's keyring.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the replay's own outbox.")] = None,
    url: Url = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Send rejected parts again, mended or after what refused them was put right.

    Only open parts are taken: what is mended, discarded, on its way or replaced by a newer replay is left out, so it can
    be run again at any time. Exit 1 where a part could not be sent or would be rejected again.
    """
    from infra.cli import rejected_replay

    chosen = filters(facility, reason, rule, stage, kind, since, until, ("open",), number)
    if chosen == Filters(states=("open",)):
        raise typer.BadParameter("name parts by NUMBER or by a filter such as --reason")
    if file is not None and len(chosen.numbers) != 1:
        raise typer.BadParameter("a corrected file stands for one NUMBER", param_hint="--file")
    if len(why) > MOST_WHY:
        raise typer.BadParameter(f"at most {MOST_WHY} characters", param_hint="--why")
    made = settings.load(settings.ReplaySettings, config, clickhouse=url, kafka=kafka, keyring=keyring, data=data)
    if not made.kafka and not dry_run:
        raise typer.BadParameter("needed, unless --dry-run is given", param_hint="--kafka")
    logs.configure("rejected")
    registry.adopt(made.registry, made.data)
    asked = rejected_replay.Asked(mend, file, archive, dry_run, anyway, rate, why, json)
    with clickhouse(None, made) as client:
        rows = rejections.find(client, chosen)
        if len(rows) > limit:
            typer.echo(f"{len(rows) - limit} phần nữa / more parts (--limit)", err=True)
        if not rows:
            typer.echo("không có phần nào đang mở / no open part is meant by this", err=True)
            raise typer.Exit(0)
        code = rejected_replay.run(client, rows[:limit], made, asked, who())
    raise typer.Exit(code)


@_group.command()
def discard(
    number: Numbers,
    why: Annotated[str, typer.Option(help="Why nobody needs to mend it; kept with your name.")],
    undo: Annotated[bool, typer.Option("--undo", help="Take the decision back.")] = False,
    url: Url = None,
) -> None:
    """Give parts up: lists hide them from now on. They stay rejected, and stay in the ledger."""
    if not why.strip() or len(why) > MOST_WHY:
        raise typer.BadParameter(f"1 to {MOST_WHY} characters", param_hint="--why")
    chosen = filters(named=number)
    with clickhouse(url) as client:
        rows = rejections.find(client, chosen)
        absent = {str(each) for each in chosen.numbers} - {row["number"] for row in rows}
        if absent:
            _none(", ".join(sorted(absent)))
        rejections.decide(client, rows, "discarded", why, who(), lifted=undo)
    print(f"{len(rows)} {'đã khôi phục / restored' if undo else 'đã bỏ qua / discarded'}")


@_group.command()
def limits(
    facility: Facility = "",
    everything: Annotated[bool, typer.Option("--all", help="Well feeds too.")] = False,
    share: Annotated[
        float | None, typer.Option("--set", min=0, max=1, help="A new limit: the largest share rejected (0-1).")
    ] = None,
    minutes: Annotated[int, typer.Option(min=1, max=LONGEST_MINUTES, help="With --set: the window.")] = MINUTES,
    least: Annotated[int, typer.Option(min=1, help="With --set: parts below which nothing is judged.")] = LEAST,
    url: Url = None,
    json: Json = False,
) -> None:
    """Feeds of which too much is rejected. They are flagged, never held up. Exit 1 where there is one.

    `--set 0.3 --facility 01003` gives one facility a limit of its own; without --facility the limit of all others.
    """
    with clickhouse(url) as client:
        if share is not None:
            client.insert_rows(
                "rejection_limits", ["facility", "share", "minutes", "least"], [[facility, share, minutes, least]]
            )
        rows = rejections.feeds(client, facility)
    faulty = [row for row in rows if row["is_faulty"]]
    shown = rows if everything else faulty
    if json:
        _lines(shown)
    else:
        _table(shown, ("facility", "adapter_id", "parts", "rejected", "share", "limit_share", "minutes", "main_reason"))
        print(f"{len(rows)} nguồn / feeds, {len(faulty)} vượt ngưỡng / above their limit")
    raise typer.Exit(1 if faulty else 0)


def _none(name: str) -> None:
    typer.echo(f"không có phần bị từ chối nào mang số / no rejected part of number: {name}", err=True)
    raise typer.Exit(1)


def _lines(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        print(orjson.dumps(row, default=str).decode())


_NUMERIC: Final = ("rejections", "open", "mended", "parts", "rejected", "share", "limit_share", "minutes")


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return local(value)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _table(rows: list[dict[str, Any]], names: tuple[str, ...]) -> None:
    table = Table(header_style="bold")
    for name in names:
        numeric = name in _NUMERIC
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_shown(row[name]) for name in names))
    Console().print(table)


def _show(row: dict[str, Any]) -> None:
    console = Console(highlight=False, markup=False)
    console.print(row["number"], style="bold")
    sent = f"{row['facility']} {row['source_system']} ({row['source_format']})"
    said = {
        "gửi bởi / sent by": sent,
        "loại / kind": row["kind"] or "–",
        "phần / part": f"{row['part']} / {row['parts']}",
        "từ chối tại / refused by": row["stage"],
        "lý do / reason": row["reason"],
        "quy tắc / rules": ", ".join(row["rules"]) or "–",
        "vị trí / place": row["place"] or "–",
        "chi tiết / detail": row["detail"] or "–",
        "nhận / taken": local(row["captured_at"]),
        "từ chối / refused": local(row["rejected_at"]),
        "bản gốc / original": f"{row['original_size']} byte, {_kept(row)}",
        "trạng thái / state": row["state"] + (f", {row['why']} ({row['decided_by']})" if row["why"] else ""),
    }
    if row["replay_of"]:
        said["phát lại của / replay of"] = f"{row['replay_of']} (lần / time {row['replay_count']})"
    for name, value in said.items():
        console.print(f"  {name:26} {value}", soft_wrap=True)
    for each in explained(row["reason"], row["rules"]):
        console.print()
        _explain(each)


def _kept(row: dict[str, Any]) -> str:
    if row["has_original"]:
        return "niêm phong / sealed"
    return row["original_place"] or "không giữ ở đây / not kept here"


def _explain(each: Explanation) -> None:
    console = Console(highlight=False, markup=False)
    more = " ".join(part for part in (each.dimension, each.mode, each.source) if part)
    console.print(f"{each.id}{f'  ({more})' if more else ''}", style="bold")
    console.print(f"  {each.vi}. {each.mend_vi}.", soft_wrap=True)
    console.print(f"  {each.en}. {each.mend_en}.", soft_wrap=True)
