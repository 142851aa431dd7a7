"""Encoding plans: a schema compiled once into a function that writes datums of it.

The house's schemas use few shapes (records, arrays, string maps, `["null", X]`, primitives), most fields of a document
are null, and a general writer asks of each union which branch a value is of. Here each record becomes one Python
expression, as dataclasses and attrs make their methods. Encoding is a third of an adapter's time; the tests hold the
plans against the general writer.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

Schema = Any

_DOUBLE: Final = struct.Struct("<d")
_INT: Final = 1 << 31
_LONG: Final = 1 << 63


_PAIRS: Final = 1 << 14
_LAST: Final = tuple(bytes((n,)) if n < 0x80 else bytes((n & 0x7F | 0x80, n >> 7)) for n in range(_PAIRS))
"""The last one or two bytes of a number: 14 bits of it."""
_MORE: Final = tuple(bytes((n & 0x7F | 0x80, n >> 7 | 0x80)) for n in range(_PAIRS))
"""Two bytes that are not the last."""


def zigzag(number: int) -> bytes:
    """Avro's int and long."""
    rest = (number << 1) ^ (number >> 63)
    if rest < _PAIRS:
        return _LAST[rest]
    out = _MORE[rest & 0x3FFF]
    rest >>= 14
    while rest >= _PAIRS:
        out += _MORE[rest & 0x3FFF]
        rest >>= 14
    return out + _LAST[rest]


_TABLE: Final = 4096
_SMALL: Final = tuple(zigzag(number) for number in range(_TABLE))
"""Lengths and small numbers, which nearly all are."""
_SMALL_SOME: Final = tuple(b"\x02" + written for written in _SMALL)
"""The same behind the branch of `["null", X]` that is not null."""


def compile_encoder(schema: Schema) -> Callable[[Mapping[str, Any]], bytes]:
    """The encoder of a record schema without logical types. It raises TypeError or ValueError for a datum that is not
    of the schema; missing fields are null or empty arrays where the schema allows it."""
    write = _writer(schema)

    def encode(datum: Mapping[str, Any]) -> bytes:
        try:
            return write(datum)
        except (AttributeError, struct.error):
            raise TypeError("a field is of another type") from None

    return encode


def _writer(schema: Schema) -> Callable[[Any], bytes]:
    if isinstance(schema, str):
        return _PRIMITIVES[schema]
    if schema["type"] == "record":
        return _record(schema)
    if schema["type"] == "array":
        return _array(_writer(schema["items"]))
    if schema["type"] == "map":
        return _map(_writer(schema["values"]))
    return _writer(schema["type"])


def _record(schema: Schema) -> Callable[[Any], bytes]:
    """One expression a field, joined. Nothing of the schema but positions goes into the source: names and nested
    writers are handed over as values."""
    known: dict[str, Any] = {
        "SMALL": _SMALL, "SOME": _SMALL_SOME, "long_text": _long_text, "zigzag": zigzag, "absent": _absent,
        "int_": _int, "long_": _long,
    }  # fmt: skip
    expressions = []
    for at, field in enumerate(schema["fields"]):
        known[f"name{at}"] = field["name"]
        expressions.append(_expression(at, field["type"], known))
    source = f"def write(datum):\n get = datum.get\n return b''.join(({', '.join(expressions)},))\n"
    exec(source, known)  # noqa: S102 - the source is of positions alone
    made: Callable[[Any], bytes] = known["write"]
    return made


def _expression(at: int, shape: Schema, known: dict[str, Any]) -> str:
    optional = isinstance(shape, list)
    if optional and (len(shape) != 2 or shape[0] != "null"):
        raise ValueError('a union here is ["null", X]')
    inner = shape[1] if optional else shape
    if isinstance(inner, dict) and inner["type"] in ("array", "map") and not optional:
        absent = r"b'\x00'"
    else:
        absent = r"b'\x00'" if optional else f"absent(name{at})"
    return f"({absent} if (v := get(name{at})) is None else {_present(at, inner, optional, known)})"


def _present(at: int, inner: Schema, optional: bool, known: dict[str, Any]) -> str:
    table, branch = ("SOME", r"b'\x02' + ") if optional else ("SMALL", "")
    if inner == "string":
        short = f"{table}[n] + b if (n := len(b := v.encode())) < {_TABLE}"
        return f"({short} else {branch}long_text(b))"
    if inner in ("int", "long"):
        return f"({table}[v] if 0 <= v < {_TABLE} else {branch}{inner}_(v))"
    known[f"write{at}"] = _writer(inner)
    return f"({branch}write{at}(v))"


def _absent(name: str) -> bytes:
    raise TypeError(f"{name} is missing")


def _array(write: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    def array(values: Any) -> bytes:
        if not values:
            return b"\x00"
        return zigzag(len(values)) + b"".join([write(value) for value in values]) + b"\x00"

    return array


def _map(write: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    def string_map(values: Mapping[str, Any]) -> bytes:
        if not values:
            return b"\x00"
        pieces = [piece for name, value in values.items() for piece in (_string(name), write(value))]
        return zigzag(len(values)) + b"".join(pieces) + b"\x00"

    return string_map


def _long_text(data: bytes) -> bytes:
    return zigzag(len(data)) + data


def _string(value: str) -> bytes:
    return _long_text(value.encode())


def _bytes(value: bytes) -> bytes:
    return zigzag(len(value)) + value


def _int(value: int) -> bytes:
    if not -_INT <= value < _INT:
        raise ValueError("not of 32 bits")
    return zigzag(value)


def _long(value: int) -> bytes:
    if not -_LONG <= value < _LONG:
        raise ValueError("not of 64 bits")
    return zigzag(value)


def _boolean(value: bool) -> bytes:
    if value is not True and value is not False:
        raise TypeError("not a boolean")
    return b"\x01" if value else b"\x00"


_PRIMITIVES: Final[dict[str, Callable[[Any], bytes]]] = {
    "string": _string,
    "bytes": _bytes,
    "int": _int,
    "long": _long,
    "double": _DOUBLE.pack,
    "boolean": _boolean,
}
