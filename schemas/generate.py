"""Writes what the field table generates: `.avsc` files, their ids, `docs/data-model.md`. `make schemas` runs it."""

from pathlib import Path
from typing import Any, Final

import orjson

from schemas import avro
from schemas.dictionary import markdown
from schemas.kinds import KINDS
from schemas.ledger import LEDGER
from schemas.registry import ENRICHMENT_VERSION

HERE: Final = Path(__file__).parent
RECEIVED_VERSION: Final = dict.fromkeys(KINDS, 1)
LEDGER_VERSION: Final = dict.fromkeys(LEDGER, 1)


def schemas() -> dict[str, Any]:
    """Name -> schema, of the versions that the field table now describes."""
    made: dict[str, Any] = {}
    for kind, version in RECEIVED_VERSION.items():
        received = avro.received(kind)
        made[f"received.{kind}.{version}"] = received
        made[f"accepted.{kind}.{version}-{ENRICHMENT_VERSION}"] = avro.accepted(received)
    for name, version in LEDGER_VERSION.items():
        made[f"{name}.{version}"] = avro.ledger(name)
    return made


def main() -> None:
    folder = HERE / "avsc"
    folder.mkdir(exist_ok=True)
    ids_file = folder / "ids.json"
    ids: dict[str, int] = orjson.loads(ids_file.read_bytes()) if ids_file.exists() else {}
    for name, schema in schemas().items():
        ids.setdefault(name, max(ids.values(), default=0) + 1)
        (folder / f"{name}.avsc").write_bytes(orjson.dumps(schema, option=orjson.OPT_INDENT_2) + b"\n")
    ids_file.write_bytes(orjson.dumps(ids, option=orjson.OPT_INDENT_2) + b"\n")
    (HERE.parent / "docs" / "data-model.md").write_text(markdown(), encoding="utf-8")


if __name__ == "__main__":
    main()
