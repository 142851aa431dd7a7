"""Bytes -> JSON as it was written: decimals keep their text, and nothing that two readers could read in two ways passes.

FHIR (R4 and R5, 2.1.0.2 JSON): UTF-8 only; `0.40` and `0.4` are not the same; a key stands once in an object.
"""

import re
from typing import Any, Final

import jiter
import orjson

from producers.fhir.bounds import DEFAULT, Limits, Problem

Json = Any
"""dict, list, str, int, bool, None, and `Decimal` for numbers with a fraction or an exponent."""
Decimal = jiter.LosslessFloat
"""A number as the sender wrote it: `str()` gives its text, `float()` its value."""

_BOM: Final = b"\xef\xbb\xbf"
_OTHER_ENCODINGS: Final = (b"\xff\xfe", b"\xfe\xff")
_POSITION: Final = re.compile(r"line [0-9]+ column [0-9]+")
_NOT_UTF8: Final = ("invalid unicode code point",)


def read(raw: bytes, limits: Limits = DEFAULT) -> Json | Problem:
    """The tree, or why there is none. Never raises."""
    if len(raw) > limits.message:
        return Problem("too_large", "", f"{len(raw)} bytes, at most {limits.message}")
    if raw.count(b",") > limits.values:
        return Problem("too_large", "", f"more than {limits.values} values")
    text = raw.removeprefix(_BOM)
    if text.startswith(_OTHER_ENCODINGS) or b"\0" in text[:4]:
        return Problem("fhir_charset", "byte 0", "UTF-16 or UTF-32")
    try:
        return jiter.from_json(
            text, allow_inf_nan=False, cache_mode="keys", catch_duplicate_keys=True, float_mode="lossless-float"
        )
    except ValueError as error:
        return _problem(str(error), text)


def _problem(message: str, text: bytes) -> Problem:
    """The parser's message may name a key, so only its kind and the position are kept."""
    found = _POSITION.search(message[message.rfind(" at line ") :])
    position = found[0] if found else ""
    if message.startswith("recursion limit"):
        return Problem("fhir_too_deep", position)
    if message.startswith("Detected duplicate key"):
        return Problem("fhir_duplicate_key", position)
    if message.startswith(_NOT_UTF8) or not _is_utf8(text):
        return Problem("fhir_charset", position)
    return Problem("fhir_json", position, message.partition(" at line ")[0][:80])


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def write(tree: Json) -> bytes | None:
    """JSON again, each decimal with the text it came with. None where a whole number is beyond 64 bits."""
    try:
        return orjson.dumps(tree, default=_verbatim)
    except TypeError:
        return None


def _verbatim(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(bytes(value))
    raise TypeError(type(value).__name__)


def plain(tree: Json) -> Json:
    """The tree in JSON's own types, for keeping: decimals become their text."""
    return orjson.loads(orjson.dumps(tree, default=str))


def rough(raw: bytes) -> Json:
    """The same text with decimals as floats, as the models of `fhir.resources` take them. Of what `read` has read."""
    return jiter.from_json(raw.removeprefix(_BOM), cache_mode="keys", float_mode="float")
