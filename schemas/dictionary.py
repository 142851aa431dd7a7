"""The data dictionary, from the field table."""

from schemas.fields import Field, clickhouse_type
from schemas.header import COORDINATES, ENRICHMENT, HEADER
from schemas.kinds import KINDS
from schemas.ledger import LEDGER


def _rows(fields: tuple[Field, ...], prefix: str = "") -> list[str]:
    out = []
    for field in fields:
        shape = "(niêm phong / sealed)" if field.sealed else f"`{clickhouse_type(field)}`"
        if field.type == "record":
            shape = "`Array(Tuple(…))`"
        source = ", ".join(filter(None, (field.xml, field.hl7, field.fhir, field.dicom)))
        out.append(f"| `{prefix}{field.name}` | {shape} | {field.level} | {source} | {field.vi} | {field.en} |")
        out.extend(_rows(field.lines, f"{prefix}{field.name}."))
    return out


def _table(title: str, fields: tuple[Field, ...]) -> str:
    head = "| field | ClickHouse | level | source | tiếng Việt | English |\n|---|---|---|---|---|---|"
    return f"## {title}\n\n{head}\n" + "\n".join(_rows(fields)) + "\n"


def markdown() -> str:
    """`docs/data-model.md`, whole."""
    parts = [
        "# Data model\n\nGenerated from the field table (`make schemas`); do not edit.\n",
        _table("Header of every event", HEADER),
        _table("What the worker appends", ENRICHMENT),
        _table("What the sink appends", COORDINATES),
        *(_table(f"Body of `{kind}`", body) for kind, body in KINDS.items()),
        *(_table(f"Topic `{name}`", fields) for name, fields in LEDGER.items()),
    ]
    return "\n".join(parts)
