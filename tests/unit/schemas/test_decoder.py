"""The reading plan against the general reader: the same datum, or neither."""

import struct
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import registry, sealed
from schemas.avro import without_logical_types
from schemas.codec import Codec, NotOneDatum
from schemas.decoder import compile_decoder

NAMES = sorted(registry.ids())
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "All",
    "fields": [
        {"name": "text", "type": "string"},
        {"name": "maybe", "type": ["null", "string"]},
        {"name": "int", "type": "int"},
        {"name": "long", "type": "long"},
        {"name": "time", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}]},
        {"name": "double", "type": ["null", "double"]},
        {"name": "bool", "type": "boolean"},
        {"name": "bytes", "type": "bytes"},
        {"name": "map", "type": {"type": "map", "values": "string"}},
        {"name": "texts", "type": {"type": "array", "items": "string"}},
        {
            "name": "lines",
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "Line",
                    "fields": [
                        {"name": "n", "type": "long"},
                        {"name": "s", "type": {"type": "array", "items": "string"}},
                    ],
                },
            },
        },
    ],
}
PARSED = fastavro.parse_schema(without_logical_types(SCHEMA))
DECODE = compile_decoder(SCHEMA)
REFUSED = (ValueError, IndexError, struct.error)

LONG = st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-300, 300) | st.integers(0, 1 << 42)
DATUM = st.fixed_dictionaries(
    {
        "text": st.text(max_size=300),
        "maybe": st.none() | st.text(),
        "int": st.integers(-(1 << 31), (1 << 31) - 1),
        "long": LONG,
        "time": st.none() | LONG,
        "double": st.none() | st.floats(allow_nan=False),
        "bool": st.booleans(),
        "bytes": st.binary(),
        "map": st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=4),
        "texts": st.lists(st.text(max_size=5), max_size=70),
        "lines": st.lists(
            st.fixed_dictionaries({"n": LONG, "s": st.lists(st.text(max_size=3), max_size=3)}), max_size=4
        ),
    }
)


def general(data: bytes) -> Any:
    source = BytesIO(data)
    datum = fastavro.schemaless_reader(source, PARSED)
    if source.tell() != len(data):
        raise ValueError("left over")
    return datum


def encoded(datum: Any) -> bytes:
    out = BytesIO()
    fastavro.schemaless_writer(out, PARSED, datum)
    return out.getvalue()


@given(DATUM)
def test_it_reads_what_was_written(datum: Any) -> None:
    assert datum == DECODE(encoded(datum))


@given(DATUM, st.data())
def test_what_is_changed_is_read_as_the_general_reader_does_or_refused(datum: Any, data: st.DataObject) -> None:
    changed = bytearray(encoded(datum))
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    changed += data.draw(st.binary(max_size=2))
    try:
        found = DECODE(bytes(changed))
    except REFUSED:
        return
    assert repr(general(bytes(changed))) == repr(found)


@given(DATUM)
def test_a_datum_that_ends_early_or_late_is_none(datum: Any) -> None:
    whole = encoded(datum)
    for data in (whole[:-1], whole[: len(whole) // 2], b"", whole + b"\0"):
        with pytest.raises(REFUSED):
            DECODE(data)


@given(st.binary(max_size=100))
def test_any_bytes_are_a_datum_or_refused(data: bytes) -> None:
    try:
        found = DECODE(data)
    except REFUSED:
        return
    assert repr(general(data)) == repr(found)


def test_a_count_beyond_all_memory_ends_with_the_data() -> None:
    start = encoded({"text": "", "maybe": None, "int": 0, "long": 0, "time": None, "double": None, "bool": False,
                     "bytes": b"", "map": {}, "texts": [], "lines": []})[:-2]  # fmt: skip
    for count in (b"\xfe\xff\xff\xff\xff\xff\xff\xff\x7f", b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"):
        with pytest.raises(REFUSED):
            DECODE(start + count + b"\2a" * 5)


def test_blocks_that_no_writer_of_ours_makes_are_left_to_the_general_reader() -> None:
    made = Codec(
        {"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "array", "items": "string"}}]}
    )
    sized = b"\x03\x08\2a\2b\0"  # -2 items in 4 bytes
    with pytest.raises(REFUSED):
        compile_decoder(made.schema)(sized)
    assert {"a": ["a", "b"]} == made.decode(sized)
    with pytest.raises(NotOneDatum, match="1 bytes left"):
        made.decode(sized + b"\0")


@pytest.mark.parametrize(
    "schema", [["null", "string", "int"], ["string", "null"], {"type": "fixed", "name": "F", "size": 2}]
)
def test_shapes_the_house_does_not_use(schema: Any) -> None:
    with pytest.raises(NotImplementedError):
        compile_decoder({"type": "record", "name": "R", "fields": [{"name": "a", "type": schema}]})


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_of_the_house_has_a_plan(name: str) -> None:
    made = registry.codec(registry.ids()[name])
    assert made is not None
    compile_decoder(made.schema)
    compile_decoder(sealed.SCHEMA)
