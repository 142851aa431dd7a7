"""Decoding plans: a schema compiled once into one Python function that reads a datum of it.

The house's schemas use few shapes (records, arrays, string maps, `["null", X]`, primitives). The function is written
out field by field, without a call per field; measured on documents of the city mix it takes about half the time of the
general reader. What it does not expect (an array in sized blocks, a long written in more bytes than it needs) it
refuses with ValueError or IndexError, and the general reader has the last word.
"""

import struct
from collections.abc import Callable
from typing import Any, Final

Schema = Any
Decode = Callable[[bytes], dict[str, Any]]

_DOUBLE: Final = struct.Struct("<d").unpack_from
_UNION: Final = 2
"""The byte before a value that is not null: branch 1, zigzag."""


def _long(data: bytes, at: int) -> tuple[int, int]:
    """(a long of two or more bytes, where it ends)."""
    found, shift = data[at] & 0x7F, 7
    while True:
        at += 1
        byte = data[at]
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    if not byte or shift > 63:
        raise ValueError("a long in more bytes than it needs")
    if found >> 64:
        raise ValueError("a long of more than 64 bits")
    return (found >> 1) ^ -(found & 1), at + 1


_TIMES: Final[dict[bytes, int]] = {}
_MOST_TIMES: Final = 50_000


def _time(data: bytes, at: int) -> tuple[int, int]:
    """As `_long`, of one byte or more; one of six bytes (2004 to 2039) is remembered."""
    if data[at] < 0x80:
        return (data[at] >> 1) ^ -(data[at] & 1), at + 1
    found, end = _long(data, at)
    if end - at == 6:
        if len(_TIMES) >= _MOST_TIMES:
            _TIMES.clear()
        _TIMES[data[at:end]] = found
    return found, end


class _Writer:
    """The source of one function, line by line. In it `d` is the data, `p` where it is read, `n` a length or a byte."""

    def __init__(self) -> None:
        self.lines = [
            "def decode(d, long=long, time=time, times=times, double=double):",
            " p = 0",
            " t = d.decode('latin-1')",
        ]
        self._names = 0

    def name(self) -> str:
        self._names += 1
        return f"v{self._names}"

    def put(self, depth: int, *lines: str) -> None:
        self.lines += [" " * depth + line for line in lines]

    def value(self, schema: Schema, depth: int) -> str:
        """Write what reads one value; gives the name that then holds it."""
        name = self.name()
        if isinstance(schema, list):
            self._optional(schema, name, depth)
        elif isinstance(schema, dict) and schema["type"] == "record":
            made = ", ".join(f"{f['name']!r}: {self.value(f['type'], depth)}" for f in schema["fields"])
            self.put(depth, f"{name} = {{{made}}}")
        elif isinstance(schema, dict) and schema["type"] in ("array", "map"):
            self._blocks(schema, name, depth)
        else:
            is_time = isinstance(schema, dict) and schema.get("logicalType") == "timestamp-millis"
            kind = schema["type"] if isinstance(schema, dict) else schema
            self._primitive("millis" if is_time else kind, name, depth)
        return name

    def _optional(self, schema: list[Schema], name: str, depth: int) -> None:
        if len(schema) != 2 or schema[0] != "null":
            raise NotImplementedError("a union that is not of null and one more")
        self.put(depth, "n = d[p]", "p += 1", "if n:", f" if n != {_UNION}: raise ValueError('branch')")
        found = self.value(schema[1], depth + 1)
        self.put(depth, f" {name} = {found}", "else:", f" {name} = None")

    def _primitive(self, kind: str, name: str, depth: int) -> None:
        if kind in ("int", "long", "millis"):
            self._number(kind, name, depth)
        elif kind in ("string", "bytes"):
            self.put(depth, "n = d[p]", "if n < 128:", " n = (n >> 1) ^ -(n & 1)", " p += 1")
            self.put(depth, "else:", " n, p = long(d, p)", "if n < 0: raise ValueError('length')")
            self.put(depth, "n += p")
            if kind == "bytes":
                self.put(depth, f"{name} = d[p:n]", "p = n")
            else:
                self.put(depth, f"{name} = t[p:n]", f"if not {name}.isascii(): {name} = d[p:n].decode()", "p = n")
        elif kind == "boolean":
            self.put(depth, f"{name} = d[p]", f"if {name} > 1: raise ValueError('boolean')", f"{name} = {name} == 1")
            self.put(depth, "p += 1")
        elif kind == "double":
            self.put(depth, f"{name}, = double(d, p)", "p += 8")
        else:
            raise NotImplementedError(f"a value of type {kind}")

    def _number(self, kind: str, name: str, depth: int) -> None:
        """Up to four bytes written out; times of six bytes are remembered, they are few (minutes of some days)."""
        if kind == "millis":
            self.put(
                depth, f"{name} = times.get(d[p : p + 6])", f"if {name} is None: {name}, p = time(d, p)", "else: p += 6"
            )
            return
        zigzag = f"{name} = (n >> 1) ^ -(n & 1)"
        self.put(depth, "n = d[p]", "if n < 128:", f" {zigzag}", " p += 1", "else:", " m = d[p + 1]", " if m < 128:")
        self.put(depth + 2, "if not m: raise ValueError('long')", "n += (m << 7) - 128", zigzag, "p += 2")
        self.put(depth, " else:", "  o = d[p + 2]", "  if o < 128:")
        self.put(depth + 3, "if not o: raise ValueError('long')", "n += (m << 7) + (o << 14) - 16512", zigzag, "p += 3")
        self.put(depth, "  else:", "   q = d[p + 3]", "   if q < 128:")
        self.put(depth + 4, "if not q: raise ValueError('long')", "n += (m << 7) + (o << 14) + (q << 21) - 2113664")
        self.put(depth + 4, zigzag, "p += 4")
        self.put(depth, f"   else: {name}, p = long(d, p)")
        if kind == "int":
            self.put(depth, f"if not -0x80000000 <= {name} <= 0x7fffffff: raise ValueError('int')")

    def _blocks(self, schema: Schema, name: str, depth: int) -> None:
        """Blocks of a count and that many items, until a count of 0. A negative count (a sized block) is refused."""
        count, is_map = self.name(), schema["type"] == "map"
        self.put(depth, f"{name} = {'{}' if is_map else '[]'}", f"{count} = d[p]", "p += 1", f"while {count}:")
        self.put(depth + 1, f"if {count} < 128: n = ({count} >> 1) ^ -({count} & 1)", "else: n, p = long(d, p - 1)")
        self.put(depth + 1, "if n < 0: raise ValueError('block')", "for _ in range(n):")
        if is_map:
            key = self.value("string", depth + 2)
            self.put(depth + 2, f"{name}[{key}] = {self.value(schema['values'], depth + 2)}")
        else:
            self.put(depth + 2, f"{name}.append({self.value(schema['items'], depth + 2)})")
        self.put(depth + 1, f"{count} = d[p]", "p += 1")


def compile_decoder(schema: Schema) -> Decode:
    """The reader of one datum that fills the data exactly; `schema` is without logical types.

    It raises IndexError, ValueError or struct.error where the data is none, or is written in a way it does not expect.
    NotImplementedError for shapes the house does not use.
    """
    writer = _Writer()
    found = writer.value(schema, 1)
    # A slice past the end is short, not an error: the position tells, here or at the next byte read.
    writer.put(1, "if p != len(d): raise ValueError('length')", f"return {found}")
    scope: dict[str, Any] = {"long": _long, "time": _time, "times": _TIMES, "double": _DOUBLE}
    exec("\n".join(writer.lines), scope)  # noqa: S102 - made here from a schema of ours, names escaped
    made: Decode = scope["decode"]
    return made
