"""`livingdata rules run`: rules that need several documents, asked of the store, once or again and again."""

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from infra.cli.again import again
from infra.cli.ask import Url, clickhouse
from infra.cli.options import AsJson
from runtime import logs, settings, telemetry
from runtime.clock import now_ms
from runtime.settings import RulesSettings
from runtime.shutdown import stop_event
from schemas import catalogues
from schemas.rules import RULES, Rule, RuleError, load
from sinks.clickhouse.client import connect
from sinks.clickhouse.cross.run import Run, Runner, of_store

log = logs.get("rules")


def add(group: typer.Typer) -> None:
    group.command()(run)


def run(
    url: Url = None,
    config: Annotated[Path | None, typer.Option(help="YAML of settings: rules, facility_groups, clickhouse.")] = None,
    every: Annotated[int, typer.Option(min=0, help="Seconds between runs; 0 runs once.")] = 0,
    settle: Annotated[int, typer.Option(min=0, help="Seconds: younger rows may have others still on their way.")] = 60,
    as_json: AsJson = False,
) -> None:
    """Ask the store for what several documents together get wrong: sums of lines, papers that are missing or say
    otherwise, stays of one person that overlap.

    Looks at visits that changed since it last ran; a changed rule is asked of all. What it finds stands in
    `visit_issues`, counts in `rule_issues` and the scorecards, and is taken back once it is mended. Run it every minute or
    so; two at once do no harm. Exit 1 where ClickHouse cannot answer.
    """
    chosen = settings.load(RulesSettings, config, clickhouse=url)
    book = of_store(rulebook(chosen).values())
    if every:
        logs.configure("rules", chosen.log_level)
        telemetry.serve(chosen.metrics_port, chosen.metrics_host)
        loop(lambda: _once(chosen, book, settle), stop_event(), every)
        return
    with clickhouse(None, chosen) as client, Progress(console=Console(stderr=True), disable=as_json) as bars:
        bar = bars.add_task("rules")
        did = Runner(client, book, chosen.facility_groups)(
            settle, lambda done, of: bars.update(bar, completed=done, total=of)
        )
    _tell(did, as_json)


def rulebook(chosen: RulesSettings) -> dict[str, Rule]:
    """The house's rules and those of the folder, by the catalogues of theirs. SettingsError where one is wrong."""
    try:
        if chosen.catalogues is not None:
            catalogues.adopt(catalogues.stored(chosen.catalogues))
        return RULES | (load(chosen.rules) if chosen.rules is not None else {})
    except (RuleError, catalogues.CatalogueError) as error:
        raise settings.SettingsError(f"settings are wrong or missing:\n  rules: {error}") from None


def loop(once: Callable[[], Run], stop: threading.Event, every: float) -> None:
    """`once` again and again; a run that came to its end is progress."""

    def ask() -> None:
        with telemetry.RULES_SECONDS.time():
            did = once()
        issues = sum(did.issues.values())
        telemetry.RULES_ISSUES.labels("written").inc(issues)
        telemetry.RULES_ISSUES.labels("taken_back").inc(did.taken_back)
        telemetry.PROGRESS.labels("rules").set(now_ms() / 1000)
        log.info("rules_run", visits=did.visits, issues=issues, taken_back=did.taken_back)

    again(ask, stop, every, log, telemetry.RULES_FAILED.inc)


def _once(chosen: RulesSettings, book: list[Rule], settle: int) -> Run:
    with closing(connect(chosen)) as client:
        return Runner(client, book, chosen.facility_groups)(settle)


def _tell(did: Run, as_json: bool) -> None:
    if as_json:
        said: dict[str, Any] = {"visits": did.visits, "issues": dict(did.issues), "taken_back": did.taken_back}
        print(orjson.dumps(said).decode())
        return
    table = Table("id", "mode", "lỗi / issues", "tiếng Việt", "English")
    for id_, count in did.issues.items():
        if count:
            rule = RULES.get(id_)
            mode, vi, en = (rule.mode, rule.vi, rule.en) if rule is not None else ("", "", "")
            table.add_row(id_, mode, str(count), vi, en)
    Console().print(table)
    print(f"{did.visits} lượt khám đã xét / visits looked at, {did.taken_back} lỗi hết / issues taken back")
