"""`livingdata rules backtest`: how many stored documents a rule would have touched."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from infra.cli.ask import Url, clickhouse
from infra.cli.options import AsJson
from infra.cli.rules_run import rulebook
from infra.evaluation.backtest import Backtest, Span, Touched
from runtime import settings
from runtime.settings import RulesSettings
from schemas.rules import Rule, RuleError
from sinks.clickhouse.cross.questions import asked_of_store

MOST_DAYS = 3_660


def add(group: typer.Typer) -> None:
    group.command()(backtest)


def backtest(
    id_: Annotated[str, typer.Argument(metavar="RULE", help="The rule's id; of the book, or of your own folder.")],
    since: Annotated[str, typer.Option("--from", help="First document date, yyyy-mm-dd.")],
    until: Annotated[str, typer.Option("--to", help="Last document date, yyyy-mm-dd.")],
    facility: Annotated[str, typer.Option(help="Only this MACSKCB.")] = "",
    rules: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Folder of rules that add to the book.")
    ] = None,
    url: Url = None,
    config: Annotated[Path | None, typer.Option(help="YAML of settings: rules, facility_groups, clickhouse.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask a rule of what is stored before it speaks to hospitals: how many documents would it have touched, by facility?

    Asked are the documents in force, each by the rules of its own date. `undecided` are those of which the rule wants a
    sealed field (names, notes), which the store does not have; `refused` are parts that the rule has rejected already.
    Changes nothing.
    """
    span = days(since, until, facility)
    chosen = settings.load(RulesSettings, config, clickhouse=url, rules=rules)
    rule = rulebook(chosen).get(id_)
    if rule is None:
        raise typer.BadParameter(f"there is no rule {id_}", param_hint="RULE")
    if rule.scope != "document" and not asked_of_store(rule):
        raise typer.BadParameter(f"{id_} wants what is sealed: the store cannot be asked", param_hint="RULE")
    try:
        with clickhouse(None, chosen) as client, Progress(console=Console(stderr=True), disable=as_json) as bars:
            bar = bars.add_task("days")
            found = Backtest(client, rule, chosen.facility_groups)(
                span, lambda done, of: bars.update(bar, completed=done, total=of)
            )
    except RuleError as error:
        raise settings.SettingsError(f"settings are wrong or missing:\n  rules: {error}") from None
    _tell(rule, found, as_json)


def days(since: str, until: str, facility: str) -> Span:
    """Document dates as they are given."""
    try:
        span = Span(date.fromisoformat(since), date.fromisoformat(until), facility)
    except ValueError:
        raise typer.BadParameter("a day is yyyy-mm-dd", param_hint="--from, --to") from None
    if not 0 <= (span.last - span.first).days < MOST_DAYS:
        raise typer.BadParameter(f"--from is not after --to, and at most {MOST_DAYS} days before it")
    return span


def _tell(rule: Rule, found: dict[str, Touched], as_json: bool) -> None:
    whole = Touched()
    for each in found.values():
        whole.documents += each.documents
        whole.touched += each.touched
        whole.undecided += each.undecided
        whole.refused += each.refused
    if as_json:
        facilities = {facility: asdict(each) for facility, each in found.items()}
        print(orjson.dumps({"rule": rule.id, "totals": asdict(whole), "facilities": facilities}).decode())
        return
    table = Table("facility", "documents", "touched", "share", "undecided", "refused", title=f"{rule.id} {rule.en}")
    for facility, each in [*found.items(), ("", whole)]:
        share = f"{each.touched / each.documents:.2%}" if each.documents else ""
        table.add_row(facility, str(each.documents), str(each.touched), share, str(each.undecided), str(each.refused))
    Console().print(table)
    print(f"{whole.touched} tài liệu bị phạm / documents touched of {whole.documents}")
