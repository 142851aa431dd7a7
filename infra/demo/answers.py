"""Three questions an analyst would ask of the city, and how a person sees the ledger."""

from dataclasses import dataclass
from typing import Any, Final

from rich.table import Table


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


def answer_table(question: Question, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=f"{question.vi}\n{question.en}", title_justify="left", title_style="bold")
    for name in rows[0] if rows else ("–",):
        table.add_column(name)
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    return table


def ledger_table(report: dict[str, Any]) -> Table:
    """The city's books beside the ledger; a differing count stands out."""
    table = Table(title="Sổ cái / The ledger", title_justify="left", title_style="bold")
    for name in ("", "thành phố gửi / the city's books", "sổ cái / the ledger", ""):
        table.add_column(name, justify="left" if not name else "right")
    totals, injected = report["totals"], report["injected"]
    rows = [(name, injected[name], totals[name]) for name in totals if name != "identity"]
    rows += [(f"identity {tier}", injected["identity"][tier], count) for tier, count in totals["identity"].items()]
    for name, theirs, ours in rows:
        same = ours == theirs
        table.add_row(name, str(theirs), str(ours), "[green]=[/green]" if same else "[bold red]≠[/bold red]")
    return table
