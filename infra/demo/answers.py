"""Three questions an analyst would ask of the city, and how a person sees the ledger."""

from dataclasses import dataclass
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Question:
    vi: str
    en: str
    sql: str


QUESTIONS: Final = (
    Question(
        "Bệnh truyền nhiễm nào đang đến khám, ở đâu nhiều nhất?",
        "Which notifiable diseases are coming in, and where most?",
        "SELECT disease_vi, disease_en, sum(cases) AS persons, uniqExact(facility) AS hospitals, "
        "argMax(facility, cases) AS most_at FROM notifiable_cases GROUP BY disease_vi, disease_en "
        "ORDER BY persons DESC LIMIT 6",
    ),
    Question(
        "Dữ liệu của cơ sở nào chưa dùng được, vì sao?",
        "Whose data cannot be used yet, and why?",
        "SELECT facility, rule, any(q.vi) AS vi, any(q.en) AS en, count() AS documents FROM encounters "
        "ARRAY JOIN quality AS rule LEFT JOIN quality_rules AS q ON q.rule = rule "
        "GROUP BY facility, rule ORDER BY documents DESC LIMIT 6",
    ),
    Question(
        "Bao nhiêu lượt khám đã biết đúng công dân nào?",
        "For how many visits is the citizen known for certain?",
        "SELECT identity_tier, count() AS visits, round(100 * count() / sum(count()) OVER (), 1) AS percent "
        "FROM visits GROUP BY identity_tier ORDER BY visits DESC",
    ),
)


def answer(question: Question, rows: list[dict[str, Any]]) -> RenderableType:
    """The question, and its rows as a table."""
    asked = Text(f"\n{question.vi}\n{question.en}", style="bold")
    if not rows:
        return Group(asked, "chưa có gì / nothing yet")
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    return Group(asked, table)


def ledger_table(report: dict[str, Any]) -> Table:
    """The city's books beside the ledger; a differing count stands out."""
    table = Table(title="Sổ cái / The ledger", title_justify="left", title_style="bold")
    for name in ("", "sổ của thành phố\nthe city's books", "sổ cái\nthe ledger", ""):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    totals, injected = report["totals"], report["injected"]
    rows = [(name, injected[name], totals[name]) for name in totals if name != "identity"]
    rows += [(f"identity {tier}", injected["identity"][tier], count) for tier, count in totals["identity"].items()]
    for name, theirs, ours in rows:
        same = ours == theirs
        table.add_row(name, str(theirs), str(ours), "[green]=[/green]" if same else "[bold red]≠[/bold red]")
    return table
