"""What a new version may change, and that Avro's own schema resolution agrees."""

import io
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import avro
from schemas.avro import Schema
from schemas.compatibility import faults, transitive
from schemas.header import HEADER
from schemas.kinds import KINDS


def field(name: str, shape: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": shape, **more}


def record(*fields: dict[str, Any], name: str = "r") -> Schema:
    return {"type": "record", "name": name, "namespace": "livingdata", "fields": list(fields)}


def lines(*fields: dict[str, Any]) -> dict[str, Any]:
    return field("lines", {"type": "array", "items": record(*fields, name="r_lines")}, default=[])


A = field("a", "string")
OPTIONAL = field("o", ["null", "string"], default=None)
LIST = field("l", {"type": "array", "items": "string"}, default=[])
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}

MAY: dict[str, tuple[Schema, Schema]] = {
    "nothing new": (record(A), record(A)),
    "an optional field at the end": (record(A), record(A, OPTIONAL)),
    "an optional field in the middle": (record(A, field("b", "int")), record(A, OPTIONAL, field("b", "int"))),
    "a list": (record(A), record(A, LIST)),
    "another order": (record(A, OPTIONAL), record(OPTIONAL, A)),
    "an optional field less": (record(A, OPTIONAL), record(A)),
    "an optional field of a line": (record(lines(A)), record(lines(A, OPTIONAL))),
    "a default more": (record(field("l", LIST["type"])), record(LIST)),
}
MAY_NOT: dict[str, tuple[Schema, Schema, str]] = {
    "a required field": (record(A), record(A, field("b", "int")), "b: added without a default"),
    "a required field less": (record(A, field("b", "int")), record(A), "b: removed, and it had no default"),
    "another type": (record(A), record(field("a", "int")), "a: type changed"),
    "required made optional": (record(A), record(field("a", ["null", "string"], default=None)), "a: type changed"),
    "optional made required": (record(OPTIONAL), record(field("o", "string", default="")), "o: type changed"),
    "branches exchanged": (record(OPTIONAL), record(field("o", ["string", "null"], default=None)), "o: type changed"),
    "another logical type": (record(field("t", "long")), record(field("t", MILLIS)), "t: type changed"),
    "a wider number": (record(field("n", "int")), record(field("n", "long")), "n: type changed"),
    "another item": (
        record(LIST),
        record(field("l", {"type": "array", "items": "int"}, default=[])),
        "l: type changed",
    ),
    "a list made of one": (record(field("l", "string")), record(LIST), "l: type changed"),
    "renamed field": (record(field("b", "int")), record(field("c", "int")), "b: removed, and it had no default"),
    "renamed record": (record(A), record(A, name="s"), "record: renamed"),
    "a name twice": (record(A), record(A, OPTIONAL, OPTIONAL), "record: a name is used twice"),
    "a required field of a line": (record(lines(A)), record(lines(A, field("b", "int"))), "lines.b: added without"),
    "a required field of a line less": (record(lines(A, field("b", "int"))), record(lines(A)), "lines.b: removed"),
    "another type in a line": (record(lines(A)), record(lines(field("a", "int"))), "lines.a: type changed"),
}


@pytest.mark.parametrize(("old", "new"), MAY.values(), ids=MAY)
def test_a_new_version_may(old: Schema, new: Schema) -> None:
    assert [] == faults(old, new)


@pytest.mark.parametrize(("old", "new", "fault"), MAY_NOT.values(), ids=MAY_NOT)
def test_a_new_version_may_not(old: Schema, new: Schema, fault: str) -> None:
    assert faults(old, new)[0].startswith(fault)


def test_every_fault_is_told() -> None:
    assert 3 == len(faults(record(A, field("b", "int")), record(field("a", "int"), field("c", "int"))))


def test_a_version_must_agree_with_all_before_it_not_only_the_last() -> None:
    """A field that went may not come back as something else."""
    first, second = record(A, OPTIONAL), record(A)
    third = record(A, field("o", ["null", "int"], default=None))
    assert [] == faults(first, second) == faults(second, third)
    assert ["o: type changed"] == transitive([first, second, third])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_may_grow_and_may_not_shrink(kind: str) -> None:
    schema = avro.received(kind)
    assert [] == faults(schema, avro.extend(schema, ()))
    required = [f.name for f in HEADER if not f.optional]
    for name in required:
        less = schema | {"fields": [f for f in schema["fields"] if f["name"] != name]}
        assert [f"{name}: removed, and it had no default"] == faults(schema, less)


SHAPES: dict[str, tuple[Any, Any]] = {
    "string": ("string", "x"),
    "int": ("int", 1),
    "optional": (["null", "string"], None),
    "list": ({"type": "array", "items": "string"}, []),
}


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    made = []
    for name in draw(st.permutations("abcd").map(lambda names: names[:3])):
        shape, default = SHAPES[draw(st.sampled_from(sorted(SHAPES)))]
        made.append(field(name, shape, **({"default": default} if draw(st.booleans()) else {})))
    return record(*made)


def resolves(written: Schema, read: Schema) -> bool:
    """Whether Avro's resolution reads what was written under another version."""
    value = {
        f["name"]: next(value for shape, value in SHAPES.values() if shape == f["type"]) for f in written["fields"]
    }
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(written), value)
    out.seek(0)
    try:
        fastavro.schemaless_reader(out, fastavro.parse_schema(written), fastavro.parse_schema(read))
    except (fastavro.schema.SchemaParseException, fastavro.read.SchemaResolutionError):
        return False
    return True


@given(schemas(), schemas())
def test_what_may_follow_is_read_both_ways(old: Schema, new: Schema) -> None:
    if not faults(old, new):
        assert resolves(old, new)
        assert resolves(new, old)


def test_what_avro_cannot_read_is_a_fault() -> None:
    """The other direction of the test above, where it is sure: Avro allows more (promotions) than we do."""
    old, new = record(A), record(A, field("b", "int"))
    assert not resolves(old, new)
    assert faults(old, new)
