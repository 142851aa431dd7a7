"""`livingdata rules`: the rule book, one rule of it, and whether rules do what they should."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table

from infra.cli import rules_backtest, rules_run
from infra.cli.options import AsJson
from infra.evaluation import rules as cases
from schemas.kinds import KINDS
from schemas.rules import RULES, Rule, RuleError

commands = typer.Typer(
    name="rules", help="The rules of quality: list, explain, test, run over stored documents.", no_args_is_help=True
)

_DIMENSIONS: Final = {
    "correct": "đúng / correct",
    "complete": "đủ / complete",
    "clean": "sạch / clean",
    "live": "sống / live",
}


def add(app: typer.Typer) -> None:
    rules_run.add(commands)
    rules_backtest.add(commands)
    app.add_typer(commands)


@commands.command("list")
def list_(
    kind: Annotated[str | None, typer.Option(help=f"Only rules of a kind: {', '.join(KINDS)}.")] = None,
    mode: Annotated[str | None, typer.Option(help="Only shadow, warn or block.")] = None,
    on: Annotated[str | None, typer.Option("--on", help="Only rules in force on a day, yyyy-mm-dd.")] = None,
    as_json: AsJson = False,
) -> None:
    """The rule book: what blocks, what lowers quality, what is only watched."""
    day = _day(on)
    if kind is not None and kind not in KINDS:
        raise typer.BadParameter(f"one of {', '.join(KINDS)}", param_hint="--kind")
    chosen = [
        rule
        for rule in RULES.values()
        if (kind is None or kind in rule.kinds)
        and (mode is None or mode == rule.mode)
        and (day is None or rule.since <= day <= rule.until)
    ]
    if as_json:
        for rule in chosen:
            print(orjson.dumps(_row(rule)).decode())
        return
    table = Table("id", "mode", "dimension", "kinds", "tiếng Việt", "English")
    for rule in chosen:
        kinds = "all" if len(rule.kinds) == len(KINDS) else ", ".join(rule.kinds)
        table.add_row(rule.id, rule.mode, rule.dimension, kinds, rule.vi, rule.en)
    Console().print(table)


@commands.command()
def explain(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The rule's id, as receipts and quality give it.")],
    as_json: AsJson = False,
) -> None:
    """One rule: what it asks, how to mend what fails, since when, and on whose word."""
    rule = RULES.get(id_)
    if rule is None:
        close = ", ".join(sorted(name for name in RULES if name[0] == id_[:1].upper()))
        raise typer.BadParameter(f"there is no rule {id_}" + (f"; there are {close}" if close else ""), param_hint="ID")
    if as_json:
        print(orjson.dumps(_row(rule)).decode())
        return
    table = Table.grid(padding=(0, 2))
    for name, value in _page(rule):
        table.add_row(name, value, style="bold" if name == rule.id else "")
    Console().print(table)


@commands.command("test")
def try_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="YAML: `rules` (optional) and `cases`.")],
    as_json: AsJson = False,
) -> None:
    """Try rules on documents, before they speak to hospitals. Exit 1 where a case comes out otherwise than it says.

    Each case gives `kind`, `fields` (others are empty), perhaps `identity` and `narrative`, and what must come out:
    `fails` and `passes`, ids of rules. `rules` are written as in schemas/rulebook; one with a known id replaces it.
    """
    try:
        results = cases.run(file.read_text(encoding="utf-8"))
    except (RuleError, UnicodeDecodeError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    wrong = [result for result in results if result.wrong]
    if as_json:
        for result in results:
            print(orjson.dumps({"case": result.name, "failed": result.failed, "wrong": result.wrong}).decode())
    else:
        for result in results:
            typer.echo(f"{'wrong' if result.wrong else 'ok   '}  {result.name}")
            for text in result.wrong:
                typer.echo(f"         {text}")
        typer.echo(f"{len(results)} cases, {len(wrong)} wrong")
    raise typer.Exit(1 if wrong else 0)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter("a day is yyyy-mm-dd", param_hint="--on") from None


def _span(rule: Rule) -> tuple[str | None, str | None]:
    since = rule.since.isoformat() if rule.since > date.min else None
    return since, rule.until.isoformat() if rule.until < date.max else None


def _row(rule: Rule) -> dict[str, Any]:
    since, until = _span(rule)
    names = (
        "id",
        "dimension",
        "mode",
        "kinds",
        "formats",
        "check",
        "each",
        "vi",
        "en",
        "mend_vi",
        "mend_en",
        "source",
        "owner",
        "scope",
    )
    return {name: getattr(rule, name) for name in names} | {
        "from": since,
        "to": until,
        "parameters": dict(rule.parameters),
        "groups": dict(rule.groups),
    }


def _page(rule: Rule) -> list[tuple[str, str]]:
    since, until = _span(rule)
    modes = {
        "block": "từ chối / blocks",
        "warn": "hạ chất lượng / lowers quality",
        "shadow": "chỉ theo dõi / only watched",
    }
    rows = [
        (rule.id, f"{rule.vi} / {rule.en}"),
        ("", f"{rule.mend_vi} / {rule.mend_en}"),
        ("mode", modes[rule.mode]),
        ("dimension", _DIMENSIONS[rule.dimension]),
        ("kinds", ", ".join(rule.kinds)),
        ("formats", ", ".join(rule.formats) or "all"),
        ("in force", f"{since or '…'} – {until or '…'}"),
        (
            "check",
            f"{rule.check} {orjson.dumps(dict(rule.parameters)).decode()}"
            + (f" of each {rule.each}" if rule.each else ""),
        ),
        ("source", rule.source),
        ("owner", rule.owner),
    ]
    return rows + [("group", f"{group}: {modes[mode]}") for group, mode in rule.groups.items()]
