"""The city keeps its own books: of ours it may know only the code tables."""

import ast
from pathlib import Path

import infra.city

OURS = {"schemas", "runtime", "producers", "stream_processors", "sinks", "infra"}


def test_the_city_imports_nothing_of_ours_but_code_tables() -> None:
    folder = Path(infra.city.__file__).parent
    names = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names.add(node.module or "")
            elif isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
    ours = {name for name in names if name.split(".")[0] in OURS and not name.startswith("infra.city")}
    assert {"schemas.codes"} == ours
