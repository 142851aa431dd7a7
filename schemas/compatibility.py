"""What a new version of a schema may change: FULL_TRANSITIVE, every version reads and is read by every other.

A field may be added anywhere if it has a default, and may go only if it had one; nothing else changes. An accepted or
stored row keeps its own pair of versions, so old bytes need no reader of new ones; but ClickHouse's tables, archives
and foreign readers hold them all to one shape.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from schemas.avro import Schema


def faults(old: Schema, new: Schema) -> list[str]:
    """What keeps `new` from following `old`: a line each, empty where it may."""
    return list(_record(old, new, ""))


def transitive(versions: Sequence[Schema]) -> list[str]:
    """The faults of a subject's versions, the oldest first, each against every later one."""
    return [fault for old, new in combinations(versions, 2) for fault in faults(old, new)]


def _record(old: Schema, new: Schema, path: str) -> Iterator[str]:
    if (old["name"], old.get("namespace")) != (new["name"], new.get("namespace")):
        yield f"{path or 'record'}: renamed"
    before, after = _fields(old), _fields(new)
    if len(after) < len(new["fields"]):
        yield f"{path or 'record'}: a name is used twice"
    for name, field in before.items():
        if name not in after:
            if "default" not in field:
                yield f"{path}{name}: removed, and it had no default"
        else:
            yield from _type(field["type"], after[name]["type"], f"{path}{name}")
    for name, field in after.items():
        if name not in before and "default" not in field:
            yield f"{path}{name}: added without a default"


def _fields(record: Schema) -> dict[str, dict[str, Any]]:
    return {field["name"]: field for field in record["fields"]}


def _type(old: Any, new: Any, path: str) -> Iterator[str]:
    """Records inside arrays may grow; all else stays, branches of a union in their order too (the bytes name them so)."""
    if _kind(old) == _kind(new) == "record":
        yield from _record(old, new, f"{path}.")
    elif _kind(old) == _kind(new) == "array":
        yield from _type(old["items"], new["items"], path)
    elif old != new:
        yield f"{path}: type changed"


def _kind(shape: Any) -> str:
    return str(shape["type"]) if isinstance(shape, dict) else ""
