"""`livingdata reprocess`: stored documents judged again by other rules."""

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from infra.cli.ask import Url, clickhouse
from infra.cli.options import AsJson
from infra.cli.rules_backtest import days
from infra.cli.rules_run import rulebook
from infra.reprocess.judge import Judge
from infra.reprocess.run import Difference, Reprocessing
from runtime import settings
from runtime.settings import RulesSettings
from schemas.kinds import KINDS
from schemas.rules import RULES, RuleError


def add(app: typer.Typer) -> None:
    app.command()(reprocess)


def reprocess(
    facility: Annotated[str, typer.Option(help="MACSKCB; `all` for every facility.")],
    since: Annotated[str, typer.Option("--from", help="First document date, yyyy-mm-dd.")],
    until: Annotated[str, typer.Option("--to", help="Last document date, yyyy-mm-dd.")],
    rules: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Folder of the rules to judge by; else this release's own."),
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help=f"Only this kind: {', '.join(KINDS)}. May be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell the difference, write nothing.")] = False,
    url: Url = None,
    config: Annotated[Path | None, typer.Option(help="YAML of settings: rules, facility_groups, clickhouse.")] = None,
    as_json: AsJson = False,
) -> None:
    """Judge what is stored again by other rules: into a shadow table, a report of the difference, then in its place.

    Numbers and versions stay as they are, so nothing is counted twice; documents that a rule would now refuse stay, with
    its id in `quality`. Rules that want a sealed field (names, notes) cannot be asked of the store: their old verdict
    stands. What was refused by older rules is sent again with `livingdata rejected replay`. Exit 1 where ClickHouse does
    not answer or the counts differ afterwards.
    """
    wrong = sorted(set(kind or ()) - set(KINDS))
    if wrong:
        raise typer.BadParameter(f"one of {', '.join(KINDS)}", param_hint="--kind")
    span = days(since, until, "" if facility == "all" else facility)
    chosen = settings.load(RulesSettings, config, clickhouse=url, rules=rules)
    try:
        judge = Judge(rulebook(chosen).values(), chosen.facility_groups)
    except RuleError as error:
        raise settings.SettingsError(f"settings are wrong or missing:\n  rules: {error}") from None
    with clickhouse(None, chosen) as client, Progress(console=Console(stderr=True), disable=as_json) as bars:
        work = Reprocessing(client, judge, span, tuple(kind or KINDS))
        bar = bars.add_task("judge")
        found = work.shadow(lambda done, of: bars.update(bar, completed=done, total=of), write=not dry_run)
        before = after = (0, 0)
        if not dry_run and found.changed:
            before = work.count()
            bar = bars.add_task("swap")
            work.swap(lambda done, of: bars.update(bar, completed=done, total=of))
            after = work.count()
    _tell(found, work.run, as_json, swapped=not dry_run)
    if before != after:
        typer.echo("số dòng đã đổi trong lúc chạy / counts changed meanwhile: new documents, or look into it", err=True)
        raise typer.Exit(1)


def _tell(found: Difference, run: str, as_json: bool, *, swapped: bool) -> None:
    ids = sorted({*found.gained, *found.lost, *found.blocked})
    if as_json:
        said: dict[str, Any] = {
            "run": run if swapped else "", "rows": found.rows, "changed": found.changed, "swapped": swapped,
            "gained": found.gained, "lost": found.lost, "would_refuse": found.blocked, "not_asked": found.kept,
        }  # fmt: skip
        print(orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode())
        return
    table = Table("id", "thêm / gained", "hết / lost", "sẽ từ chối / would refuse", "English")
    for id_ in ids:
        known = RULES.get(id_)
        table.add_row(
            id_, str(found.gained[id_]), str(found.lost[id_]), str(found.blocked[id_]), known.en if known else ""
        )
    Console().print(table)
    if found.kept:
        print(f"không xét được, giữ kết quả cũ / not asked, sealed fields: {', '.join(sorted(found.kept))}")
    word = f"đã thay / in place, run {run}" if swapped else "chạy thử, chưa đổi gì / dry run, nothing was changed"
    print(f"{found.rows} dòng / rows, {found.changed} đổi / change; {word}")
