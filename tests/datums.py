"""Strategies made from the field table: any datum that its fields allow."""

from typing import Any, Final

from hypothesis import strategies as st

from schemas.fields import Field
from schemas.sealed import IDENTITY

_TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_LONGS: Final = st.integers(-(2**63), 2**63 - 1)
_INTS: Final = st.integers(-(2**31), 2**31 - 1)
_OF_TYPE: Final[dict[str, st.SearchStrategy[Any]]] = {
    "string": _TEXTS,
    "code": _TEXTS,
    "int": _INTS,
    "long": _LONGS,
    "double": st.floats(allow_nan=False),
    "bool": st.booleans(),
    "millis": _LONGS,
    "date": _INTS,
    "thousandths": _LONGS,
    "bytes": st.binary(max_size=12),
    "strings": st.lists(_TEXTS, max_size=2),
}


def _value(field: Field) -> st.SearchStrategy[Any]:
    if field.type == "record":
        return st.lists(datums(field.lines), max_size=2)
    value = _OF_TYPE[field.type]
    return st.none() | value if field.optional and not field.is_array else value


def datums(fields: tuple[Field, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Datums of these fields; sealed ones have no place in them."""
    return st.fixed_dictionaries({field.name: _value(field) for field in fields if not field.sealed})


def identities() -> st.SearchStrategy[dict[str, str | None]]:
    return st.fixed_dictionaries({name: st.none() | _TEXTS for name in IDENTITY})
