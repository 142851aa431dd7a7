"""Encoding and decoding: the only door to fastavro.

Values on Kafka are framed as Confluent does: byte 0, schema id (4 bytes, big endian), one datum.
A value must hold *exactly one* datum: fastavro ignores what follows a datum, and bytes left over would let one
hospital write rows in another's name.
"""

import os
import struct
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from io import BytesIO
from typing import Any, Final

import fastavro
import orjson

from schemas.avro import Schema, without_logical_types
from schemas.decoder import compile_decoder
from schemas.encoder import compile_encoder, zigzag

FRAME_BYTES: Final = 5
_FRAME: Final = struct.Struct(">BI")
_MAGIC: Final = b"Obj\x01"


class NotOneDatum(ValueError):
    """The bytes are not exactly one datum of the schema. Says nothing of their content."""


class Codec:
    """One schema. Datums are dicts of plain values; times are integers of milliseconds UTC.

    Each way is compiled when it is first gone (10-20 ms): an adapter never reads, a sink seldom.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def compile_reader(self) -> None:
        """Now, and not with the first datum: for who reads at once and must not stand still then."""
        _ = self._decode

    @cached_property
    def _encode(self) -> Callable[[Mapping[str, Any]], bytes]:
        return compile_encoder(without_logical_types(self.schema))

    @cached_property
    def _decode(self) -> Callable[[bytes], dict[str, Any]]:
        return compile_decoder(self.schema)

    @cached_property
    def _parsed(self) -> Any:
        return fastavro.parse_schema(without_logical_types(self.schema))

    def encode(self, datum: Mapping[str, Any]) -> bytes:
        """TypeError or ValueError for what is not a datum of the schema."""
        return self._encode(datum)

    def decode(self, data: bytes) -> dict[str, Any]:
        """Exactly one datum, or NotOneDatum."""
        try:
            return self._decode(data)
        except (ValueError, IndexError, struct.error):
            return self._read(data)

    def _read(self, data: bytes) -> dict[str, Any]:
        """The general reader: it also knows the forms of a datum that no writer of ours makes."""
        source = BytesIO(data)
        try:
            datum: dict[str, Any] = fastavro.schemaless_reader(source, self._parsed)
        except Exception as error:  # fastavro raises EOFError, IndexError, UnicodeDecodeError and more on bad bytes
            raise NotOneDatum(f"not a datum: {type(error).__name__}") from None
        left = len(data) - source.tell()
        if left:
            raise NotOneDatum(f"{left} bytes left over")
        return datum


def frame(schema_id: int, datum: bytes) -> bytes:
    return _FRAME.pack(0, schema_id) + datum


def unframe(value: bytes | None) -> tuple[int, bytes] | None:
    """(schema id, datum), or None where the value is not framed."""
    if value is None or len(value) < FRAME_BYTES or value[0] != 0:
        return None
    return _FRAME.unpack_from(value)[1], value[FRAME_BYTES:]


def container(schema: Schema, datums: Iterable[bytes], count: int) -> bytes:
    """An Avro object container file of one block, made by joining datums: nothing is decoded."""
    header = BytesIO()
    header.write(_MAGIC)
    meta = {b"avro.schema": orjson.dumps(schema), b"avro.codec": b"null"}
    header.write(zigzag(len(meta)))
    for key, value in meta.items():
        header.write(zigzag(len(key)) + key + zigzag(len(value)) + value)
    sync = os.urandom(16)
    header.write(b"\x00" + sync)
    block = b"".join(datums)
    return b"".join((header.getvalue(), zigzag(count), zigzag(len(block)), block, sync))
