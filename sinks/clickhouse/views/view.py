"""What a view is: a name an analyst would guess, its text, and what it and each column mean.

Views hide FINAL and hold no data. They run with the rights of who asks (`INVOKER`), so the row filters of the tables
hold in them too. An `open` view runs with nobody's: it holds no person, and who is granted it needs no right to what lies
below. Those about the running of the house (feeds, scores, the ledger) are open, and the published ones, which suppress
small counts themselves.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Final

from schemas.clickhouse import model
from schemas.fields import walk
from schemas.kinds import KINDS
from schemas.ledger import LEDGER
from sinks.clickhouse.views.glossary import GLOSSARY

HANOI: Final = "'Asia/Ho_Chi_Minh'"


@dataclass(frozen=True, slots=True)
class View:
    """`comment` and the values of `columns` are Vietnamese / English; `columns` needs only what no table explains.

    `parameters`: the view is called like a function, with values of these types.
    """

    name: str
    comment: str
    sql: str
    columns: dict[str, str] = field(default_factory=dict)
    open: bool = False
    parameters: tuple[str, ...] = ()

    def meaning(self, column: str) -> str:
        """What a column means; empty where nobody says."""
        return self.columns.get(column) or GLOSSARY.get(column) or _of_tables().get(column, "")


@cache
def _of_tables() -> dict[str, str]:
    """Column -> its meaning, of the field table's lines and the tables."""
    said: dict[str, str] = {}
    for fields in (*KINDS.values(), *LEDGER.values()):
        for path, each in walk(fields):
            said.setdefault(path.rpartition(".")[2], f"{each.vi} / {each.en}")
    for table in model()[0]:
        for column in table.columns:
            said.setdefault(column.name, column.comment)
    return said
