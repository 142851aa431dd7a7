"""Avro schemas from the field table, stage by stage: each stage's schema is the one before plus fields at the end.

Because an Avro record is its fields' encodings one after another, appending bytes to a datum is the same as adding
fields at the end of its schema.
"""

from typing import Any

from schemas.fields import Field, avro_field
from schemas.header import COORDINATES, ENRICHMENT, HEADER
from schemas.kinds import KINDS
from schemas.ledger import LEDGER

Schema = dict[str, Any]


def record(name: str, fields: tuple[Field, ...]) -> Schema:
    path = name.replace(".", "_")
    shown = [avro_field(field, path) for field in fields if not field.sealed]
    return {"type": "record", "name": path, "namespace": "livingdata", "fields": shown}


def received(kind: str) -> Schema:
    """What an adapter writes: header + body."""
    return record(kind, HEADER + KINDS[kind])


def extend(base: Schema, fields: tuple[Field, ...]) -> Schema:
    """`base` with more fields at its end."""
    more = [avro_field(field, base["name"]) for field in fields]
    return base | {"fields": [*base["fields"], *more]}


def accepted(received_schema: Schema) -> Schema:
    """What a worker writes: the received bytes as they came, then the enrichment."""
    return extend(received_schema, ENRICHMENT)


def stored(accepted_schema: Schema) -> Schema:
    """What the sink inserts: the accepted bytes as they came, then partition and offset."""
    return extend(accepted_schema, COORDINATES)


def ledger(name: str) -> Schema:
    return record(name, LEDGER[name])


def without_logical_types(schema: Any) -> Any:
    """The same encoding, decoded to plain integers: no datetime is built that nobody asked for."""
    if isinstance(schema, dict):
        if "logicalType" in schema:
            return schema["type"]
        return {key: without_logical_types(value) for key, value in schema.items()}
    if isinstance(schema, list):
        return [without_logical_types(item) for item in schema]
    return schema
