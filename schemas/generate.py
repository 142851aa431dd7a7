"""Writes what the field table generates: `.avsc` files, their ids, `docs/data-model.md`. `make schemas` runs it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from schemas import avro
from schemas.dictionary import markdown
from schemas.kinds import KINDS
from schemas.ledger import LEDGER
from schemas.registry import ENRICHMENT_VERSION

HERE: Final = Path(__file__).parent
AVSC: Final = HERE / "avsc"
DATA_MODEL: Final = HERE.parent / "docs" / "data-model.md"
RECEIVED_VERSION: Final = dict.fromkeys(KINDS, 1)
LEDGER_VERSION: Final = dict.fromkeys(LEDGER, 1)


def schemas() -> dict[str, Any]:
    """Name -> schema: what the field table now describes, and every older received version with what is appended now."""
    made: dict[str, Any] = {}
    for kind, newest in RECEIVED_VERSION.items():
        older = {version: _checked_in(f"received.{kind}.{version}") for version in range(1, newest)}
        made |= pairs(kind, older | {newest: avro.received(kind)}, ENRICHMENT_VERSION)
    for name, version in LEDGER_VERSION.items():
        made[f"{name}.{version}"] = avro.ledger(name)
    return made


def pairs(kind: str, received: Mapping[int, avro.Schema], enrichment: int) -> dict[str, avro.Schema]:
    """Each received version and what a worker makes of it: a worker must know them all, for adapters upgrade last."""
    made: dict[str, avro.Schema] = {}
    for version, schema in received.items():
        made[f"received.{kind}.{version}"] = schema
        made[f"accepted.{kind}.{version}-{enrichment}"] = avro.accepted(schema)
    return made


def _checked_in(name: str) -> avro.Schema:
    schema: avro.Schema = orjson.loads((AVSC / f"{name}.avsc").read_bytes())
    return schema


def write(folder: Path, data_model: Path) -> None:
    """The files of `schemas()` into `folder`; ids given before stay, new names get the next."""
    folder.mkdir(exist_ok=True)
    ids_file = folder / "ids.json"
    ids: dict[str, int] = orjson.loads(ids_file.read_bytes()) if ids_file.exists() else {}
    for name, schema in schemas().items():
        ids.setdefault(name, max(ids.values(), default=0) + 1)
        (folder / f"{name}.avsc").write_bytes(orjson.dumps(schema, option=orjson.OPT_INDENT_2) + b"\n")
    ids_file.write_bytes(orjson.dumps(ids, option=orjson.OPT_INDENT_2) + b"\n")
    data_model.write_text(markdown(), encoding="utf-8")


if __name__ == "__main__":
    write(AVSC, DATA_MODEL)
