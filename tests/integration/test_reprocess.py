"""`livingdata reprocess`: a shadow, the difference, and a swap after which nothing is counted twice."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli import build
from sinks.clickhouse import reconcile
from sinks.clickhouse.client import ClickHouse
from tests.documents import BODIES, ENDED
from tests.received import DAY
from tests.store import Value, doc, one, put, version

pytestmark = pytest.mark.slow

ON = date(1970, 1, 1) + timedelta(days=ENDED // DAY)
RULES = """
defaults: {owner: o, source: s, dimension: correct, mode: warn, kinds: [encounter], vi: a, en: b, mend_vi: c, mend_en: d}
rules:
  - {id: Z01, check: present, with: {fields: [blood_group]}}
  - {id: Z02, check: present, mode: block, with: {fields: [area]}}
  - {id: X01, check: present, mode: shadow, with: {fields: [area]}}
"""


def encounter(name: str, sequence: int, **fields: Any) -> Value:
    placed = {
        "occurred_at": ENDED,
        "captured_at": ENDED,
        "document_date": ENDED // DAY,
        "source_format": "insurance_xml",
    }
    known = {"document_id": name, "sequence": sequence, "version": version(sequence), "visit_key": name}
    return doc("encounter", **placed | known | BODIES["encounter"] | fields)


def reprocess(url: str, folder: Path, *more: str) -> Any:
    span = ["--facility", "01001", "--from", str(ON), "--to", str(ON), "--kind", "encounter", "--rules", str(folder)]
    made = CliRunner().invoke(build("reprocess"), ["reprocess", *span, "--url", url, "--json", *more])
    assert 0 == made.exit_code, made.output
    return json.loads(made.stdout)


def quality(store: ClickHouse, table: str = "encounter_current") -> dict[int, set[str]]:
    rows = store.rows(f"SELECT sequence, quality FROM {table} FINAL")  # noqa: S608 - the table is ours
    return {row["sequence"]: set(row["quality"]) for row in rows}


def test_rehearsal_then_swap(store: ClickHouse, clickhouse_url: str, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(RULES, encoding="utf-8")
    put(store, [
        encounter("a", 1, quality=["X01"]),
        encounter("a", 2, outcome="amended", quality=["R01", "Z99"], blood_group="A"),
        encounter("b", 3, quality=[], area="K1", blood_group="A"),
        encounter("c", 4, facility="01003", quality=["X01"]),
    ])  # fmt: skip
    was, balance = quality(store, "encounter_history"), reconcile.balance(store, None, 0)
    told = reprocess(clickhouse_url, tmp_path, "--dry-run")
    assert (3, False) == (told["rows"], told["swapped"])
    assert (1, 2, 1) == (told["gained"]["Z01"], told["gained"]["Z02"], told["lost"]["X01"])
    assert 2 == told["would_refuse"]["Z02"]
    assert 3 == told["not_asked"]["R01"]
    assert was == quality(store, "encounter_history")
    assert told["gained"] == reprocess(clickhouse_url, tmp_path)["gained"]
    now = quality(store, "encounter_history")
    assert {"Z01", "Z02"} <= now[1]
    assert {"Z02", "R01"} <= now[2]
    assert not {"X01", "Z99"} & (now[1] | now[2])
    assert (was[3], {"X01"}) == (now[3] & {"Z01", "Z02"}, now[4])
    assert {number: now[number] for number in (2, 3, 4)} == quality(store)
    assert balance == reconcile.balance(store, None, 0)
    assert 4 == one(store, "SELECT count() AS n FROM encounter_history FINAL")["n"]
    assert 0 == reprocess(clickhouse_url, tmp_path)["changed"]


def test_what_changed_meanwhile_is_left_alone(store: ClickHouse, clickhouse_url: str, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(RULES, encoding="utf-8")
    put(store, [encounter("a", 1, quality=[])])
    reprocess(clickhouse_url, tmp_path)
    put(store, [encounter("a", 2, quality=["X16"], outcome="amended")])
    assert {2: {"X16"}} == quality(store)
    assert 1 == reprocess(clickhouse_url, tmp_path)["changed"]
