"""Schema ids and the checked-in schemas behind them.

Without a registry server the ids come from `schemas/avsc/ids.json`; they are the same everywhere because the file is
part of the release. With one, a role adopts the ids it gave before it does anything else. Old versions stay: bytes
written under them keep their own pair.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import orjson

from schemas import avro, sealed
from schemas.codec import Codec

ENRICHMENT_VERSION: Final = 1
SEALED: Final = Codec(sealed.SCHEMA)


_adopted: dict[str, int] = {}


@cache
def ids() -> dict[str, int]:
    """Schema name (`received.encounter.1`) -> id."""
    return dict(_adopted) or lock_file()


def lock_file() -> dict[str, int]:
    """The ids of the release: schema name -> id."""
    table: dict[str, int] = orjson.loads((files("schemas") / "avsc" / "ids.json").read_bytes())
    return table


def text(name: str) -> str:
    """The checked-in schema of a name, as it is written."""
    return (files("schemas") / "avsc" / f"{name}.avsc").read_text(encoding="utf-8")


def adopt(table: Mapping[str, int]) -> None:
    """Take these ids from now on; an empty table is back to the lock file. ValueError unless each schema has its own."""
    if table and set(table) != set(lock_file()):
        raise ValueError("a registry must know every schema of this release, and no other is of use")
    if len(set(table.values())) != len(table):
        raise ValueError("two schemas have one id")
    _adopted.clear()
    _adopted.update(table)
    for cached in (ids, names, codec, latest, accepted_id, stored_schema):
        cached.cache_clear()


@cache
def names() -> dict[int, str]:
    return {number: name for name, number in ids().items()}


@cache
def codec(schema_id: int) -> Codec | None:
    """The codec of an id, or None where it is unknown here (`schema_unknown`)."""
    name = names().get(schema_id)
    if name is None:
        return None
    return Codec(orjson.loads(text(name)))


@cache
def latest(subject: str) -> tuple[int, Codec]:
    """Id and codec of a subject's newest version (`received.encounter`, `rejected`)."""
    found = [name for name in ids() if name.rpartition(".")[0] == subject]
    newest = max(found, key=lambda name: tuple(int(n) for n in name.rpartition(".")[2].split("-")))
    made = codec(ids()[newest])
    if made is None:
        raise LookupError(f"schema {newest} is listed but its file is missing")
    return ids()[newest], made


@cache
def accepted_id(received_id: int) -> int | None:
    """The pair (received version, this worker's enrichment version) -> id of the accepted schema."""
    subject, _, version = names().get(received_id, "..").rpartition(".")
    kind = subject.removeprefix("received.")
    return ids().get(f"accepted.{kind}.{version}-{ENRICHMENT_VERSION}")


@cache
def stored_schema(accepted_id: int) -> avro.Schema | None:
    """The schema of accepted bytes followed by partition and offset."""
    made = codec(accepted_id)
    return avro.stored(made.schema) if made else None


def accepted_versions() -> dict[str, dict[int, avro.Schema]]:
    """Kind -> id -> schema of every accepted version known here: what rows may still come as."""
    found: dict[str, dict[int, avro.Schema]] = {}
    for name, number in ids().items():
        stage, _, rest = name.partition(".")
        made = codec(number) if stage == "accepted" else None
        if made is not None:
            found.setdefault(rest.rpartition(".")[0], {})[number] = made.schema
    return found
