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
        "SELECT main_diagnosis AS icd10, count() AS visits, uniqExact(facility) AS hospitals, "
        "topK(1)(facility)[1] AS most_at FROM visits "
        "WHERE match(main_diagnosis, '^(A97|B08\\\\.4|B05|A37|J1[01]|U07)') GROUP BY icd10 ORDER BY visits DESC LIMIT 6",
    ),
    Question(
        "Dữ liệu của cơ sở nào chưa dùng được, vì sao?",
        "Whose data cannot be used yet, and why?",
        "SELECT facility, rule, count() AS documents FROM encounters ARRAY JOIN quality AS rule "
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
