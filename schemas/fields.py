"""What a field is: one row of the field table, from which Avro, ClickHouse and the data dictionary are made.

A field is *clear* (coded or measured), *masked* (text an analyst needs; the patient's own names and numbers are
masked by the adapter) or *sealed* (everything else). A sealed field has no Avro or ClickHouse shape of its own: it
travels in one of the two parts of the seal (`schemas.sealed`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

Level = Literal["clear", "masked", "identity", "narrative"]
Type = Literal[
    "string", "code", "int", "long", "double", "bool", "millis", "date", "thousandths", "bytes", "strings", "record"
]

_AVRO: Final[dict[str, Any]] = {
    "string": "string",
    "code": "string",
    "int": "int",
    "long": "long",
    "double": "double",
    "bool": "boolean",
    "millis": {"type": "long", "logicalType": "timestamp-millis"},
    "date": {"type": "int", "logicalType": "date"},
    "thousandths": "long",
    "bytes": "bytes",
    "strings": {"type": "array", "items": "string"},
}
_CLICKHOUSE: Final[dict[str, str]] = {
    "string": "String",
    "code": "LowCardinality(String)",
    "int": "Int32",
    "long": "Int64",
    "double": "Float64",
    "bool": "Bool",
    "millis": "DateTime64(3, 'UTC')",
    "date": "Date",
    "thousandths": "Decimal(18, 3)",
    "bytes": "String",
    "strings": "Array(String)",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One row of the field table.

    `code` is a string of few values. `millis` is UTC epoch milliseconds, `date` days since 1970-01-01 (local date),
    `thousandths` an integer number of thousandths (money in VND, quantities), `record` an array of lines.
    `xml`, `hl7`, `fhir` and `dicom` name where the value comes from (`XML1.MA_LOAI_KCB`, `PV1-19`; an element of the
    kind's own resource, such as `period.start` of Encounter, or of the one named; `(0008,0060)`).
    """

    name: str
    type: Type
    vi: str
    en: str
    level: Level = "clear"
    optional: bool = True
    xml: str = ""
    hl7: str = ""
    fhir: str = ""
    dicom: str = ""
    lines: "tuple[Field, ...]" = ()

    @property
    def sealed(self) -> bool:
        return self.level in ("identity", "narrative")

    @property
    def is_array(self) -> bool:
        return self.type in ("strings", "record")


def avro_field(field: Field, path: str) -> dict[str, Any]:
    """The Avro field; `path` makes the names of nested records unique inside one schema."""
    shape: Any
    if field.type == "record":
        name = f"{path}_{field.name}"
        inner = [avro_field(line, name) for line in field.lines if not line.sealed]
        shape = {"type": "array", "items": {"type": "record", "name": name, "fields": inner}}
    else:
        shape = _AVRO[field.type]
    if field.is_array:
        return {"name": field.name, "type": shape, "default": []}
    if field.optional:
        return {"name": field.name, "type": ["null", shape], "default": None}
    return {"name": field.name, "type": shape}


def clickhouse_type(field: Field) -> str:
    """The ClickHouse column type that reads the Avro field as it stands."""
    if field.type == "record":
        inner = ", ".join(f"{line.name} {clickhouse_type(line)}" for line in field.lines if not line.sealed)
        return f"Array(Tuple({inner}))"
    shape = _CLICKHOUSE[field.type]
    if field.is_array or not field.optional:
        return shape
    if field.type == "code":
        return "LowCardinality(Nullable(String))"
    return f"Nullable({shape})"


def walk(fields: tuple[Field, ...], prefix: str = "") -> Iterator[tuple[str, Field]]:
    """Every field with its dotted path, lines included."""
    for field in fields:
        yield prefix + field.name, field
        yield from walk(field.lines, f"{prefix}{field.name}.")
